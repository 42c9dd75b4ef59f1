"""The command that makes a snapshot of one device, or a model with the device's own knobs."""

from __future__ import annotations

from enum import StrEnum
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import Captures, Json
from gritspace.host_tools.inputs import AUDIO, CAPTURE, CHAIN, RECORDING, Reads
from gritspace.host_tools.outputs import Writes


class Shape(StrEnum):
    """Networks of a snapshot, as gritspace.train.snapshot.fit.SHAPES, and of a model with knobs, as KNOB_SHAPES."""

    a2_full = "a2-full"
    a2_lite = "a2-lite"
    a1_standard = "a1-standard"
    knobs = "knobs"


def fit(
    out: Annotated[
        list[Path] | None,
        typer.Option("-o", "--out", help="Where to write: a .pt, .nam or .grit file; may be given repeatedly."),
        Writes((".pt", ".nam", ".grit")),
    ] = None,
    dry: Annotated[
        list[Path] | None,
        typer.Option(help="What was played: mono, any rate; of several clips one --dry and one --wet each, in order."),
        Reads(RECORDING, sounding=True),
    ] = None,
    wet: Annotated[
        list[str] | None,
        typer.Option(
            help="What the device made of it, recorded at the same time; of several settings FILE@KNOB=V,... each."
        ),
        Reads(RECORDING, sounding=True, any_name=True),
    ] = None,
    between: Annotated[
        list[str] | None,
        typer.Option(help="FILE@KNOB=V,... of one more setting, to measure and not to learn from; repeatable."),
        Reads(RECORDING, sounding=True, any_name=True),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="Instead of a recording: a capture's file, or a device's name, to learn from."),
        Reads(CAPTURE, CHAIN, any_name=True),
    ] = None,
    knob: Annotated[
        list[str] | None,
        typer.Option(
            help="Of --device: NAME=V with V from 0 to 1, others stand at 0.5; without any, all become the model's."
        ),
    ] = None,
    settings: Annotated[
        int, typer.Option(min=0, max=200, help="At how many settings to play --device; with --plan, how many to name.")
    ] = 0,
    plan: Annotated[
        bool,
        typer.Option("--plan", help="Write nothing; say which settings to record next; with --knob NAME alone, first."),
    ] = False,
    captures: Captures = None,
    audio: Annotated[
        list[Path] | None,
        typer.Option(help="What to play --device: a file or a folder; else built-in signals."),
        Reads(AUDIO, folder=True),
    ] = None,
    shape: Annotated[
        Shape | None, typer.Option(help="The network; else a2-full, and with knobs of its own knobs.")
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.05, help="How long to fit.")] = 10.0,
    by_processor: Annotated[
        bool,
        typer.Option(
            "--by-processor", help="Count --minutes by the processor: on a busy machine as good as on a free."
        ),
    ] = False,
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
    """Fit a snapshot to one recording of a device, or to a capture: aligned, checked, measured on audio held out. Of
    recordings at several settings, or a device with knobs, a model with the same knobs.

    Example: gritspace fit --dry played.wav --wet pedal.wav -o pedal.grit -o pedal.nam

    Example: gritspace fit --dry a.wav --wet a_pedal.wav --dry b.wav --wet b_pedal.wav -o pedal.grit

    Example: gritspace fit --dry d.wav --wet low.wav@gain=0.2 --wet mid.wav@gain=0.5 --wet high.wav@gain=1 -o pedal.grit
    """
    from gritspace.host_tools.arguments import (
        refuse_unclear_clips,
        refuse_unclear_fit,
        refuse_unclear_source,
        refuse_unfit_source,
        settings_are_given,
    )

    first = dry[0] if dry else None
    clips = len(dry or ()) > 1
    if clips:
        refuse_unclear_clips(dry or (), wet or (), between or (), plan)
    refuse_unclear_fit(tuple(out or ()), plan, first, tuple(wet or ()), device, tuple(knob or ()))
    of_settings = not clips and settings_are_given(wet or (), between or ())
    if not of_settings and not plan:
        for played, came in zip_longest(dry or (None,), wet or (None,)):
            refuse_unclear_source(played, Path(came) if came else None, device)
    if not clips and not (device and captures):
        refuse_unfit_source(first, wet or (), between or (), device, knob or ())
    if plan or of_settings or (device and not knob and _has_knobs(device, captures)):
        _with_knobs(
            out=tuple(out or ()),
            dry=first,
            wet=tuple(wet or ()),
            between=tuple(between or ()),
            device=device,
            captures=tuple(captures or ()),
            audio=tuple(audio or ()),
            knobs=tuple(knob or ()),
            settings=settings,
            shape=(shape or Shape.knobs).value,
            minutes=minutes,
            by_processor=by_processor,
            target=target,
            seed=seed,
            plot=plot,
            page=report,
            force=force,
            resume=resume,
            channel=channel,
            plan=plan,
            json=json,
        )
        return
    from gritspace.host_tools.snapshots.fitting import FitRequest, fit_as_requested
    from gritspace.train.snapshot.fit import FitConfig

    request = FitRequest(
        out=tuple(out or ()),
        dry=tuple(dry or ()),
        wet=tuple(Path(one) for one in wet or ()),
        device=device,
        knobs=tuple(knob or ()),
        captures=tuple(captures or ()),
        audio=tuple(audio or ()),
        config=FitConfig(shape=(shape or Shape.a2_full).value, minutes=minutes, target_esr=target, seed=seed),
        plot=plot,
        page=report,
        force=force,
        resume=resume,
        channel=channel,
        by_processor=by_processor,
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


def _has_knobs(device: str, captures: list[Path] | None) -> bool:
    from gritspace.train.devices.finding import device_named

    return bool(device_named(device, captures or ()).knobs)


def _with_knobs(
    *, plan: bool, json: bool, shape: str, minutes: float, target: float, seed: int, plot: Path | None, **request: Any
) -> None:
    from gritspace.host_tools.snapshots.knob_fitting import KnobFitRequest, fit_knobs_as_requested
    from gritspace.host_tools.snapshots.knob_planning import plan_as_requested
    from gritspace.train.errors import InputError
    from gritspace.train.knobs.fit import KnobFitConfig

    if plot is not None:
        raise InputError("--plot is of one setting; with knobs ask for a --report.")
    config = KnobFitConfig(shape=shape, minutes=minutes, target_esr=target, seed=seed)
    asked = KnobFitRequest(config=config, **request)
    found = (plan_as_requested if plan else fit_knobs_as_requested)(asked, console.Stages(quiet=json))
    if json:
        console.print_json(found)
        return
    for remark in found["remarks"]:
        console.say(remark)
    (_say_plan if plan else _say_fit)(found)


def _say_plan(found: dict[str, Any]) -> None:
    for row in found["left_out"]:
        console.say(f"{_words(row)}: foretold by the others with an ESR of {console.esr_text(row['esr'])}")
    for row in found["next"]:
        expected = "" if row["esr"] is None else f", where an ESR of {console.esr_text(row['esr'])} is to be expected"
        console.say(f"record {_words(row)}{expected}")


def _say_fit(found: dict[str, Any]) -> None:
    for title in ("settings", "between"):
        if found[title]:
            name = "learnt from" if title == "settings" else "between"
            console.print_table(
                (name, "ESR on held-out audio>", "in integers>"),
                [
                    (_words(row), console.esr_text(row["esr"]), console.esr_text(row.get("esr_integer")))
                    for row in found[title]
                ],
            )
    between = found["esr_between"]
    console.say(
        f"{', '.join(found['files'])}: median ESR {console.esr_text(found['esr_seen'])} at {len(found['settings'])} "
        f"settings learnt from"
        + ("" if between is None else f", {console.esr_text(between)} at {len(found['between'])} between")
        + f"; knobs {', '.join(found['knobs'])}; {found['macs_per_frame']:,} multiplications a frame"
    )


def _words(row: dict[str, Any]) -> str:
    return ",".join(f"{name}={value:.4g}" for name, value in row["setting"].items())
