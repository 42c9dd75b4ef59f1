"""What lies between the engine and the converter at rest, in floating point: an oracle for what the module plays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.reference import run

KNEE = 24576
FULL_SCALE = 32767
TOLERANCE = 2  # samples: the integers round where this does not


def without_dc(wet: NDArray[np.generic], rest: float = 0.0) -> NDArray[np.float64]:
    """A first-order high-pass at 7.5 Hz that has heard `rest` for ever, along the last axis."""
    pole = 1 - 2.0**-10
    filtered: NDArray[np.float64] = lfilter([pole, -pole], [1, -pole], np.asarray(wet, np.float64) - rest)
    return filtered


def limited(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear up to the knee, then a parabola that ends at full scale."""
    room = FULL_SCALE - KNEE
    loud = np.abs(sound)
    over = np.clip(loud - KNEE, 0, 2 * room)
    return np.sign(sound) * (np.minimum(loud, KNEE) + over - over**2 / (4 * room))


def rest_of(model: IntegerModel, position: NDArray[np.int16] | None = None) -> float:
    """What comes out of the model (32768 is full scale) while it hears silence."""
    silent = run(model, np.zeros(1, np.int16), position)
    return float(silent[0]) * 2.0**model.output_shift


def heard(model: IntegerModel, played: NDArray[np.int16], at: NDArray[np.int16] | None = None) -> NDArray[np.float64]:
    """What a model that was opened at a position (None: its default) has played, as it is heard with gain 1, no dry
    sound and level 1."""
    return limited(without_dc(played.astype(np.float64) * 2.0**model.output_shift, rest_of(model, at)))
