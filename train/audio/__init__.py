"""Dry and wet audio: files, signals, alignment, segments. Knows nothing of what made a sound."""
