"""Options that several commands have, and so alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Captures = Annotated[
    list[Path] | None, typer.Option("--captures", help="A capture, or a folder of captures; may be given repeatedly.")
]
Port = Annotated[str, typer.Option(help="The module's serial port; `gritspace doctor` lists them.")]
