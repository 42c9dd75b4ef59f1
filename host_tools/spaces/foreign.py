"""Devices on material unlike the rest of the examination: another guitar, synths, drums.

Known devices at their own positions, one setting each, and test devices where enrolling put them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gritspace.host_tools.audio_sources import SAMPLE_RATE
from gritspace.host_tools.spaces.playing import IntegerPlayer
from gritspace.train.audio import signals
from gritspace.train.devices.device import Device
from gritspace.train.space.between import setting_of
from gritspace.train.space.measures import evaluate
from gritspace.train.space.measures.clips import Clip
from gritspace.train.space.measures.evaluate import SettingEsr
from gritspace.train.space.senses.head_row import held_gain
from gritspace.train.space.space import Space

SEED = 3_000_000


@dataclass(frozen=True)
class Foreign:
    """Errors on one folder's audio: of known devices, and of enrolled ones (none, where none were enrolled)."""

    seen: list[SettingEsr]
    enrolled: list[SettingEsr]

    @property
    def kind(self) -> str:
        """Of whom the figure is that is told first: enrolled devices are the harder question, where it was asked."""
        return "held_out_devices" if self.enrolled else "seen"

    @property
    def told_first(self) -> list[SettingEsr]:
        """See `kind`."""
        return self.enrolled or self.seen


def examined(
    space: Space, player: IntegerPlayer, devices: Sequence[Device], found: Sequence[Clip], path: Path, seconds: float
) -> Foreign:
    """Every enrolled clip's device, and every known device at the middle of its settings, against the engine.

    The audio is phrases made of the folder's files that training leaves out; of all, if it leaves out none of them.
    Raises InputError if there is no audio.
    """
    notes = signals.read_folder(path, "validation")
    dry = signals.phrases_from(notes, max(seconds, 1.0), SEED)[: int(seconds * SAMPLE_RATE)]
    named = {device.name: device for device in devices}

    def score(clip: Clip, gain: float) -> SettingEsr | None:
        setting = setting_of(named[clip.device], clip.label)
        if setting is None:
            return None
        wet = named[clip.device].render(dry[None], np.array([setting], np.float32))[0] * np.float32(gain)
        ours = clip.level * player.at_rest(dry, clip.position)
        target, estimate = evaluate.settled(space, wet, ours)
        return evaluate.scored(clip.label, clip.device, target, estimate) if bool(target.any()) else None

    seen = [score(clip, gain_of(space, clip)) for clip in middles(found)]
    enrolled = [score(clip, clip.enrolment.gain) for clip in found if clip.enrolment is not None]
    return Foreign([one for one in seen if one is not None], [one for one in enrolled if one is not None])


def middles(found: Sequence[Clip]) -> list[Clip]:
    """The middle one of each known device's seen settings."""
    by_device: dict[str, list[Clip]] = {}
    for clip in found:
        if clip.split == "seen":
            by_device.setdefault(clip.device, []).append(clip)
    return [mine[len(mine) // 2] for mine in by_device.values()]


def gain_of(space: Space, clip: Clip) -> float:
    """What a known setting's wet audio is multiplied by to be as the decoder plays it."""
    held = float(held_gain(space, np.asarray(clip.position)[None])[0])
    return space.gains[clip.device] * space.levels.get(clip.label, 1.0) * held


def as_values(found: Foreign) -> dict[str, Any]:
    """Plain values for JSON. settings, esr: of whom `of` says; then of both kinds."""

    def of(scores: Sequence[SettingEsr]) -> dict[str, Any]:
        values = evaluate.quantiles([score.esr for score in scores])
        return {"settings": len(scores), "esr": values or dict.fromkeys(("min", "q25", "median", "q75", "max"))}

    told_first: dict[str, Any] = {"of": found.kind, **of(found.told_first)}
    return {**told_first, "seen": of(found.seen), "held_out_devices": of(found.enrolled)}
