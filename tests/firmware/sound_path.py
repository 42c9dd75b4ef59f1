"""What lies between the engine and the converter at rest, in floating point: an oracle for what the module plays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

KNEE = 24576
FULL_SCALE = 32767
TOLERANCE = 2  # samples: the integers round where this does not


def without_dc(wet: NDArray[np.generic]) -> NDArray[np.float64]:
    """A first-order high-pass at 7.5 Hz, along the last axis."""
    pole = 1 - 2.0**-10
    filtered: NDArray[np.float64] = lfilter([pole, -pole], [1, -pole], np.asarray(wet, np.float64))
    return filtered


def limited(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear up to the knee, then a parabola that ends at full scale."""
    room = FULL_SCALE - KNEE
    loud = np.abs(sound)
    over = np.clip(loud - KNEE, 0, 2 * room)
    return np.sign(sound) * (np.minimum(loud, KNEE) + over - over**2 / (4 * room))


def heard(wet: NDArray[np.generic]) -> NDArray[np.float64]:
    """The model's output (32768 is full scale) as it is heard with gain 1, no dry sound and level 1."""
    return limited(without_dc(wet))
