"""Spaces that were trained for seconds: channels that live below zero, biases large beside a quiet sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.audio_sources import calibration_audio
from gritspace.host_tools.models.model_files import model_from_space
from gritspace.host_tools.spaces.young import errors, trained


@pytest.mark.slow
def test_leaky_rows_of_a_space_trained_for_seconds_keep_their_bits(tmp_path: Path) -> None:
    """One row of `python -m gritspace.host_tools.spaces.young`, integers against float: medians of 6e-6 and 5e-6, where
    multipliers of 7 or 8 bits had 2.0e-5 and 2.1e-5."""
    path = tmp_path / "space.pt"
    space = trained(path, steps=60, seed=1)
    known, box = errors(space, model_from_space(space, path, calibration_audio(())))
    assert np.median(known) < 1e-5
    assert np.median(box) < 1e-5
