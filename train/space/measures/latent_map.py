"""A map of the space on paper: positions of many dimensions in two, so that neighbours stay neighbours (t-SNE)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PERPLEXITY = 12.0


def tsne(points: NDArray[np.floating], perplexity: float = PERPLEXITY, seed: int = 0) -> Floats:
    """points (n, dimensions) -> (n, 2), the same for a seed; fewer than four points are given back in their own plane.

    By scikit-learn, begun at the two directions of most spread. Source: van der Maaten and Hinton, 2008.
    """
    points = np.asarray(points, np.float64)
    if points.shape[1] < 2:
        points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
    if len(points) < 4:
        return points[:, :2]
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # so few points: threads would only wait for each other
        found = TSNE(2, perplexity=min(perplexity, (len(points) - 1) / 3), init="pca", random_state=seed)
        return np.asarray(found.fit_transform(points), np.float64)
