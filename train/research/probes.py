"""Probes: what a representation knows, asked by neighbours and by a small network; with confidence intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.floating]
Labels = NDArray[Any]


def standardised(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Both by the training rows' mean and deviation, column by column."""
    centre, scale = train.mean(0), np.maximum(train.std(0), 1e-9)
    return (train - centre) / scale, (test - centre) / scale


def nearest_neighbours(train: Floats, labels: Labels, test: Floats, k: int = 5) -> Labels:
    """Weighted majority of the k nearest (Euclidean) training rows: (n, d), (n,), (m, d) -> (m,)."""
    from sklearn.neighbors import KNeighborsClassifier

    return np.asarray(KNeighborsClassifier(k, weights="distance").fit(train, labels).predict(test))


def small_network(train: Floats, labels: Labels, test: Floats, seed: int = 0) -> Labels:
    """One hidden layer of 64, on standardised columns."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    train, test = standardised(train, test)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network = MLPClassifier((64,), alpha=1e-3, max_iter=150, random_state=seed).fit(train, labels)
    return np.asarray(network.predict(test))


def wilson(right: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a share from `right` of `count` independent tries. Source: Wilson, 1927."""
    z = float(norm.ppf(0.5 + confidence / 2))
    share = right / count
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def resampled_interval(
    values: Floats, groups: Sequence[Any] | Labels, seed: int = 0, turns: int = 2000, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of the mean of values (n,), drawing whole groups anew: clips of one group are not independent."""
    rng = np.random.default_rng(seed)
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.bincount(index, values, len(names))
    counts = np.bincount(index, minlength=len(names))
    drawn = rng.integers(len(names), size=(turns, len(names)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
