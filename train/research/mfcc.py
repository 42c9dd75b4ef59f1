"""Mel-frequency cepstral coefficients: what sounds were told apart by before networks. The control of every probe."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import dct
from torch import Tensor

COEFFICIENTS = 20


def mfcc(pictures: Tensor, coefficients: int = COEFFICIENTS) -> NDArray[np.float64]:
    """Log-mel pictures (n, mels, columns) -> (n, coefficients, columns): the cosine transform along the bands.

    Type II, orthonormal. Source: Davis and Mermelstein, 1980.
    """
    return np.asarray(dct(pictures.numpy().astype(np.float64), type=2, norm="ortho", axis=1))[:, :coefficients]


def mfcc_statistics(pictures: Tensor) -> NDArray[np.float64]:
    """Mean and deviation over time of the coefficients and of their differences: (n, 4 * coefficients)."""
    found = mfcc(pictures)
    steps = np.diff(found, axis=2)
    return np.concatenate([found.mean(2), found.std(2), steps.mean(2), steps.std(2)], axis=1)


def pooled(pictures: Tensor) -> NDArray[np.float64]:
    """Mean and deviation over time of every band: (n, 2 * mels)."""
    return torch.cat([pictures.mean(2), pictures.std(2)], dim=1).numpy().astype(np.float64)
