"""The circuit in ngspice: decks from the netlist, models from data sheets, figures with limits."""
