"""A gate in front of a model, to the bit: what comes in below a threshold is silence.

Pairs with firmware/module/sound/gate.c, of which this is the readable twin. A threshold is in dB below full scale, 1 to
96; 0 is no gate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.sound.snapshot_knobs import exp2_q16

LOOK_FRAMES = 8
HOLD_FRAMES = 2400
UNITY, OPEN_STEP = 4096, 512
DECIBEL_Q16 = 10885
"""A decibel of an amplitude, log2 in Q16."""


def gated(samples: NDArray[np.int16], decibels: int) -> NDArray[np.int16]:
    """int16 (frames,) -> int16 (frames,), after silence. decibels: below full scale, where it opens; 0: none.

    It opens within eight frames, is held for 50 ms after the last peak within 6 dB below the threshold, and closes in
    85 ms.
    """
    if decibels == 0:
        return samples
    opens = max(exp2_q16(-DECIBEL_Q16 * decibels) >> 1, 2)
    looks = np.zeros(-(-len(samples) // LOOK_FRAMES) * LOOK_FRAMES, np.int64)
    looks[: len(samples)] = samples
    steps = []
    left, is_open = 0, False
    for peak in np.abs(looks.reshape(-1, LOOK_FRAMES)).max(axis=1).tolist():
        if peak >= opens or (is_open and peak >= opens >> 1):
            left, is_open = HOLD_FRAMES, True
        elif left > 0:
            left -= LOOK_FRAMES
            is_open = left > 0
        steps.append(OPEN_STEP if is_open else -1)
    gain, gains = 0, np.empty(len(looks), np.int64)
    for at, step in enumerate(np.repeat(steps, LOOK_FRAMES).tolist()):
        gain = min(max(gain + step, 0), UNITY)
        gains[at] = gain
    heard: NDArray[np.int16] = ((looks * gains + UNITY // 2) >> 12).astype(np.int16)
    return heard[: len(samples)]


def gated_audio(audio: NDArray[np.float32], decibels: int) -> NDArray[np.float32]:
    """float32 (frames,), full scale ±1 -> the same through the gate, as the module's converter hears it."""
    samples = np.clip(np.round(audio * 32768), -32768, 32767).astype(np.int16)
    return (gated(samples, decibels) / 32768).astype(np.float32)
