"""The command that measures a module's inputs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import DryRun, Json, Port


def calibrate(
    port: Port = None,
    volts: Annotated[str, typer.Option(help="The voltages that you can patch, with commas between.")] = "1,3,5",
    cv: Annotated[list[int] | None, typer.Option(min=1, help="Only this CV input; repeatable.")] = None,
    knobs: Annotated[bool, typer.Option("--knobs", help="The knobs' ends instead of the CV inputs.")] = False,
    knob: Annotated[list[int] | None, typer.Option(min=1, help="Only this knob; repeatable.")] = None,
    dry_run: DryRun = False,
    dry: Annotated[bool, typer.Option("--dry", hidden=True)] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Back to the nominal calibration, without measuring.")] = False,
    json: Json = False,
) -> None:
    """Calibrate the CV inputs with known voltages: unplug all, then patch each voltage into each input as you are told.

    With --knobs: turn each knob to its ends as you are told, twice.

    Example: gritspace calibrate --port /dev/ttyACM0 --volts 1,3,5
    """
    from dataclasses import asdict

    from gritspace.host_tools.errors import RigError
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import calibration, memory
    from gritspace.host_tools.ports import the_port

    dry = dry or dry_run
    if knobs or knob:
        _calibrate_knobs(port, None if not knob else [place - 1 for place in knob], dry, reset, json)
        return
    try:
        wanted = [float(part) for part in volts.split(",")]
    except ValueError:
        raise RigError(f"--volts {volts}: write numbers with commas between, such as 1,3,5.") from None

    def patch(place: int | None, volt: float) -> None:
        what = "unplug all CV inputs" if place is None else f"patch {volt:g} V into CV input {place + 1}"
        console.err().print(f"{what}, then press Enter ", end="")
        if not sys.stdin.readline():
            raise RigError("calibration asks for what to patch; run it in a terminal.")

    inputs = None if not cv else [place - 1 for place in cv]
    with Module(the_port(port)) as module:
        if reset:
            for place in range(memory.get_settings(module).cvs) if inputs is None else inputs:
                memory.put_calibration(module, place, 0, 0, measured=False)
            memory.wait_until_saved(module)
            console.say("The calibration is the nominal one again.")
            return
        lines = calibration.calibrate(module, wanted, patch, inputs)
        if not dry:
            calibration.store(module, lines)
    if json:
        console.print_json({str(place + 1): asdict(line) for place, line in lines.items()})
        return
    console.print_table(
        ("CV input>", "offset at the pin>", "gain>", "residual error>", "noise>"),
        [
            (
                str(place + 1),
                f"{line.offset_uv / 1000:.1f} mV",
                f"{line.gain_ppm / 1e6:.6f}",
                f"{line.residual_mv:.2f} mV",
                f"{line.noise_mv:.2f} mV",
            )
            for place, line in lines.items()
        ],
    )
    console.say("Nothing was stored." if dry else "Stored in the module's flash.")


def _calibrate_knobs(port: str | None, chosen: list[int] | None, dry: bool, reset: bool, json: bool) -> None:
    from dataclasses import asdict

    from gritspace.host_tools.errors import RigError
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import calibration, memory
    from gritspace.host_tools.ports import the_port

    def turn(place: int, side: str) -> None:
        console.err().print(f"turn knob {place + 1} fully {side}, let go of it, then press Enter ", end="")
        if not sys.stdin.readline():
            raise RigError("calibration asks for what to turn; run it in a terminal.")

    with Module(the_port(port)) as module:
        if reset:
            for place in range(memory.get_settings(module).knobs) if chosen is None else chosen:
                memory.put_knob_ends(module, place, 0, 0, measured=False)
            memory.wait_until_saved(module)
            console.say("The knobs' ends are the nominal ones again.")
            return
        found = calibration.calibrate_knobs(module, turn, chosen)
        if not dry:
            calibration.store_ends(module, found)
    if json:
        console.print_json({str(place + 1): asdict(ends) for place, ends in found.items()})
        return
    console.print_table(
        ("knob>", "left>", "right>", "residual error>", "noise>"),
        [
            (str(place + 1), f"{ends.left:,}", f"{ends.right:,}", f"{ends.residual:.2%}", f"{ends.noise:.3%}")
            for place, ends in found.items()
        ],
    )
    console.say("Nothing was stored." if dry else "Stored in the module's flash.")
