"""Losses that ask the decoder itself, at places anywhere in the box: what a knob does, silence, loudness."""
