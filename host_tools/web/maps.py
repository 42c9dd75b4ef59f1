"""The map of a space that the page draws: its devices by name, where they lie, and a plane in which near ones are near.

Source: van der Maaten and Hinton, 2008 (t-SNE).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from gritspace.quantize.model.q15 import to_q15
from gritspace.train.space.measures.latent_map import tsne
from gritspace.train.space.space import load_space


def space_map(space: Path, grit: Path) -> dict[str, Any]:
    """What the page knows of a space: model (its file's SHA-256), devices with label, position (Q15) and t-SNE x, y in
    -1..1."""
    positions = load_space(space).positions
    labels = list(positions)
    points = np.array([positions[label] for label in labels])
    plane = tsne(points, perplexity=20.0)
    plane = (plane - plane.min(0)) / np.maximum(np.ptp(plane, axis=0), 1e-9) * 2 - 1
    devices = [
        {"label": label, "position": to_q15(point).tolist(), "plane": [round(float(v), 3) for v in at]}
        for label, point, at in zip(labels, points, plane, strict=True)
    ]
    return {"model": hashlib.sha256(grit.read_bytes()).hexdigest(), "devices": devices}
