"""A fit of a device with its knobs as a user asks for it: of which recordings or device, and what is written of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.console import Stages, Update, esr_text
from gritspace.host_tools.inputs import RECORDING, Reads, refuse_unreadable
from gritspace.host_tools.models import knob_model_files
from gritspace.host_tools.outputs import refuse_unwritable
from gritspace.host_tools.snapshots.fit_report import write_knob_report
from gritspace.host_tools.snapshots.fitting import clock_of, dry_audio, use_free_threads
from gritspace.host_tools.sound.playing import play
from gritspace.quantize.model.model import IntegerModel
from gritspace.train.audio.recording.recording import read_recording
from gritspace.train.audio.recording.sound_file import CHANNELS
from gritspace.train.devices.device import Device
from gritspace.train.devices.finding import device_named
from gritspace.train.errors import InputError
from gritspace.train.knobs.fit import KnobFit, KnobFitConfig
from gritspace.train.knobs.knob_model import KNOB_SHAPES, KnobModel
from gritspace.train.knobs.material import Material, anywhere, from_a_device, from_recordings, held_esr, one_delay
from gritspace.train.knobs.settings import MAX_KNOBS, parse, spread, together
from gritspace.train.snapshot.descent import FitResult
from gritspace.train.snapshot.source import Source

Audio = NDArray[np.float32]

SETTINGS = {1: 5, 2: 9, 3: 15, 4: 20}
"""How many a device is played at, by the number of its knobs."""
BETWEEN = 8
"""At how many more a device is measured."""


@dataclass(frozen=True)
class KnobFitRequest:
    """The options of `gritspace fit` where there are knobs. wet, between: FILE@KNOB=V,... each. settings: 0 for as many
    as usual. knobs: names, of a plan without recordings. by_processor: what minutes are counted by, instead of the
    clock."""

    out: tuple[Path, ...] = ()
    dry: Path | None = None
    wet: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    device: str | None = None
    captures: tuple[Path, ...] = ()
    audio: tuple[Path, ...] = ()
    knobs: tuple[str, ...] = ()
    settings: int = 0
    config: KnobFitConfig = field(default_factory=KnobFitConfig)
    page: Path | None = None
    force: bool = False
    resume: bool = True
    channel: str | None = None
    by_processor: bool = False


def fit_knobs_as_requested(request: KnobFitRequest, stages: Stages) -> dict[str, Any]:
    """Fits, writes every `request.out`, returns what came of it. Raises InputError for unusable input."""
    refuse_unclear(request)
    use_free_threads()
    material, remarks = material_for(request, stages)
    checkpoint = request.out[0].with_name(request.out[0].name + ".checkpoint")
    if not request.resume:
        checkpoint.unlink(missing_ok=True)
    with stages.stage("fit", f"fit {request.config.shape} to {material.name}") as update:
        clock = clock_of(request.by_processor)
        fit = KnobFit(material.settings, material.sources, request.config, checkpoint, clock)
        result = fit.run(_told(update))
        update(1.0, 1.0, f"{result.steps} steps, ESR {esr_text(result.esr)} on held-out audio")
    facts: dict[str, Any] = {
        "esr": result.esr,
        "made_from": material.name,
        "shape": request.config.shape,
        "steps": result.steps,
        "seed": request.config.seed,
    }
    name = request.out[0].stem
    model = KnobModel(result.tcn, name, material.knobs, material.settings, material.licence, facts)
    with stages.stage("write", "write " + ", ".join(path.name for path in request.out)):
        report = as_values(request, material, model, result, remarks)
        heard = np.concatenate([one.dry for one in material.sources])
        for path in request.out:
            integers = knob_model_files.write(model, path, heard)
            if integers is not None:
                _add_integers(report, material, integers, fit.lead_in)
        if request.page is not None:
            write_knob_report(request.page, report, *_to_hear(material, model), result.checks)
    checkpoint.unlink(missing_ok=True)
    report["seconds"] = stages.seconds
    return report


def as_values(
    request: KnobFitRequest, material: Material, model: KnobModel, result: FitResult, remarks: Sequence[str]
) -> dict[str, Any]:
    """The report as plain values, for JSON. settings: each with its ESR on held-out audio; between: likewise of those
    that nothing was learnt from; medians of both, None where there is none."""
    lead_in = model.tcn.config.receptive_field - 1

    def rows(settings: Sequence[tuple[float, ...]], sources: Sequence[Source]) -> list[dict[str, Any]]:
        return [
            {
                "setting": by_name(material.knobs, setting),
                "esr": held_esr(source, model.render_audio(source.held_dry, setting), lead_in),
            }
            for setting, source in zip(settings, sources, strict=True)
        ]

    seen, between = rows(material.settings, material.sources), rows(material.between, material.beside)
    said = [*remarks, *result.remarks]
    if not between:
        said.append(
            "how it sounds at settings that were not recorded was not measured; give a recording at one with "
            "--between, or ask --plan."
        )
    return {
        "files": [str(path) for path in request.out],
        "source": material.name,
        "licence": material.licence,
        "knobs": list(material.knobs),
        "shape": request.config.shape,
        "macs_per_frame": model.tcn.config.macs_per_frame,
        "esr": result.esr,
        "settings": seen,
        "between": between,
        "esr_seen": float(np.median([row["esr"] for row in seen])),
        "esr_between": float(np.median([row["esr"] for row in between])) if between else None,
        "steps": result.steps,
        "resumed_at": result.resumed_at,
        "minutes": result.seconds / 60,
        "checks": [asdict(check) for check in result.checks],
        "remarks": said,
        "seed": request.config.seed,
    }


def material_for(request: KnobFitRequest, stages: Stages) -> tuple[Material, list[str]]:
    """What to fit to, and what is to be said of it."""
    with stages.stage("audio", "read and align" if request.device is None else f"play {request.device}") as update:
        if request.device is not None:
            device = device_named(request.device, request.captures)
            return _of_device(device, request), []
        return _of_recordings(request, update)


def _of_device(device: Device, request: KnobFitRequest) -> Material:
    count = len(device.knobs)
    if not 1 <= count <= MAX_KNOBS:
        raise InputError(
            f"{device.name}: it has {count or 'no'} knobs, and a module plays 1 to {MAX_KNOBS}; with --knob it becomes "
            "a snapshot of one setting."
        )
    settings = spread(request.settings or SETTINGS[count], count)
    dry, held = dry_audio(request.audio, request.config.seed)
    return from_a_device(device, settings, anywhere(count, BETWEEN, settings), dry, held)


def _of_recordings(request: KnobFitRequest, update: Update) -> tuple[Material, list[str]]:
    files = [parse(text) for text in request.wet]
    knobs, settings = together(files)
    beside = [parse(text) for text in request.between]
    between = together(beside, files)[1] if beside else []
    assert request.dry is not None
    recordings = []
    for index, one in enumerate([*files, *beside]):
        update(index, len(files) + len(beside), one.path.name)
        recordings.append(read_recording(request.dry, one.path, request.force, channel=request.channel))
    names = [one.path.name for one in (*files, *beside)]
    moved, apart = one_delay(recordings, names)
    said = dict.fromkeys(remark for one in recordings for remark in one.remarks)
    count = len(files)
    name = request.out[0].stem if request.out else files[0].path.stem
    material = from_recordings(
        name, knobs, settings, moved[:count], between, moved[count:], [one.text for one in (*files, *beside)]
    )
    return material, [*said, *apart]


def _add_integers(report: dict[str, Any], material: Material, integers: IntegerModel, lead_in: int) -> None:
    every = [(*material.settings, *material.between), (*material.sources, *material.beside)]
    rows = [*report["settings"], *report["between"]]
    for row, setting, source in zip(rows, *every, strict=True):
        heard = play(integers, source.held_dry, knob_model_files.position_of(setting), "c")
        row["esr_integer"] = held_esr(source, heard, lead_in)
    for name, of in (("seen", report["settings"]), ("between", report["between"])):
        report[f"esr_{name}_integer"] = float(np.median([row["esr_integer"] for row in of])) if of else None


def _to_hear(material: Material, model: KnobModel) -> tuple[Audio, Audio, Audio]:
    """Of the setting nearest to the middle: dry, device, model."""
    middle = int(np.argmin([sum((x - 0.5) ** 2 for x in setting) for setting in material.settings]))
    source = material.sources[middle]
    return source.held_dry, source.held_wet, model.render_audio(source.held_dry, material.settings[middle])


def by_name(knobs: Sequence[str], setting: Sequence[float]) -> dict[str, float]:
    """A setting as JSON has it."""
    return {knob: round(float(value), 4) for knob, value in zip(knobs, setting, strict=True)}


def _told(update: Update) -> Any:
    def told(step: int, share: float, error: float, seconds_left: float) -> None:
        minutes, seconds = divmod(round(seconds_left), 60)
        update(share, 1.0, f"step {step}, ESR {esr_text(error)} on held-out audio, {minutes}:{seconds:02d} left")

    return told


def refuse_unclear(request: KnobFitRequest) -> None:
    """Raises InputError, before any work, for what cannot be done as asked."""
    if request.config.shape not in KNOB_SHAPES:
        raise InputError(
            f"--shape {request.config.shape}: no model with knobs has this shape; there are {', '.join(KNOB_SHAPES)}."
        )
    if request.channel not in (None, *CHANNELS):
        raise InputError(f"--channel {request.channel}: there is no such; there are {', '.join(CHANNELS)}.")
    if request.wet:
        files = [parse(text) for text in request.wet]
        together([parse(text) for text in request.between] or files, files if request.between else ())
        together(files)
    for text in (*request.wet, *request.between):
        refuse_unreadable(parse(text).path, Reads(RECORDING, sounding=True))
    for path in (*request.out, *((request.page,) if request.page else ())):
        refuse_unwritable(path)
    for path in request.out:
        knob_model_files.refuse_unknown_suffix(path)
