"""Made-up recordings, a few of each kind here; `make recordings` takes two hundred."""

from __future__ import annotations

import pytest

from tests.train.audio.recording.studio import judged


@pytest.mark.parametrize("seed", [0, 1, 3, 4, 6, 7, 8, 9, 10, 12, 14, 15])
def test_a_recording_is_taken_or_refused_rightly(seed: int) -> None:
    found = judged(seed)
    assert not found.wrong, found.made.mishap
