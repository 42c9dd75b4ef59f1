"""Circuits with transistors, valves, rectifiers, ladders and converters, and the curves they are made of."""
