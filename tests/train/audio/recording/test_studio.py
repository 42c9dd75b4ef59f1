"""Made-up recordings, a few of each kind here; `make recordings` takes two hundred."""

from __future__ import annotations

from pathlib import Path

import pytest

from gritspace.train.errors import InputError
from tests.train.audio.recording.studio import judged, read, take


@pytest.mark.parametrize("seed", [0, 1, 3, 4, 6, 7, 8, 9, 10, 12, 14, 15])
def test_a_recording_is_taken_or_refused_rightly(seed: int) -> None:
    found = judged(seed)
    assert not found.wrong, found.made.mishap


@pytest.mark.parametrize("seed", [63, 86, 119])
def test_an_onset_mends_what_the_phase_and_the_windows_have_wrong(seed: int) -> None:
    """A delay of 30 frames that was none, a jump that was none, and a delay 7 frames off under a drift."""
    assert not judged(seed).wrong


def test_a_circuit_that_turns_over_what_is_played_is_told_as_upside_down() -> None:
    """A wave folder, turned up: what comes out goes down where the dry goes up, with no interface between."""
    one = judged(56)
    assert one.made.way == -1
    assert not one.wrong


@pytest.mark.parametrize("seed", [53, 164])
def test_a_delay_that_no_window_bears_out_is_refused_however_distinct(tmp_path: Path, seed: int) -> None:
    """164 is another performance. 53 (a tremolo in the dark) belongs, but not where it would be taken."""
    with pytest.raises(InputError, match="does not seem to be what was played"):
        read(take(seed), tmp_path)
