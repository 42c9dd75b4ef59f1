"""A whole hardware-in-the-loop test as a user asks for it: files in, report out."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gritspace.host_tools import hil, hil_plan, report
from gritspace.host_tools.arguments import position_q15
from gritspace.host_tools.console import Stages
from gritspace.host_tools.errors import RigError
from gritspace.host_tools.model_files import model_with_sha256, read_space, space_of
from gritspace.host_tools.module_client import Module
from gritspace.quantize.grit import read_grit
from gritspace.train.audio_file import read_audio

if TYPE_CHECKING:
    from gritspace.train.space import Space

SIMULATED = "sim"


@dataclass(frozen=True)
class Request:
    """What to test and where to write: the options of `gritspace hil`."""

    port: str
    audio: Path
    out: Path
    model: Path | None = None
    space: Path | None = None
    devices: tuple[str, ...] = ()
    captures: tuple[Path, ...] = ()
    position: str | None = None
    device_seconds: float = 4.0
    settings_each: int = 1


def run_test(request: Request, stages: Stages) -> dict[str, Any]:
    """Tests, writes `out` (HTML), the same name as .json, and a folder of WAV files; returns the report.

    Raises InputError for unusable files, RigError for a wrong module, LinkError for a failing link.
    """
    refuse_unwritable(request.out)
    audio = read_audio(request.audio)
    with ExitStack() as stack:
        port, model_file = request.port, request.model
        if port == SIMULATED:
            if model_file is None:
                raise RigError("--port sim starts a module of its own and must know what it runs: add --model FILE.")
            from gritspace.host_tools.simulated import simulated_module

            with stages.stage("build", "build and start a simulated module"):
                port = stack.enter_context(simulated_module(read_grit(model_file)))
        if model_file is None:
            with Module(port) as module:
                wanted = module.info().model_sha256
            model_file = model_with_sha256(wanted, (Path.cwd(), request.audio.parent, request.out.parent))
        model = read_grit(model_file)
        position = None if request.position is None else position_q15(request.position, model)
        space_file = request.space or space_of(model_file, model)
        space: Space | None = None
        with stages.stage("devices", "render the devices to compare with") as update:
            devices = []
            if space_file is not None:
                space = read_space(space_file)
                hil_plan.refuse_another_space(space, model)
                devices = hil_plan.devices_of(space, request.devices, request.captures)
            elif request.devices:
                raise RigError("--device needs the space to know where the device lies: add --space FILE.")
            planned = hil_plan.plan(
                model, audio, position, space, devices, request.device_seconds, request.settings_each, update
            )
        with stages.stage("hil", "play through the module and compare") as update:
            measured = hil.measure(port, model, planned, None if space is None else hil_plan.player(space), update)
    return write_down(measured, request.out, stages, "Gritspace: hardware in the loop", {"audio": str(request.audio)})


def write_down(
    measured: hil.Measurement, out: Path, stages: Stages, title: str, extra: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Writes WAV files, JSON and HTML; returns the report, with the paths of what was written."""
    with stages.stage("report", "write the report and the WAV files"):
        wavs = report.write_wavs(measured, out.with_name(out.stem + "-wav"))
        values = hil.as_report(measured) | (extra or {})
        values["seconds"] = {**stages.seconds, **values["seconds"]}
        values["wav_files"] = [str(path.relative_to(out.parent)) for path in wavs]
        values["report_html"], values["report_json"] = str(out), str(out.with_suffix(".json"))
        report.write_report(measured, values, out, title)
    return values


def refuse_unwritable(out: Path) -> None:
    """Raises RigError before minutes of work, not after, if the report could not be written."""
    if out.suffix.lower() not in (".html", ".htm"):
        raise RigError(f"{out}: the report is an HTML page; name it with .html (its .json goes beside it).")
    if out.is_dir() or not out.parent.is_dir():
        raise RigError(f"{out}: the folder {out.parent} does not exist; make it, or choose another place.")
