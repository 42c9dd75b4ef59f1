"""What the module's panel calls its inputs, in its order (hardware/panels/module.toml). Imports nothing heavy."""

from __future__ import annotations

PLAYED = ("drive", "tone", "symmetry", "dynamics")
"""The played dimensions: `train.space` has the same; each has a knob and a CV jack."""
KNOBS = (*PLAYED, "gain", "mix", "level")
