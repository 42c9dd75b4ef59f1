"""Captures in files as devices: recurrent ones of three kinds, and WaveNets that no module can run as they are."""
