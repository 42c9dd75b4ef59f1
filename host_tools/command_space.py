"""The commands that ask what a space is worth, and find new places in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.command_sound import Captures, Json


def evaluate(
    space: Annotated[Path, typer.Argument(help="A space, a .pt file that `gritspace train` wrote.")],
    captures: Captures = None,
    audio: Annotated[
        list[Path] | None, typer.Option(help="Dry audio, a file or a folder; repeatable. Else built-in signals.")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Where to write a report, a .html file.")] = None,
    seconds: Annotated[float, typer.Option(min=0.2, help="Of audio for each setting.")] = 4.0,
    enroll_seconds: Annotated[float, typer.Option(min=2, help="Of audio to enroll each test device from.")] = 20.0,
    json: Json = False,
) -> None:
    """Measure a space: on its devices, at settings between, and on test devices it has never heard.

    Example: gritspace evaluate space.pt --captures ~/captures --audio ~/guitar -o report.html
    """
    from gritspace.host_tools.space_evaluation import as_report, evaluate_space
    from gritspace.host_tools.space_report import print_examination, refuse_unwritable_report, write_examination

    refuse_unwritable_report(out)
    with console.progress("evaluate") as update:
        found = evaluate_space(space, captures or [], audio or [], seconds, enroll_seconds, update)
    report = as_report(found)
    if out is not None:
        write_examination(found, report, out)
    if json:
        console.print_json(report)
    else:
        print_examination(report, out)
