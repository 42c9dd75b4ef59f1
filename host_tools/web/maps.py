"""The map of a space that the page draws: its devices by name, where they lie, and a plane in which near ones are near.

Source: van der Maaten and Hinton, 2008 (t-SNE). Without scikit-learn the plane is that of the largest variances.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.rounding.quantize import to_q15
from gritspace.train.space.space import load_space


def space_map(space: Path, grit: Path) -> dict[str, Any]:
    """What the page knows of a space: model (its file's SHA-256), devices with label, position (Q15) and t-SNE x, y in
    -1..1."""
    positions = load_space(space).positions
    labels = list(positions)
    points = np.array([positions[label] for label in labels])
    plane = _plane(points)
    plane = (plane - plane.min(0)) / np.maximum(np.ptp(plane, axis=0), 1e-9) * 2 - 1
    devices = [
        {"label": label, "position": to_q15(point).tolist(), "plane": [round(float(v), 3) for v in at]}
        for label, point, at in zip(labels, points, plane, strict=True)
    ]
    return {"model": hashlib.sha256(grit.read_bytes()).hexdigest(), "devices": devices}


def _plane(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """points (n, d) -> (n, 2)."""
    try:
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits
    except ImportError:
        centred = points - points.mean(0)
        return np.asarray(centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T)
    with threadpool_limits(1):  # so few points: threads would only wait for each other
        tsne = TSNE(2, perplexity=min(20.0, len(points) / 4), init="pca", random_state=0)
        return np.asarray(tsne.fit_transform(points))
