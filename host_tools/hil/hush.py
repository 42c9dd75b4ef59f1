"""How the module fades a voice out while its position moves over silence, to the bit.

Pairs with firmware/module/sound/hush.h.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.hil.expected import BLOCK_FRAMES

PIECE_FRAMES = 8
UNITY = 4096
LOUD = 16
SETTLE_FRAMES = 8192
OPEN_STEP = 512


def hush_gains(heard: NDArray[np.int16], moved: NDArray[np.bool_], memory_frames: int) -> NDArray[np.int64]:
    """What a voice's output is multiplied by, (frames,), 4096 being 1, from a restart on.

    heard: what the engine hears, int16 (frames,), whole blocks; moved (blocks,): whether the position has moved in a
    block; memory_frames: the network's receptive field.
    """
    pieces = np.abs(np.asarray(heard, np.int64)).reshape(-1, PIECE_FRAMES)
    starts_block = np.arange(len(pieces)) % (BLOCK_FRAMES // PIECE_FRAMES) == 0
    goes = starts_block & np.repeat(np.asarray(moved, bool), BLOCK_FRAMES // PIECE_FRAMES)
    gain, quiet, moving = UNITY, 0, 0
    found = np.empty(pieces.shape, np.int64)
    way = np.arange(1, PIECE_FRAMES + 1)
    for i, (loud, go) in enumerate(zip((pieces.max(axis=1) >= LOUD).tolist(), goes.tolist(), strict=True)):
        quiet = 0 if loud else min(quiet + PIECE_FRAMES, memory_frames)
        moving = memory_frames + SETTLE_FRAMES if go else max(0, moving - PIECE_FRAMES)
        step = OPEN_STEP if quiet < memory_frames else -1 if moving else 1
        found[i] = np.clip(gain + step * way, 0, UNITY)
        gain = int(found[i, -1])
    return found.reshape(-1)


def hushed(samples: NDArray[np.int64], gains: NDArray[np.int64]) -> NDArray[np.int64]:
    """Samples (frames,) times their gains, rounded, halves upwards."""
    return (np.asarray(samples, np.int64) * gains + UNITY // 2) >> 12
