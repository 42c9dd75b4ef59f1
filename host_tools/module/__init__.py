"""A module, real or simulated: its firmware, its memory, its panel, its simulation."""
