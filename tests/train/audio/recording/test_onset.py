"""The first frame at which a device answers, on devices made up here whose first frame is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, lfilter

from gritspace.train.audio import signals
from gritspace.train.audio.recording.course import Stretch
from gritspace.train.audio.recording.onset import EARLIEST, LATEST, onset_of, without_false_jumps
from gritspace.train.audio.recording.rough_device import loud_level

Audio = NDArray[np.float32]
RATE = 48_000
SECONDS = 10


@pytest.fixture(scope="module")
def dry() -> Audio:
    return signals.synthetic(SECONDS, 6)


def fuzz(dry: Audio, cutoff_hz: float = 6000) -> Audio:
    """A clipper and a first-order low-pass: they answer at once."""
    wet = lfilter(*butter(1, cutoff_hz, fs=RATE), np.tanh(12 * dry)) + 1e-4 * np.random.default_rng(2).normal(
        size=len(dry)
    )
    return wet.astype(np.float32)


def all_pass(wet: Audio) -> Audio:
    """Turns the phase, most of it below 300 Hz, and answers at once all the same."""
    pole = 0.96
    return lfilter([-pole, 1], [1, -pole], wet).astype(np.float32)


def moved(wet: Audio, frames: int) -> Audio:
    return np.roll(wet, frames)


@pytest.mark.parametrize("frames", [-60, -7, 0, 3, 40, 90])
@pytest.mark.parametrize("turned", [False, True])
def test_it_is_found_wherever_the_phase_would_have_it(dry: Audio, frames: int, turned: bool) -> None:
    wet = moved(all_pass(fuzz(dry)) if turned else fuzz(dry), frames)
    told = onset_of(dry, wet, np.zeros_like(dry), Stretch(0, len(dry), 0), loud_level(dry))
    assert told is not None
    assert told.clear
    assert EARLIEST < told.frames < LATEST
    assert abs(told.frames - frames) <= 1


def test_it_is_about_the_stretchs_own_delay(dry: Audio) -> None:
    wet = np.concatenate([np.zeros(2005, np.float32), fuzz(dry)])
    told = onset_of(dry, wet, np.zeros_like(dry), Stretch(0, len(dry), 2000), loud_level(dry))
    assert told is not None
    assert abs(told.frames - 5) <= 1


def test_of_too_little_or_of_something_else_nothing_is_told(dry: Audio) -> None:
    level = loud_level(dry)
    assert onset_of(dry, fuzz(dry), np.zeros_like(dry), Stretch(0, RATE, 0), level) is None
    other = fuzz(signals.synthetic(SECONDS, 7))
    told = onset_of(dry, other, np.zeros_like(dry), Stretch(0, len(dry), 0), level)
    assert told is not None
    assert not told.clear


def test_a_step_that_the_onsets_do_not_bear_out_is_no_jump_and_a_lost_buffer_stays_one(dry: Audio) -> None:
    half, level, none = len(dry) // 2, loud_level(dry), np.zeros_like(dry)
    wet = np.concatenate([fuzz(dry)[:half], all_pass(fuzz(dry))[half:]])
    pretended = [Stretch(0, half, 0), Stretch(half, len(dry), 9)]
    assert without_false_jumps(dry, wet, none, pretended, level) == [Stretch(0, len(dry), 0)]
    lost = np.concatenate([wet[:half], wet[half + 64 :]])
    true = [Stretch(0, half, 0), Stretch(half, len(dry), -64)]
    assert without_false_jumps(dry, lost, none, true, level) == true
