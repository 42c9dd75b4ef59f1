"""A model of hearing that answers a listening test once, as a check of its machinery. It is no person.

Two sounds go through bands as wide as the ear's, half-wave rectification and low-pass (the hair cells), compression;
what is alike in these inner pictures counts. Sources: Glasberg and Moore, 1990 (ERB); after Huber and Kollmeier's
PEMO-Q, 2006, without its modulation filterbank.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

Audio = NDArray[np.float32]

SAMPLE_RATE = 48000
BANDS = 24
LOW_HZ, HIGH_HZ = 80.0, 12000.0
HAIR_CELL_HZ = 1000.0
COMPRESSION = 0.4
PICTURE_HZ = 200
STEEPNESS = 8.0
"""How fast a rating falls as likeness does; chosen so that MUSHRA's 3.5 kHz anchor lands below the middle."""


def centres() -> NDArray[np.float64]:
    """The filters' frequencies, even on the ERB scale."""

    def erb(hz: float) -> float:
        return 21.4 * float(np.log10(1 + 0.00437 * hz))

    return (10 ** (np.linspace(erb(LOW_HZ), erb(HIGH_HZ), BANDS) / 21.4) - 1) / 0.00437


def picture(sound: Audio) -> NDArray[np.float64]:
    """What the ear passes on: (BANDS, frames / 240)."""
    smooth = butter(2, HAIR_CELL_HZ, fs=SAMPLE_RATE, output="sos")
    slow = butter(2, PICTURE_HZ / 4, fs=SAMPLE_RATE, output="sos")
    rows = []
    for hz in centres():
        half = 24.7 * (0.00437 * hz + 1) / 2
        band = butter(2, (hz - half, hz + half), "band", fs=SAMPLE_RATE, output="sos")
        inner = sosfilt(smooth, np.maximum(sosfilt(band, sound), 0))
        level = np.maximum(sosfilt(slow, inner), 0)[:: SAMPLE_RATE // PICTURE_HZ]
        rows.append((level + 1e-6) ** COMPRESSION)
    return np.array(rows)


def likeness(reference: Audio, sound: Audio) -> float:
    """How alike two sounds are to this model: 1 is the same, 0 nothing in common."""
    a, b = picture(reference), picture(sound)
    return max(0.0, 1.0 - float(np.mean((a - b) ** 2) / np.mean((a - a.mean()) ** 2)))


def rating(reference: Audio, sound: Audio) -> int:
    """What it would say in MUSHRA: 0..100."""
    return round(100 * float(np.exp(-STEEPNESS * (1 - likeness(reference, sound)))))
