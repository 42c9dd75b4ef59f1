"""The fading out of a position that moves over silence: numpy's twin to the bit, and what it does to what is played."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.hil.hush import LOUD, SETTLE_FRAMES, UNITY, hush_gains, hushed
from tests.firmware.sound.test_mixer import at

BLOCK, MEMORY = 48, 2000


def through(library: ctypes.CDLL, heard: NDArray[np.int16], moved: NDArray[np.bool_]) -> NDArray[np.int64]:
    """What C makes of ones of 2^17 with hush's gain: (frames,)."""
    samples = np.full(len(heard), 1 << 17, np.int32)
    flags = moved.astype(np.uint8)
    library.host_hush(at(heard), at(flags), ctypes.c_size_t(len(moved)), ctypes.c_uint32(MEMORY), at(samples))
    return samples.astype(np.int64)


def test_c_and_numpy_agree_to_the_bit_over_notes_rests_and_moves(library: ctypes.CDLL) -> None:
    rng = np.random.default_rng(3)
    blocks = 1500
    loud = np.repeat(rng.random(blocks // 50) < 0.4, 50)
    heard = np.where(np.repeat(loud, BLOCK), rng.integers(-3000, 3000, BLOCK * blocks), 0).astype(np.int16)
    heard += rng.integers(-LOUD + 1, LOUD, len(heard)).astype(np.int16)
    moved = np.repeat(rng.random(blocks // 150) < 0.5, 150)
    gains = hush_gains(heard, moved, MEMORY)
    assert gains.min() == 0
    assert gains.max() == UNITY
    assert np.array_equal(through(library, heard, moved), hushed(np.full(len(heard), 1 << 17), gains))


def test_what_stands_still_or_plays_is_not_touched(library: ctypes.CDLL) -> None:
    rng = np.random.default_rng(4)
    silence = np.zeros(BLOCK * 400, np.int16)
    assert (through(library, silence, np.zeros(400, bool)) == 1 << 17).all()
    played = rng.choice(np.array([-LOUD, LOUD], np.int16), BLOCK * 400)
    assert (through(library, played, np.ones(400, bool)) == 1 << 17).all()


def test_a_note_opens_at_once_and_the_network_rings_out_before_it_closes(library: ctypes.CDLL) -> None:
    heard = np.zeros(BLOCK * 800, np.int16)
    note, end = BLOCK * 400 + 20, BLOCK * 500
    heard[note:end] = 1000
    out = through(library, heard, np.ones(800, bool)) / (1 << 17)
    assert out[note - 24] == 0, "it moves over silence"
    assert (out[note + 8 : end + MEMORY - 8] == 1).all()
    assert out[end + MEMORY + UNITY + 8] == 0
    assert (np.diff(out)[np.arange(len(out) - 1) > note + 8] >= -1.01 / UNITY).all(), "it closes without a step"


def test_it_opens_slowly_once_nothing_moves_any_more(library: ctypes.CDLL) -> None:
    moved = np.arange(900) < 300
    out = through(library, np.zeros(BLOCK * 900, np.int16), moved) / (1 << 17)
    rests = BLOCK * 300 + MEMORY + SETTLE_FRAMES
    assert out[rests - 2 * BLOCK] == 0
    assert np.abs(np.diff(out[rests - 2 * BLOCK :])).max() <= 1.01 / UNITY
    assert out[-1] == 1
