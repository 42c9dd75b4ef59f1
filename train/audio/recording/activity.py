"""Which parts of audio are playing and which are resting, by energy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SAMPLE_RATE

Floats = NDArray[np.float64]

STEP_FRAMES = SAMPLE_RATE // 40
"""25 ms: what energies are told by, and jumps placed by."""
BELOW_LOUD_DB = 40.0


def step_power(audio: NDArray[np.floating]) -> Floats:
    """(frames,) -> mean square of each whole step."""
    steps = len(audio) // STEP_FRAMES
    return np.square(audio[: steps * STEP_FRAMES], dtype=np.float64).reshape(steps, STEP_FRAMES).mean(1)


def active(audio: NDArray[np.floating], below_db: float = BELOW_LOUD_DB) -> NDArray[np.bool_]:
    """Which steps of (frames,) are at most so far below the loud ones."""
    level = step_power(audio)
    if len(level) == 0:
        return np.zeros(0, bool)
    on = level[level > 1e-6 * level.max()]
    loud = float(np.quantile(on, 0.9)) if len(on) else 0.0
    return level > max(loud, 1e-20) * 10 ** (-below_db / 10)


def runs(true: NDArray[np.bool_], least: int = 1) -> list[tuple[int, int]]:
    """Runs of at least `least` true values: (first, last + 1)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= least]


def active_windows(audio: NDArray[np.floating], width: int, hop: int) -> list[int]:
    """Starts of the windows of (frames,) in which at least a third of the steps is active."""
    total = np.concatenate([[0], np.cumsum(active(audio))])
    steps = width // STEP_FRAMES
    starts = np.arange(0, max(1, len(audio) - width + 1), hop)
    first = starts // STEP_FRAMES
    inside = total[np.minimum(first + steps, len(total) - 1)] - total[np.minimum(first, len(total) - 1)]
    return [int(start) for start in starts[inside >= steps / 3]]
