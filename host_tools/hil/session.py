"""A whole hardware-in-the-loop test as a user asks for it: files in, report out."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gritspace.host_tools.arguments import PLAYED, bend_q15, position_q15
from gritspace.host_tools.console import Stages
from gritspace.host_tools.errors import RigError
from gritspace.host_tools.hil import bank as hil_bank
from gritspace.host_tools.hil import junit, measure, plan, report, soak
from gritspace.host_tools.hil.automation_file import read_automation
from gritspace.host_tools.hil.rig_file import STARTED, reachable, read_rig, started
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.models.made_from import space_of
from gritspace.host_tools.models.model_files import model_with_sha256, read_space
from gritspace.host_tools.ports import refuse_no_model
from gritspace.quantize.model.grit import read_grit
from gritspace.train.audio.audio_file import read_audio

if TYPE_CHECKING:
    from gritspace.train.space.space import Space


@dataclass(frozen=True)
class Request:
    """What to test and where to write: the options of `gritspace hil`."""

    port: str | None
    audio: Path
    out: Path
    model: Path | None = None
    space: Path | None = None
    devices: tuple[str, ...] = ()
    captures: tuple[Path, ...] = ()
    position: str | None = None
    bend: str = "none"
    gate: int = 0
    """In front, dB below full scale; 0: none."""
    device_seconds: float = 4.0
    settings_each: int = 1
    automation: Path | None = None
    minutes: float = 0.0
    all_models: bool = False
    rig: Path | None = None
    junit: Path | None = None


def run_test(request: Request, stages: Stages) -> dict[str, Any]:
    """Tests one module, or all of a rig; writes reports; returns the report of the one, or of all together.

    Raises InputError for unusable files, RigError for a wrong or missing module, LinkError for a failing link.
    """
    refuse_unwritable(request.out)
    if request.junit is not None and not request.junit.parent.is_dir():
        raise RigError(f"{request.junit}: the folder {request.junit.parent} does not exist; make it.")
    if (request.port is None) == (request.rig is None):
        raise RigError("name what to test: --port PORT for one module, or --rig FILE for all that stand on a bench.")
    result = measure_module(request, stages) if request.rig is None else measure_rig(request, request.rig, stages)
    if request.junit is not None:
        junit.write_junit(result, request.junit)
    return result


def measure_rig(request: Request, rig: Path, stages: Stages) -> dict[str, Any]:
    """Every module of a rig, one after the other; each has a report of its own beside the one of all."""
    modules = read_rig(rig)
    reports = []
    with ExitStack() as stack:
        ports = {module.name: stack.enter_context(reachable(module)) for module in modules}  # all, before any is tested
        for module in modules:
            out = request.out.with_name(f"{request.out.stem}-{re.sub(r'[^A-Za-z0-9._-]+', '_', module.name)}.html")
            one = replace(request, port=ports[module.name], model=module.model or request.model, out=out, rig=None)
            reports.append(measure_module(one, stages) | {"rig_module": module.name})
    together = {
        "good": all(one["good"] for one in reports),
        "differing_samples": sum(one["differing_samples"] for one in reports),
        "frames": sum(one["frames"] for one in reports),
        "xruns": sum(one["xruns"] for one in reports),
        "link": {key: sum(one["link"][key] for one in reports) for key in reports[0]["link"]},
        "rig": str(rig),
        "modules": reports,
        "report_json": str(request.out.with_suffix(".json")),
    }
    report.write_text(request.out.with_suffix(".json"), json.dumps(together, indent=2, allow_nan=False) + "\n")
    return together


def measure_module(request: Request, stages: Stages) -> dict[str, Any]:
    """Writes `out` (HTML), the same name as .json, and a folder of WAV files; returns the report."""
    assert request.port is not None
    audio = read_audio(request.audio)
    with ExitStack() as stack:
        port, model_file = request.port, request.model
        refuse_no_model(port, model_file)
        if port in STARTED and model_file is not None:
            with stages.stage("build", "build and start a module of its own"):
                port = stack.enter_context(started(port, read_grit(model_file)))
        folders = (Path.cwd(), request.audio.parent, request.out.parent)
        if model_file is None:
            with Module(port) as module:
                wanted = module.info().model_sha256
            model_file = model_with_sha256(wanted, folders)
        model = read_grit(model_file)
        bank = hil_bank.find_models(port, (*folders, model_file.parent)) if request.all_models else []
        bent = request.bend != "none"
        position = None
        if request.position is not None:
            position = bend_q15(request.position, request.bend) if bent else position_q15(request.position, model)
        size, names = (PLAYED, ()) if bent else (model.played_size, model.knob_names)
        moves = None if request.automation is None else read_automation(request.automation, size, names)
        space_file = request.space or space_of(model_file, model)
        space: Space | None = None
        with stages.stage("devices", "render the devices to compare with") as update:
            devices = []
            if space_file is not None:
                space = read_space(space_file)
                plan.refuse_another_space(space, model)
                devices = plan.devices_of(space, request.devices, request.captures)
            elif request.devices:
                raise RigError("--device needs the space to know where the device lies: add --space FILE.")
            planned = plan.plan(
                model,
                audio,
                position,
                space,
                devices,
                request.device_seconds,
                request.settings_each,
                update,
                moves,
                request.bend,
                request.gate,
            )
        with stages.stage("hil", "play through the module and compare") as update:
            measured = measure.measure(port, model, planned, None if space is None else plan.player(space), update)
        extra: dict[str, Any] = {"audio": str(request.audio)}
        if bent:
            extra["bend"] = request.bend
        if request.gate:
            extra["gate"] = -request.gate
        if request.automation is not None:
            extra["automation"] = {"file": str(request.automation), "moves": len(moves or ())}
        if request.all_models:
            with stages.stage("bank", f"play through the {len(bank)} other models of the bank") as update:
                extra["models"] = hil_bank.measure_all(port, bank, audio, update)
        if request.minutes > 0:
            with stages.stage("soak", f"play on for {request.minutes:g} minutes") as update:
                extra["soak"] = soak.soak(port, measured, request.minutes, update).as_values()
    return write_down(measured, request.out, stages, "Gritspace: hardware in the loop", extra)


def write_down(
    measured: measure.Measurement, out: Path, stages: Stages, title: str, extra: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Writes WAV files, JSON and HTML; returns the report, with the paths of what was written."""
    with stages.stage("report", "write the report and the WAV files"):
        wavs = report.write_wavs(measured, out.with_name(out.stem + "-wav"))
        values = with_all_counted(measure.as_report(measured) | (extra or {}))
        values["seconds"] = {**stages.seconds, **values["seconds"]}
        values["wav_files"] = [str(path.relative_to(out.parent)) for path in wavs]
        values["report_html"], values["report_json"] = str(out), str(out.with_suffix(".json"))
        report.write_report(measured, values, out, title)
    return values


def with_all_counted(values: dict[str, Any]) -> dict[str, Any]:
    """differing_samples, frames and good over the takes, the bank's other models and the soak together."""
    parts = [values, *values.get("models", []), *([values["soak"]] if "soak" in values else [])]
    differing = sum(part["differing_samples"] for part in parts)
    frames = sum(part["frames"] for part in parts)
    return values | {"differing_samples": differing, "frames": frames, "good": differing == 0}


def refuse_unwritable(out: Path) -> None:
    """Raises RigError before minutes of work, not after, if the report could not be written."""
    if out.suffix.lower() not in (".html", ".htm"):
        raise RigError(f"{out}: the report is an HTML page; name it with .html (its .json goes beside it).")
    if out.is_dir() or not out.parent.is_dir():
        raise RigError(f"{out}: the folder {out.parent} does not exist; make it, or choose another place.")
