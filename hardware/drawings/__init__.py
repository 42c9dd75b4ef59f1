"""What is drawn: schematic sheets, the panel, plots."""
