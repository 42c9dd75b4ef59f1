"""Options that several commands have, and so alike."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools.inputs import AUDIO, CAPTURE, CHAIN, Reads

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Captures = Annotated[
    list[Path] | None,
    typer.Option("--captures", help="A capture, or a folder of captures; may be given repeatedly."),
    Reads(CAPTURE, CHAIN, folder=True),
]
DryAudio = Annotated[
    list[Path] | None,
    typer.Option("--audio", help="Dry audio, a file or a folder; repeatable. Else built-in signals."),
    Reads(AUDIO, folder=True),
]
Port = Annotated[
    str | None, typer.Option(help="The module's serial port; else GRITSPACE_PORT, else the one that is plugged in.")
]


class BendKind(StrEnum):
    """What leaves the region where amplifiers sound (docs/knobs.md)."""

    none = "none"
    slope = "slope"
    hold = "hold"
    feedback = "feedback"
    rate = "rate"


Bend = Annotated[BendKind, typer.Option(help="A bend on top; --position then means its four knobs (docs/knobs.md).")]
Gate = Annotated[
    int | None, typer.Option(min=-96, max=-1, help="A gate in front that opens at so many dBFS, such as -60.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Measure and show; store nothing.")]
