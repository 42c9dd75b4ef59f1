"""The module's hardware as code: one circuit from which netlist, bill, simulations and drawings are made."""
