"""Whether turning a knob clicks: the output's steps while a dimension moves, against those the audio has anyway."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from gritspace.train.audio.audio_file import SAMPLE_RATE

CLICK_HZ = 6_000.0
"""A jump is as loud above this as below; music that is swept is not."""


def largest_step(audio: NDArray[np.floating]) -> float:
    """The largest difference between neighbouring samples, (frames,) -> full scale 1."""
    return float(np.abs(np.diff(audio.astype(np.float64))).max(initial=0.0))


def click_level(audio: NDArray[np.floating]) -> float:
    """The largest sample of what lies above CLICK_HZ."""
    high = butter(4, CLICK_HZ, "high", fs=SAMPLE_RATE, output="sos")
    return float(np.abs(sosfilt(high, audio.astype(np.float64))).max(initial=0.0))


def roughness(moving: NDArray[np.floating], resting: NDArray[np.floating]) -> dict[str, float]:
    """What moving adds: moving (frames,), resting (places, frames) the same audio at places along the way.

    `step` and `click`: the moving one's largest, over the largest of all the resting ones; up to 1, and a little, is
    what the audio does by itself. 0 if all is silent.
    """

    def ratio(ours: float, theirs: float) -> float:
        return ours / theirs if theirs > 0 else 0.0

    return {
        "step": ratio(largest_step(moving), max(largest_step(row) for row in resting)),
        "click": ratio(click_level(moving), max(click_level(row) for row in resting)),
    }
