"""Presets that are equally loud: the module plays the phrase at each preset's position, the level does the rest.

The module's own engine is heard, over the link; no file of its models is needed. What a preset's level cannot reach
(18 dB) is said, and left at the nearest.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from gritspace.host_tools.link.client import Module
from gritspace.host_tools.module import memory
from gritspace.host_tools.module.memory import Preset
from gritspace.host_tools.sound import loudness
from gritspace.host_tools.sound.loudness import TARGET_LUFS

TOLERANCE_LU = 0.5
"""Presets closer together than this count as equally loud."""


@dataclass(frozen=True)
class Match:
    """One preset: its place from 1; LUFS of the phrase without a level (None: silent) and with the new one; levels."""

    place: int
    model: str
    loudness_lufs: float | None
    before_level: float
    level: float
    matched_lufs: float | None
    good: bool


Update = Callable[[float, float, str], None]


def match(module: Module, target: float, update: Update, dry: bool = False) -> list[Match]:
    """Measures every used preset and sets its level so that the phrase comes out at `target` LUFS (-60..0).

    The model that played plays again at the end. dry: nothing is written. Raises LinkError when the module fails,
    Refusal when it cannot play a preset's model; levels are written only when all have been measured.
    """
    played_before = memory.get_settings(module).model
    slots = memory.get_slots(module)
    used = [(preset.model_now(slots), preset) for preset in memory.get_presets(module) if preset.used]
    found = [matched(preset, "not there", -math.inf, target) for model, preset in used if model is None]
    presets = sorted(((m, preset) for m, preset in used if m is not None), key=lambda pair: pair[0])
    try:
        for model, group in groupby(presets, key=lambda pair: pair[0]):
            info = memory.select(module, model)
            for _, preset in group:
                update(len(found), len(used), f"preset {preset.index + 1}, {info.model_name}")
                position = np.array(preset.played + preset.stored, np.int16)[: info.position_count]
                samples = module.stream(loudness.phrase(), position).samples
                measured = loudness.samples_lufs(samples, info.output_shift)
                found.append(matched(preset, info.model_name, measured, target))
    finally:
        if presets:
            memory.select(module, played_before)
    if not dry:
        for preset, told in found:
            if told.loudness_lufs is not None:
                memory.put_preset(module, preset)
        memory.wait_until_saved(module)
    return sorted((one for _, one in found), key=lambda one: one.place)


def matched(preset: Preset, name: str, measured: float, target: float) -> tuple[Preset, Match]:
    """A preset of the model `name`, measured in LUFS (-inf: silent) -> it with its new level, and what to tell."""
    silent = not math.isfinite(measured)
    level = preset.level_q12 if silent else loudness.level_for(measured, target)
    reached = None if silent else measured + loudness.level_db(level)
    return replace(preset, level_q12=level), Match(
        place=preset.index + 1,
        model=name,
        loudness_lufs=None if silent else round(measured, 2),
        before_level=preset.level_q12 / memory.LEVEL_UNITY,
        level=level / memory.LEVEL_UNITY,
        matched_lufs=None if reached is None else round(reached, 2),
        good=reached is not None and abs(reached - target) <= TOLERANCE_LU,
    )


def as_values(found: list[Match], target: float = TARGET_LUFS) -> dict[str, Any]:
    """For JSON."""
    return {
        "good": all(one.good for one in found),
        "target_lufs": target,
        "tolerance_lu": TOLERANCE_LU,
        "presets": [asdict(one) for one in found],
    }
