"""How a latent space and what it stands for hang together: information, monotony, disentanglement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr

Floats = NDArray[np.floating]
BINS = 8


def ranks_in_bins(values: Floats, bins: int = BINS) -> NDArray[np.int64]:
    """(n,) -> (n,) of 0..bins - 1, equally many in each (ties stay together)."""
    return np.minimum((rankdata(values, "average") - 0.5) / len(values) * bins, bins - 1).astype(np.int64)


def mutual_information(a: Floats, b: Floats, bins: int = BINS) -> float:
    """In nats, of two columns (n,) binned by rank; 0 to log(bins). Less the bias of independent columns.

    Miller and Madow's correction, (bins - 1)^2 / 2n, is taken off; never below 0.
    """
    from sklearn.metrics import mutual_info_score

    raw = mutual_info_score(ranks_in_bins(a, bins), ranks_in_bins(b, bins))
    return float(max(0.0, raw - (bins - 1) ** 2 / (2 * len(a))))


def information(latent: Floats, factors: Floats) -> NDArray[np.float64]:
    """latent (n, dimensions), factors (n, count) -> (count, dimensions) in nats."""
    return np.array([[mutual_information(z, factor) for z in latent.T] for factor in factors.T])


def information_gap(latent: Floats, factors: Floats) -> NDArray[np.float64]:
    """MIG: the best dimension's information less the second best's, over the factor's entropy: (count,), 0 to 1.

    Source: Chen, Li, Grosse and Duvenaud, 2018, eq. 6.
    """
    ordered = np.sort(information(latent, factors), axis=1)
    entropy = np.array([_entropy(ranks_in_bins(factor)) for factor in factors.T])
    return np.asarray((ordered[:, -1] - ordered[:, -2]) / np.maximum(entropy, 1e-9))


def _entropy(labels: NDArray[np.int64]) -> float:
    share = np.bincount(labels) / len(labels)
    share = share[share > 0]
    return float(-(share * np.log(share)).sum())


def separated_attributes(latent: Floats, factors: Floats) -> NDArray[np.float64]:
    """SAP: the best dimension's squared correlation with a factor less the second best's: (count,).

    Source: Kumar, Sattigeri and Balakrishnan, 2018, section 3.
    """
    square = correlations(latent, factors) ** 2
    ordered = np.sort(square, axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2])


def correlations(latent: Floats, factors: Floats) -> NDArray[np.float64]:
    """Pearson's, (count, dimensions); 0 where a column does not vary."""
    z = (latent - latent.mean(0)) / np.maximum(latent.std(0), 1e-12)
    f = (factors - factors.mean(0)) / np.maximum(factors.std(0), 1e-12)
    return np.asarray(f.T @ z / len(latent))


def monotony(latent: Floats, factors: Floats) -> NDArray[np.float64]:
    """Spearman's correlation of dimension d with factor d, for the factors there are: (count,), -1 to 1."""
    return np.array([spearmanr(latent[:, d], factors[:, d]).statistic for d in range(factors.shape[1])])


def best_monotony(latent: Floats, factors: Floats) -> NDArray[np.float64]:
    """The largest |Spearman| that any dimension has with each factor: (count,), 0 to 1."""
    return np.array([max(abs(spearmanr(z, factor).statistic) for z in latent.T) for factor in factors.T])
