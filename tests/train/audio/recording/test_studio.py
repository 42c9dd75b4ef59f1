"""Made-up recordings, a few of each kind here; `make recordings` takes two hundred."""

from __future__ import annotations

import pytest

from tests.train.audio.recording.studio import judged

MISSED = pytest.mark.xfail(strict=True, reason="an echo is told as a jump: not yet told apart")


@pytest.mark.parametrize("seed", [0, 1, 3, 4, 6, 7, 8, 9, 10, pytest.param(12, marks=MISSED), 14, 15])
def test_a_recording_is_taken_or_refused_rightly(seed: int) -> None:
    made, wrong = judged(seed)
    assert not wrong, made.mishap
