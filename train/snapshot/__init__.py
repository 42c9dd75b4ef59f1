"""Snapshots: one device at one setting as a network without a position."""
