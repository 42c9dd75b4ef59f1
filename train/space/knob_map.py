"""A device's knobs and its places in the space: a polynomial, so that settings never heard lie where they should.

Places that each learn for themselves wander, and what lies between two of them is not always what lies between two
settings. Kept to a polynomial of the knobs, few numbers are learned from many settings, and any other setting's place
follows. Projecting the places after a step of descent is descent on the polynomial's coefficients, in a basis where
the settings' Chebyshev products are orthonormal.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float64]

DEGREES = (0, 7, 5, 3)
"""Of all knobs together, by the number of knobs; of more knobs the last."""
SETTINGS_A_TERM = 1.5
"""Fewer settings for each term than that, and the places are left to themselves."""
KEPT_TO = 0.05
"""Places of a file that lie so near to the polynomial, in the box's units, were kept to it."""


def terms(settings: NDArray[np.floating]) -> Floats:
    """Products of Chebyshev polynomials of the knobs, (n, knobs) in [0, 1] -> (n, terms)."""
    knobs = settings.shape[1]
    degree = DEGREES[min(knobs, len(DEGREES) - 1)]
    columns = chebyshev.chebvander(2 * np.asarray(settings, np.float64) - 1, degree)  # (n, knobs, degree + 1)
    powers = [p for p in itertools.product(range(degree + 1), repeat=knobs) if sum(p) <= degree]
    return np.stack([np.prod([columns[:, k, p] for k, p in enumerate(one)], axis=0) for one in powers], axis=1)


def has_map(settings: NDArray[np.floating]) -> bool:
    """Whether there are knobs, and settings (n, knobs) enough to tell a polynomial from."""
    return settings.shape[1] > 0 and len(settings) >= SETTINGS_A_TERM * terms(settings[:1]).shape[1]


def projection(settings: Sequence[NDArray[np.floating]]) -> Tensor:
    """(n, n): moves places onto their devices' polynomials. settings: (m, knobs) each, device by device, n in all."""
    count = sum(len(one) for one in settings)
    found, row = np.eye(count), 0
    for one in settings:
        if has_map(one):
            basis, _ = np.linalg.qr(terms(one))
            found[row : row + len(one), row : row + len(one)] = basis @ basis.T
        row += len(one)
    return torch.from_numpy(found.astype(np.float32))


def mapped(settings: NDArray[np.floating], places: Floats, wanted: NDArray[np.floating]) -> Floats | None:
    """Places (m, size) of wanted settings (m, knobs), by the polynomial through known ones, (n, knobs) and (n, size).

    None if the known places were not kept to one.
    """
    if not has_map(settings):
        return None
    basis = terms(settings)
    coefficients = np.linalg.lstsq(basis, places, rcond=None)[0]
    if np.abs(basis @ coefficients - places).max() > KEPT_TO:
        return None
    return np.asarray(np.clip(terms(wanted) @ coefficients, -1, 1))
