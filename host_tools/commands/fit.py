"""The command that makes a snapshot of one device."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import Captures, Json
from gritspace.host_tools.inputs import AUDIO, CAPTURE, CHAIN, RECORDING, Reads
from gritspace.host_tools.outputs import Writes


class Shape(StrEnum):
    """Networks that a snapshot can be: as gritspace.train.snapshot.fit.SHAPES."""

    a2_full = "a2-full"
    a2_lite = "a2-lite"
    a1_standard = "a1-standard"


def fit(
    out: Annotated[
        list[Path],
        typer.Option("-o", "--out", help="Where to write: a .pt, .nam or .grit file; may be given repeatedly."),
        Writes((".pt", ".nam", ".grit")),
    ],
    dry: Annotated[
        Path | None, typer.Option(help="What was played: mono, any rate."), Reads(RECORDING, sounding=True)
    ] = None,
    wet: Annotated[
        Path | None,
        typer.Option(help="What the device made of it, recorded at the same time."),
        Reads(RECORDING, sounding=True),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="Instead of a recording: a capture's file, or a device's name, to learn from."),
        Reads(CAPTURE, CHAIN, any_name=True),
    ] = None,
    knob: Annotated[
        list[str] | None, typer.Option(help="Of --device: NAME=V with V from 0 to 1; others stand at 0.5.")
    ] = None,
    captures: Captures = None,
    audio: Annotated[
        list[Path] | None,
        typer.Option(help="What to play --device: a file or a folder; else built-in signals."),
        Reads(AUDIO, folder=True),
    ] = None,
    shape: Annotated[Shape, typer.Option(help="The network.")] = Shape.a2_full,
    minutes: Annotated[float, typer.Option(min=0.05, help="How long to fit.")] = 10.0,
    target: Annotated[float, typer.Option(min=0, help="Stop at this ESR on held-out audio.")] = 0.0,
    plot: Annotated[
        Path | None,
        typer.Option(help="Write a picture of the comparison: .png, .svg or .pdf."),
        Writes((".png", ".svg", ".pdf")),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a page to listen to and to read: .html."), Writes((".html", ".htm"))
    ] = None,
    seed: Annotated[int, typer.Option(help="For everything random.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Take a recording that is clipped or in doubt.")] = False,
    channel: Annotated[
        str | None, typer.Option(help="Of a stereo recording whose channels differ: left, right or mix.")
    ] = None,
    resume: Annotated[bool, typer.Option(help="Go on with an interrupted fit of the same name.")] = True,
    json: Json = False,
) -> None:
    """Fit a snapshot to one recording of a device, or to a capture: aligned, checked, measured on audio held out.

    Example: gritspace fit --dry played.wav --wet pedal.wav -o pedal.grit -o pedal.nam
    """
    from gritspace.host_tools.arguments import refuse_unclear_source

    refuse_unclear_source(dry, wet, device)
    from gritspace.host_tools.spaces.fitting import FitRequest, fit_as_requested
    from gritspace.train.snapshot.fit import FitConfig

    request = FitRequest(
        out=tuple(out),
        dry=dry,
        wet=wet,
        device=device,
        knobs=tuple(knob or ()),
        captures=tuple(captures or ()),
        audio=tuple(audio or ()),
        config=FitConfig(shape=shape.value, minutes=minutes, target_esr=target, seed=seed),
        plot=plot,
        page=report,
        force=force,
        resume=resume,
        channel=channel,
    )
    found = fit_as_requested(request, console.Stages(quiet=json))
    if json:
        console.print_json(found)
        return
    for remark in found["remarks"]:
        console.say(remark)
    console.say(
        f"{', '.join(found['files'])}: ESR {console.esr_text(found['esr'])} on held-out audio, "
        f"{found['macs_per_frame']:,} multiplications a frame"
    )
    held = found["held_out"]
    if held["esr_high"] is not None:
        console.say(
            f"measured on {held['seconds']:g} s in {held['clips']} clips it did not learn from; on other clips expect "
            f"{console.esr_text(held['esr_low'])} to {console.esr_text(held['esr_high'])}"
        )
    if "esr_integer" in found:
        console.say(f"in integers: ESR {console.esr_text(found['esr_integer'])}")
