"""A map of the space on paper: positions of many dimensions in two, so that neighbours stay neighbours (t-SNE)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PERPLEXITY = 12.0
STEPS, EXAGGERATED_STEPS, EXAGGERATION = 600, 150, 8.0


def tsne(points: NDArray[np.floating], perplexity: float = PERPLEXITY, seed: int = 0) -> Floats:
    """points (n, dimensions) -> (n, 2), the same for a seed; fewer than four points are given back in their own plane.

    The exact method, quadratic in n: van der Maaten and Hinton, 2008, with early exaggeration and momentum.
    """
    points = np.asarray(points, np.float64)
    if len(points) < 4:
        return np.pad(points, ((0, 0), (0, max(0, 2 - points.shape[1]))))[:, :2]
    joint = _joint_probabilities(points, min(perplexity, (len(points) - 1) / 3))
    place = _first_plane(points) * 1e-2 + np.random.default_rng(seed).normal(0, 1e-4, (len(points), 2))
    speed, gains = np.zeros_like(place), np.ones_like(place)
    rate = max(len(points) / EXAGGERATION / 4, 10.0)
    for step in range(STEPS):
        early = step < EXAGGERATED_STEPS
        apart = place[:, None] - place[None]
        near = 1 / (1 + (apart**2).sum(-1))
        np.fill_diagonal(near, 0)
        pull = (joint * (EXAGGERATION if early else 1) - near / near.sum()) * near
        slope = 4 * (pull[..., None] * apart).sum(1)
        gains = np.maximum(np.where(np.sign(slope) != np.sign(speed), gains + 0.2, gains * 0.8), 0.01)
        speed = (0.5 if early else 0.8) * speed - rate * gains * slope
        place = place + speed
        place -= place.mean(0)
    return place


def _joint_probabilities(points: Floats, perplexity: float) -> Floats:
    """Symmetric, summing to one; each point's bandwidth found by bisection."""
    squared = ((points[:, None] - points[None]) ** 2).sum(-1)
    conditional = np.zeros_like(squared)
    for i, row in enumerate(squared):
        others = np.delete(row, i)
        others = others - others.min()
        low, high, sharpness = 0.0, np.inf, 1.0 / max(float(others.mean()), 1e-12)
        for _ in range(60):
            weights = np.exp(-others * sharpness)
            weights /= weights.sum()
            entropy = -(weights * np.log(np.maximum(weights, 1e-300))).sum()
            if entropy > np.log(perplexity):
                low = sharpness
                sharpness = sharpness * 2 if np.isinf(high) else (low + high) / 2
            else:
                high = sharpness
                sharpness = (low + high) / 2
        conditional[i] = np.insert(weights, i, 0.0)
    joint = conditional + conditional.T
    return np.asarray(np.maximum(joint / joint.sum(), 1e-12))


def _first_plane(points: Floats) -> Floats:
    """The two directions of most spread, each to spread 1."""
    centred = points - points.mean(0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    plane = (left * sizes)[:, :2]
    plane = np.pad(plane, ((0, 0), (0, 2 - plane.shape[1])))
    return np.asarray(plane / np.maximum(plane.std(0), 1e-12))
