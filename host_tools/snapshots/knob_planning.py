"""Which settings of a device to record, as a user asks: the first ones, and after some the next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gritspace.host_tools.console import Stages
from gritspace.host_tools.snapshots.fitting import clock_of, use_free_threads
from gritspace.host_tools.snapshots.knob_fitting import SETTINGS, KnobFitRequest, by_name, material_for, refuse_unclear
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.errors import InputError
from gritspace.train.knobs.plan import planned, refuse_too_few
from gritspace.train.knobs.settings import MAX_KNOBS, NAME, spread

NEXT = 3
"""How many a plan names if it is not said."""
PLAN_SHARE, HEARD_SECONDS = 0.3, 1.5
"""Of the time for each of a plan's fits; and how much audio they are compared on at each place."""


def plan_as_requested(request: KnobFitRequest, stages: Stages) -> dict[str, Any]:
    """Which settings to record next, and how well those so far were foretold by the others; of none, the first."""
    if request.device is None and not request.wet:
        return _first_plan(request)
    refuse_unclear(request)
    if request.wet:
        refuse_too_few(len(request.wet))
    use_free_threads()
    material, remarks = material_for(request, stages)
    heard = np.concatenate([one.held_dry for one in material.sources])
    frames = min(len(heard), int(HEARD_SECONDS * SAMPLE_RATE))
    starts = np.arange(0, len(heard) - frames + 1, max(1, frames // 4))
    loudest = max(starts, key=lambda start: float(np.square(heard[start : start + frames]).sum()))
    config = replace(
        request.config, minutes=PLAN_SHARE * request.config.minutes, steps=round(PLAN_SHARE * request.config.steps)
    )
    with stages.stage("plan", f"what {material.name} is not known for yet") as update:
        plan = planned(
            material,
            config,
            heard[loudest : loudest + frames],
            request.settings or NEXT,
            lambda share, words: update(share, 1.0, words),
            clock_of(request.by_processor),
        )
    return {
        "source": material.name,
        "knobs": list(material.knobs),
        "next": [{"setting": by_name(material.knobs, setting), "esr": error} for setting, error in plan.next],
        "left_out": [
            {"setting": by_name(material.knobs, setting), "esr": error}
            for setting, error in zip(material.settings, plan.left_out, strict=True)
        ],
        "remarks": remarks,
        "seconds": stages.seconds,
    }


def _first_plan(request: KnobFitRequest) -> dict[str, Any]:
    for name in request.knobs:
        if not NAME.fullmatch(name):
            raise InputError(f"--knob {name}: for a plan without recordings give a knob's name alone, such as gain.")
    if not 1 <= len(set(request.knobs)) == len(request.knobs) <= MAX_KNOBS:
        raise InputError(f"--plan: name 1 to {MAX_KNOBS} knobs, each once, such as --knob gain --knob tone.")
    settings = spread(request.settings or SETTINGS[len(request.knobs)], len(request.knobs))
    return {
        "knobs": list(request.knobs),
        "next": [{"setting": by_name(request.knobs, setting), "esr": None} for setting in settings],
        "left_out": [],
        "remarks": [],
    }
