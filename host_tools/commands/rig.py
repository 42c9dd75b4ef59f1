"""The commands about the whole rig: is everything there, and does everything work together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import Json
from gritspace.host_tools.outputs import Writes


def doctor(json: Json = False) -> None:
    """Say what is installed and what is plugged in, and what to do about what is not.

    Exit code 0 if the demo can run, else 2.

    Example: gritspace doctor
    """
    from gritspace.host_tools.doctor import examine, ready, summary

    checks = examine()
    if json:
        console.print_json(summary(checks))
    else:
        marks = {True: "good", False: "MISSING"}
        console.print_table(
            ("", "", "found", "what to do"),
            [
                (
                    marks[check.good] if check.needed or check.good else "absent",
                    check.name,
                    check.found,
                    "" if check.good else check.advice,
                )
                for check in checks
            ],
        )
        console.say("" if ready(checks) else "Something that is needed is missing; see the last column.")
    raise typer.Exit(0 if ready(checks) else 2)


def demo(
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for everything the demo makes."), Writes(folder=True)
    ] = Path("out/demo"),
    minutes: Annotated[float, typer.Option(min=0.02, help="How long to train.")] = 3.0,
    train_seconds: Annotated[float | None, typer.Option(min=1, hidden=True)] = None,
    audio_seconds: Annotated[float, typer.Option(min=1, help="Length of the riff that the module plays.")] = 15,
    device_seconds: Annotated[float, typer.Option(min=0.5, help="Seconds of audio for every circuit's setting.")] = 3,
    seed: Annotated[int, typer.Option(help="For the audio and the training.")] = 1,
    json: Json = False,
) -> None:
    """Show all of it, small: train on built-in circuits, quantize, build, play on a simulated module, measure.

    Example: gritspace demo
    """
    from gritspace.host_tools.spaces.demo import run_demo

    if not json:
        console.say(f"Gritspace demo, seed {seed}; everything it makes goes to {out}/")
    seconds = 60 * minutes if train_seconds is None else train_seconds
    report = run_demo(
        out,
        seconds,
        audio_seconds,
        device_seconds,
        seed,
        console.Stages(quiet=json),
    )
    if json:
        console.print_json(report)
    else:
        console.print_report(report)
    raise typer.Exit(0 if report["good"] else 1)
