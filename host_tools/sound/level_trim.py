"""What is measured of a model when it is made, and travels in its header: the level trim, so that models match in
loudness, and what a snapshot's knobs are fitted to."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from gritspace.host_tools.sound.knob_fit import fitted
from gritspace.host_tools.sound.loudness import LEVEL_UNITY, level_db, level_for, model_lufs
from gritspace.quantize.model.model import IntegerModel
from gritspace.train.errors import InputError

NAM_NORMALIZED_DB = -18.0
"""Where Neural Amp Modeler brings a capture that states its `loudness`."""
STATED = ("loudness", "input_level_dbu", "output_level_dbu")
"""What a `.nam` file may say of its levels; kept in the model's metadata."""


def with_trim(model: IntegerModel, how: str, source: str) -> tuple[IntegerModel, dict[str, Any]]:
    """The model with a trim, a snapshot with its knobs fitted too, and its levels as plain values.

    how: "measured" (see `loudness`), "stated" (by the `.nam` file's own loudness) or "none". Raises InputError, naming
    the source, if nothing is stated.
    """
    measured, loudness = trimmed(model)
    model = replace(model, knobs=measured.knobs)
    if how == "measured":
        model = measured
    elif how == "stated":
        stated = stated_trim(model)
        if stated is None:
            raise InputError(f"{source}: it does not state its loudness; leave --trim out to have it measured.")
        model = stated
    levels = {key: model.metadata[key] for key in STATED if key in model.metadata}
    return model, {
        "loudness_lufs": round(loudness, 2) if math.isfinite(loudness) else None,
        "trim_db": round(level_db(model.trim_q12 or LEVEL_UNITY), 2),
        "trim": how,
        **({"stated": levels} if levels else {}),
    }


def trimmed(model: IntegerModel) -> tuple[IntegerModel, float]:
    """The model with the trim that makes it as loud as others at its own position, a snapshot with its knobs fitted;
    and the loudness without a trim."""
    loudness = model_lufs(model)
    return replace(fitted(model), trim_q12=level_for(loudness)), loudness


def stated_trim(model: IntegerModel) -> IntegerModel | None:
    """The model with the trim of Neural Amp Modeler's own normalisation, if its capture states a loudness; else None.

    Its loudness is in dB, of its maker's test signal: two captures that state it match each other, not our measure.
    """
    stated = model.metadata.get("loudness")
    if isinstance(stated, bool) or not isinstance(stated, int | float) or not math.isfinite(stated):
        return None
    return replace(model, trim_q12=level_for(float(stated), NAM_NORMALIZED_DB))
