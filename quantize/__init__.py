"""Space in, integer model out: quantization, the `.grit` file and what it exports to."""
