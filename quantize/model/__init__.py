"""The integer model: its file, its arithmetic, its reference, and the C engine on this computer."""
