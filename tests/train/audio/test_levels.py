"""What integers are calibrated with."""

from __future__ import annotations

import numpy as np

from gritspace.train.audio.levels import LOUDEST_PEAKS, at_all_levels


def test_calibration_audio_is_heard_quiet_and_hot_and_its_rests_stay_rests() -> None:
    tone = (0.05 * np.sin(2 * np.pi * 441 * np.arange(20 * 48000) / 48000)).astype(np.float32)
    tone[-48000 * 2 :] = 0.0
    heard = at_all_levels(tone)
    peaks = np.abs(heard[: 18 * 48000].reshape(-1, 4800)).max(axis=1)
    assert len(heard) == len(tone)
    assert peaks.min() < 0.2
    assert peaks.max() > 0.7
    assert np.abs(heard).max() <= 1.0
    assert not np.any(heard[-48000 * 2 :])
    assert LOUDEST_PEAKS[0] * 0.9 < peaks.min()
