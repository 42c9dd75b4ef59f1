"""The rough device on what it is hardest on: one held note, of which all curves and lags are nearly the same."""

from __future__ import annotations

import numpy as np
import pytest

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.recording.rough_device import RoughFitting, loud_level


@pytest.mark.parametrize(("hz", "soft", "starts"), [(55.0, 1.0, [96_000]), (110.0, 0.1, [48_000, 60_000, 72_000])])
def test_one_held_note_has_a_device_and_it_plays_what_was_heard(hz: float, soft: float, starts: list[int]) -> None:
    """In single precision what the curves have in common was no sum of squares any more, and nothing could be solved:
    a traceback, met with a real pedal's clip of 4.9 seconds."""
    time = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    dry = (0.3 * np.sin(2 * np.pi * hz * time + 1) * np.where(time < 1, 1.0, soft)).astype(np.float32)
    wet = np.tanh(6 * dry)
    fitting = RoughFitting(dry, SAMPLE_RATE, loud_level(dry))
    device, unsaid = fitting.fit(starts, [wet[start : start + SAMPLE_RATE] for start in starts])
    inside = slice(starts[0] + 2_000, starts[0] + SAMPLE_RATE - 2_000)
    error = np.square(device.play(dry)[inside] - wet[inside], dtype=np.float64).sum()
    assert error < 1e-3 * np.square(wet[inside], dtype=np.float64).sum()
    assert unsaid < 1e-3
