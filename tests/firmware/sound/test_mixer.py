"""What lies around the engine: curves, limiter, DC blocker, dry and wet, against NumPy and SciPy."""

from __future__ import annotations

import ctypes
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import lfilter

BLOCK = 48
ONE = 65536
KNEE = 24576


def at(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


class Heard(NamedTuple):
    engine_in: NDArray[np.int16]
    out: NDArray[np.int16]
    peaks: NDArray[np.uint16]


def mix(
    library: ctypes.CDLL,
    audio: NDArray[np.int16],
    wet: NDArray[np.int32],
    levels: NDArray[np.int32] | tuple[int, int, int, int] = (ONE, ONE, ONE, ONE),
    delays: NDArray[np.uint8] | int = 0,
) -> Heard:
    """One channel, block by block; levels: gain, mix, level, trim in Q16, for all blocks or (blocks, 4)."""
    blocks = len(audio) // BLOCK
    rows = np.ascontiguousarray(np.broadcast_to(np.asarray(levels, np.int32), (blocks, 4)))
    late = np.ascontiguousarray(np.broadcast_to(np.asarray(delays, np.uint8), blocks))
    heard = Heard(np.zeros_like(audio), np.zeros_like(audio), np.zeros((blocks, 2), np.uint16))
    library.host_mixer(at(rows), at(late), ctypes.c_size_t(blocks), at(audio), at(wet), *map(at, heard))
    return heard


def sine(frames: int, hz: float, peak: float) -> NDArray[np.int16]:
    return np.round(peak * 32767 * np.sin(2 * np.pi * hz * np.arange(frames) / 48000)).astype(np.int16)


def settle(values: tuple[int, int, int, int], blocks: int) -> NDArray[np.int32]:
    return np.tile(np.asarray(values, np.int32), (blocks, 1))


def test_the_curves_are_decibels_and_squares(library: ctypes.CDLL) -> None:
    knobs = np.arange(65536, dtype=np.uint16)
    gain, level, wet = (np.zeros(65536, np.int32) for _ in range(3))
    library.host_curves(at(knobs), ctypes.c_size_t(65536), at(gain), at(level), at(wet))
    middle = 32768
    way = np.sign(knobs.astype(float) - middle) * np.maximum(np.abs(knobs.astype(float) - middle) - 655, 0)
    way = np.clip(way / (65535 - middle - 655), -1, 1)
    np.testing.assert_allclose(20 * np.log10(gain / ONE), way * 80 * np.log10(2), atol=0.01)
    upper = way >= 0
    np.testing.assert_allclose(20 * np.log10(level[upper] / ONE), way[upper] * 40 * np.log10(2), atol=0.005)
    np.testing.assert_allclose(level[~upper] / ONE, (1 + way[~upper]) ** 2, atol=4e-5)
    np.testing.assert_allclose(wet / ONE, knobs / 65535, atol=2e-5)
    assert (level[0], wet[0], wet[-1]) == (0, 0, ONE)
    near = np.abs(knobs.astype(int) - middle) <= 655
    assert (gain[near] == ONE).all()
    assert (level[near] == ONE).all()
    assert all((np.diff(curve) >= 0).all() for curve in (gain, level, wet))


def test_the_limiter_is_transparent_below_its_knee_and_smooth_above(library: ctypes.CDLL) -> None:
    samples = np.arange(-70000, 70001, dtype=np.int32)
    out = np.zeros(len(samples), np.int16)
    library.host_limit(at(samples), ctypes.c_size_t(len(samples)), at(out))
    below = np.abs(samples) <= KNEE
    assert (out[below] == samples[below]).all()
    room = 32767 - KNEE
    over = np.clip(np.abs(samples) - KNEE, 0, 2 * room).astype(float)
    ideal = np.sign(samples) * (np.minimum(np.abs(samples), KNEE) + over - over**2 / (4 * room))
    assert np.abs(out - ideal).max() <= 1
    steps = np.diff(out.astype(int))
    assert steps.min() >= 0
    assert steps.max() <= 1
    assert (out == -out[::-1]).all()
    assert out.max() == 32767
    extremes = np.asarray([-(2**31), 2**31 - 1], np.int32)
    library.host_limit(at(extremes), ctypes.c_size_t(2), at(out))
    assert out[:2].tolist() == [-32767, 32767]


def test_the_dc_blocker_is_a_first_order_high_pass_and_forgets_an_offset(library: ctypes.CDLL) -> None:
    rng = np.random.default_rng(0)
    samples = (20000 * np.sign(rng.standard_normal(48000)) + 9000).astype(np.int32)
    samples[24000:] = 0
    out = np.zeros_like(samples)
    library.host_dc_block(at(samples), ctypes.c_size_t(len(samples)), at(out))
    pole = 1 - 2.0**-10  # mean[n] = pole * mean[n-1] + (1 - pole) * x[n]; y = x - mean
    ideal = lfilter([pole, -pole], [1, -pole], samples.astype(float))
    assert np.abs(out - ideal).max() <= 1
    assert abs(out[20000:24000].mean()) < 0.02 * 9000 + 300
    assert not out[-100:].any()  # silence in the end, not a stuck bit


def test_at_rest_a_block_goes_through_the_engine_alone_and_untouched(library: ctypes.CDLL) -> None:
    rng = np.random.default_rng(1)
    audio = rng.integers(-32768, 32768, BLOCK * 20).astype(np.int16)
    wet = np.tile(np.asarray([KNEE, -KNEE], np.int32), BLOCK * 10)
    heard = mix(library, audio, wet)
    assert (heard.engine_in == audio).all()
    assert (heard.out == wet).all()
    assert (heard.peaks[:, 0] == np.abs(audio.astype(int)).reshape(-1, BLOCK).max(1)).all()
    assert (heard.peaks[:, 1] == np.abs(heard.out.astype(int)).reshape(-1, BLOCK).max(1)).all()


@settings(deadline=None, max_examples=40)
@given(
    gain=st.integers(0, 16 * ONE), wet=st.integers(0, ONE), level=st.integers(0, 4 * ONE), trim=st.integers(0, 8 * ONE)
)
def test_settled_factors_are_those_of_the_formula(
    library: ctypes.CDLL, gain: int, wet: int, level: int, trim: int
) -> None:
    rng = np.random.default_rng(2)
    blocks = 150  # each goes an eighth of the rest of the way
    audio = rng.integers(-2000, 2000, BLOCK * blocks).astype(np.int16)
    engine = rng.integers(-1500, 1500, BLOCK * blocks).astype(np.int32)
    heard = mix(library, audio, engine, settle((gain, wet, level, trim), blocks))
    end = slice(-BLOCK, None)
    ideal_in = np.clip(audio[end] * (gain / ONE), -32768, 32767)
    assert np.abs(heard.engine_in[end] - ideal_in).max() <= 0.6
    m, level_is = wet / ONE, level / ONE
    total = level_is * (m * trim / ONE * engine[end] + (1 - m) * audio[end])
    loud = np.abs(total)
    over = np.clip(loud - KNEE, 0, 2 * (32767 - KNEE))
    ideal = np.sign(total) * (np.minimum(loud, KNEE) + over - over**2 / (4 * (32767 - KNEE)))
    assert np.abs(heard.out[end] - ideal).max() <= 3  # a clean sample is right to 1, and may be 32 times louder


@pytest.mark.parametrize("which", range(4))
def test_a_leaping_knob_makes_no_step(library: ctypes.CDLL, which: int) -> None:
    """Between two frames the sound moves as little as the sine itself and the factor's slope together."""
    blocks = 80
    audio = sine(BLOCK * blocks, 100, 0.2)
    silent = np.zeros(len(audio), np.int32)
    before, after = [ONE, ONE // 2, ONE, ONE], [ONE, ONE // 2, ONE, ONE]
    before[which], after[which] = 0, ONE
    levels = np.concatenate([settle(tuple(before), 40), settle(tuple(after), 40)])
    heard = mix(library, audio, silent if which == 0 else audio.astype(np.int32), levels)
    sound = heard.engine_in if which == 0 else heard.out
    own = 0.2 * 32767 * 2 * np.pi * 100 / 48000
    slope = 0.2 * 32767 / 8 / BLOCK  # an eighth of the way in the first block
    assert np.abs(np.diff(sound.astype(int))).max() <= own + slope + 2
    assert np.abs(np.diff(sound.astype(int))).max() > own / 2  # it is a sound


@pytest.mark.parametrize("delay", [0, 1, 17, 63])
def test_the_dry_sound_is_as_late_as_asked(library: ctypes.CDLL, delay: int) -> None:
    blocks = 200
    audio = np.random.default_rng(3).integers(-20000, 20000, BLOCK * blocks).astype(np.int16)
    heard = mix(library, audio, np.zeros(len(audio), np.int32), (ONE, 0, ONE, ONE), delay)
    late = np.concatenate([np.zeros(delay, np.int16), audio])[: len(audio)]
    assert (heard.out[100 * BLOCK :] == late[100 * BLOCK :]).all()


def test_another_delay_is_faded_in(library: ctypes.CDLL) -> None:
    blocks = 200
    audio = sine(BLOCK * blocks, 400, 0.5)
    delays = np.repeat(np.asarray([0, 60], np.uint8), blocks // 2)  # half a period
    heard = mix(library, audio, np.zeros(len(audio), np.int32), (ONE, 0, ONE, ONE), delays)
    steps = np.abs(np.diff(heard.out[90 * BLOCK :].astype(int)))
    own = 0.5 * 32767 * 2 * np.pi * 400 / 48000
    assert steps.max() <= own + 2 * 0.5 * 32767 / (20 * BLOCK) + 2
    assert (heard.out[-BLOCK:] == audio[-BLOCK - 60 : -60]).all()
