"""The module's hardware as code: one circuit from which netlist, bill of materials, simulations and drawings are made."""
