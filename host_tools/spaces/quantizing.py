"""A space, a snapshot or a capture becomes an integer model, as `gritspace quantize` was asked: one file."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gritspace.host_tools.audio_sources import calibration_audio
from gritspace.host_tools.console import Update
from gritspace.host_tools.models.knob_model_files import integer_model_of_knobs, is_knob_model_file
from gritspace.host_tools.models.model_files import model_from_space, model_sha256, read_space
from gritspace.host_tools.models.nam_files import MADE_TO_FIT, TooSlow, model_from_nam
from gritspace.host_tools.models.snapshot_files import integer_model_of, is_snapshot_file
from gritspace.host_tools.models.verdict import price_of, price_remark
from gritspace.host_tools.snapshots.made_to_fit import MadeToFit, made_to_fit, teacher_of
from gritspace.host_tools.sound.bend_fit import bend_fitted
from gritspace.host_tools.sound.impulse import with_impulse
from gritspace.host_tools.sound.level_trim import with_trim
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import MAX_TRIM_Q12, IntegerModel
from gritspace.quantize.network.nam import read_nam
from gritspace.quantize.rounding.finetune import Tuning
from gritspace.train.errors import InputError
from gritspace.train.knobs.knob_model import load_knob_model
from gritspace.train.network.nam.family import Beyond
from gritspace.train.network.nam.records import NamError
from gritspace.train.snapshot.snapshot import load_snapshot

CAPTURES = (".nam", ".json", ".aidax")


@dataclass(frozen=True)
class QuantizeRequest:
    """The options of `gritspace quantize`. by_processor: what minutes are counted by, instead of the clock."""

    audio: tuple[Path, ...] = ()
    name: str | None = None
    submodel: str | None = None
    force: bool = False
    finetune: bool = False
    trim: str = "measured"
    exact: bool = False
    minutes: float = 5.0
    ir: Path | None = None
    by_processor: bool = False


@dataclass
class Quantized:
    """blob: the `.grit` file's bytes. facts: as plain values, without the file's own. remarks: for a person, of the
    source; verdict: whether a module plays it."""

    blob: bytes
    facts: dict[str, Any]
    remarks: list[str] = field(default_factory=list)
    verdict: str = ""


def quantized(source: Path, name: str, request: QuantizeRequest, update: Update) -> Quantized:
    """name: on the module. Raises InputError, in one sentence, for what no module would play, and says what would."""
    remarks: list[str] = []
    chosen: dict[str, Any] = {"submodel": "whole"}
    if source.suffix.lower() in CAPTURES:
        model = _of_capture(source, name, request, update, remarks, chosen)
    elif is_snapshot_file(source):
        model = integer_model_of(load_snapshot(source), calibration_audio(list(request.audio)), name)
    elif is_knob_model_file(source):
        model = integer_model_of_knobs(load_knob_model(source), calibration_audio(list(request.audio)), name)
    else:
        space = read_space(source)
        heard = calibration_audio(list(request.audio))
        model = model_from_space(space, source, heard, name, _tuning(request.finetune, update))
    model, levels = with_trim(model, request.trim, str(source))
    if request.ir is not None:
        model = with_impulse(model, request.ir)
    price = price_of(model)
    if price is not None and not price.admitted and not request.force:
        raise InputError(f"{source}: {price.verdict()}; --force quantizes it anyway.")
    model = bend_fitted(model)
    remarks += _level_remarks(model, levels)
    facts = {
        "sha256": model_sha256(model),
        "macs_per_frame": model.macs_per_frame,
        "position_size": model.position_count,
        "output_full_scale": 2.0**model.output_shift,
        **levels,
        "made_to_fit": None,
        "admitted": None,
        **chosen,
        "remarks": remarks,
        **({} if price is None else price.fields()),
    }
    return Quantized(to_bytes(model), facts, remarks, price_remark(price))


def _of_capture(
    source: Path, name: str, request: QuantizeRequest, update: Update, remarks: list[str], chosen: dict[str, Any]
) -> IntegerModel:
    try:
        if source.suffix.lower() != ".nam":
            raise TooSlow(f"{source}: this is a recurrent network, which no module runs as it is. {MADE_TO_FIT}.")
        read_nam(source)  # what is wrong with the file is said before anything is made
        heard, tuning = calibration_audio(list(request.audio)), _tuning(request.finetune, update)
        choice = model_from_nam(source, heard, name, request.submodel, request.force, tuning)
    except (TooSlow, NamError) as refusal:
        if request.exact or request.force:
            if isinstance(refusal, Beyond):
                raise Beyond(f"{refusal}; without --exact and --force a network that fits is made of it.") from None
            raise
        teacher = teacher_of(source)
        update(0.0, 1.0, str(refusal))
        clock = time.process_time if request.by_processor else time.monotonic
        fitted: MadeToFit = made_to_fit(teacher, request.audio, name, request.minutes, update, clock=clock)
        remarks.append(fitted.remark)
        chosen["made_to_fit"] = {
            "esr": fitted.esr,
            "minutes": fitted.minutes,
            "cpu_seconds": fitted.cpu_seconds,
        }
        return fitted.model
    chosen |= {"submodel": choice.submodel, "esr": choice.esr}
    if choice.submodel != "whole":
        remarks.append(f"submodel {choice.submodel} of the container.")
    remarks += choice.remarks
    return choice.model


def _level_remarks(model: IntegerModel, levels: dict[str, Any]) -> list[str]:
    if levels["loudness_lufs"] is None:
        return ["it plays nothing but silence; check the capture."]
    if model.trim_q12 in (1, MAX_TRIM_Q12) and levels["trim"] != "none":
        way = "quiet" if model.trim_q12 == MAX_TRIM_Q12 else "loud"
        return [
            f"it is so {way} ({levels['loudness_lufs']:.0f} LUFS) that its level trim is at its end, "
            f"{levels['trim_db']:+.0f} dB: it will not be as loud as other models."
        ]
    return []


def _tuning(wanted: bool, update: Update) -> Tuning | None:
    return Tuning(progress=lambda step, steps, error: update(step, steps, f"error {error:.1e}")) if wanted else None
