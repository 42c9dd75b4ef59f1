"""Enrolled devices on material unlike what they were enrolled from: another guitar, synths, drums."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gritspace.host_tools.audio_sources import SAMPLE_RATE
from gritspace.host_tools.spaces.playing import IntegerPlayer
from gritspace.train.audio import signals
from gritspace.train.devices.device import Device
from gritspace.train.space.between import setting_of
from gritspace.train.space.measures import evaluate
from gritspace.train.space.measures.clips import Clip
from gritspace.train.space.measures.evaluate import SettingEsr
from gritspace.train.space.space import Space

SEED = 3_000_000


def scored(
    space: Space, player: IntegerPlayer, devices: Sequence[Device], found: Sequence[Clip], path: Path, seconds: float
) -> list[SettingEsr]:
    """Every enrolled clip's device on phrases made of the audio in a folder, against the engine at its position.

    Raises InputError if there is no audio.
    """
    dry = signals.phrases_from(signals.read_folder(path, "all"), max(seconds, 1.0), SEED)[: int(seconds * SAMPLE_RATE)]
    named = {device.name: device for device in devices}
    scores = []
    for clip in found:
        setting = setting_of(named[clip.device], clip.label)
        if clip.enrolment is None or setting is None:
            continue
        wet = named[clip.device].render(dry[None], np.array([setting], np.float32))[0] * clip.enrolment.gain
        ours = clip.level * player.at_rest(dry, clip.position)
        scores.append(evaluate.scored(clip.label, clip.device, *evaluate.settled(space, wet, ours)))
    return scores
