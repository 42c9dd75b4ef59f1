"""The sheets, one file a stage. Only places and wires stand here; values, pins and nets come from the netlist."""
