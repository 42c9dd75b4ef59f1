"""The dry audio of a training: long enough for its settings, and as much of it bright as was asked for."""

from dataclasses import replace

import numpy as np
import pytest

from gritspace.host_tools.spaces import training
from gritspace.train.audio import tones
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.space.config import TrainConfig

LONGEST = 6.0


@pytest.mark.parametrize("settings", [4, 400])  # 2 s; more than the longest
def test_a_share_of_the_audio_is_bright_however_many_settings_there_are(
    settings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "LONGEST_SECONDS", LONGEST)
    config = TrainConfig(seconds_per_setting=0.5, validation_seconds=0.1)
    plain, _ = training.dry_audio([], settings, config)
    mixed, validation = training.dry_audio([], settings, replace(config, bright_share=0.5))
    assert abs(len(mixed) - len(plain)) <= SAMPLE_RATE // 100
    assert np.isclose(len(plain) / SAMPLE_RATE, min(0.5 * settings, LONGEST), atol=0.01)
    assert len(validation) > 0
    bright = tones.bright(len(mixed) / 2 / SAMPLE_RATE, config.seed)[: -SAMPLE_RATE // 100]
    assert np.array_equal(mixed[-len(mixed) // 2 :][: len(bright)], bright)
