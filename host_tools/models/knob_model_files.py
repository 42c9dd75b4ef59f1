"""A knob model's other form, an integer model whose played dimensions are a device's knobs, and their names in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from gritspace.host_tools.sound.level_trim import trimmed
from gritspace.quantize.model.grit import write_grit
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.q15 import to_q15
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.errors import InputError
from gritspace.train.knobs.knob_model import KnobModel, as_positions, is_knob_model, save_knob_model

Audio = NDArray[np.float32]

SUFFIXES = (".pt", ".grit")
CALIBRATION_PLACES = 32
"""All over the box, besides the settings it was fitted to."""


def is_knob_model_file(path: Path) -> bool:
    """Whether this is a `.pt` file and a knob model's. Raises InputError for one that is damaged."""
    return path.suffix.lower() == ".pt" and path.is_file() and is_knob_model(path)


def refuse_unknown_suffix(path: Path) -> None:
    """Raises InputError unless a knob model can be written under this name."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"{path}: a model with knobs is written as {', '.join(SUFFIXES)}; a .nam has none: say where they stand, "
            "with --knob, for a snapshot."
        )


def integer_model_of_knobs(model: KnobModel, audio: Audio, name: str | None = None) -> IntegerModel:
    """audio: (frames,) at 48 kHz, like what it will hear, to calibrate with, at its settings and all over the box.

    Its knobs' names stand in its metadata. Raises InputError if the engine cannot run it or the audio is silent.
    """
    places = qmc.Sobol(len(model.knobs), seed=0).random(CALIBRATION_PLACES)
    everywhere = [*model.settings, *(tuple(float(x) for x in place) for place in places)]
    metadata = {"licences": [model.licence], **model.facts, "knobs": list(model.knobs)}
    network = from_tcn(model.tcn, metadata=metadata)
    positions = as_positions(everywhere).numpy().astype(np.float64)
    try:
        return quantize(network, audio, positions, name or model.name, [0.0] * len(model.knobs))
    except ValueError as error:  # what the engine cannot run, or silent audio: the message says which
        raise InputError(f"{model.name}: {error}.") from error


def write(model: KnobModel, path: Path, audio: Audio) -> IntegerModel | None:
    """As the suffix says: .pt or .grit; the integer model if it was that. audio: to calibrate integers."""
    refuse_unknown_suffix(path)
    if path.suffix.lower() == ".pt":
        save_knob_model(model, path)
        return None
    integers, _ = trimmed(integer_model_of_knobs(model, audio))
    write_grit(integers, path)
    return integers


def position_of(setting: Sequence[float]) -> NDArray[np.int16]:
    """A number in [0, 1] for each knob -> Q15 of the played dimensions."""
    return to_q15(as_positions([setting]).numpy()[0])
