"""How late and which way up a device's wet audio is. Captures carry their recording rig's latency and polarity.

Neither is heard, and both ruin an error-to-signal ratio; a network that plays many devices would waste itself on them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EARLIEST, LATEST = -64, 1024  # frames
ONSET_SHARE = 0.3
MARGIN_FRAMES = 6
SHORTEST_LATENCY = 16
"""Less than this is a circuit's own phase, not a rig's latency."""


def impulse_response(dry: NDArray[np.floating], wet: NDArray[np.floating]) -> NDArray[np.float64]:
    """The best linear system from dry to wet, (batch, frames) each: its response at lags EARLIEST to LATEST.

    Cross spectrum over dry's spectrum, summed over the batch, with a hundredth of the mean power added (Wiener).
    """
    size = 2 * dry.shape[1]
    of_dry = np.fft.rfft(dry - dry.mean(1, keepdims=True), size)
    of_wet = np.fft.rfft(wet - wet.mean(1, keepdims=True), size)
    power = (np.abs(of_dry) ** 2).sum(0)
    response = np.fft.irfft((of_wet * of_dry.conj()).sum(0) / (power + 0.01 * power.mean() + 1e-30))
    return np.concatenate([response[EARLIEST:], response[:LATEST]])


def polarity(dry: NDArray[np.floating], wet: NDArray[np.floating]) -> int:
    """1, or -1 if wet (batch, frames) is upside down: the sign of the response's largest value."""
    response = impulse_response(dry, wet)
    return -1 if response[np.abs(response).argmax()] < 0 else 1


def latency_frames(dry: NDArray[np.floating], wet: NDArray[np.floating]) -> int:
    """How many frames wet may be moved forward without hearing what was not yet played; 0 if next to none.

    The response's first value of ONSET_SHARE of its largest, less MARGIN_FRAMES.
    """
    size = np.abs(impulse_response(dry, wet))
    onset = int(np.argmax(size >= ONSET_SHARE * size.max())) + EARLIEST
    return onset - MARGIN_FRAMES if onset >= SHORTEST_LATENCY else 0
