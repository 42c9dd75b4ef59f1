"""The generators of the Cortex-M7 kernels."""
