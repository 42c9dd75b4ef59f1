"""Knob models: one device at several settings becomes a network whose position is the device's own knobs."""
