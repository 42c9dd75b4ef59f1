"""Options that several commands have, and so alike."""

from __future__ import annotations

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
DryRun = Annotated[bool, typer.Option("--dry-run", help="Measure and show; store nothing.")]
