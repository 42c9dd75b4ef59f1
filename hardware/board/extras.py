"""What other people's programs make of the board: the Gerbers read back, renders, a bill to click through."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from . import tools


def _quietly(command: list[str | Path], cwd: Path | None = None) -> bool:
    environment = {**os.environ, "INTERACTIVE_HTML_BOM_NO_DISPLAY": "1"}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, timeout=240
    )
    return done.returncode == 0


def read_back(gerbers: Path, work: Path) -> dict[str, Any] | None:
    """What gerbonara reads in the Gerbers; None where it cannot be had."""
    python = tools.readers(work)
    if python is None or not _quietly([python, tools.HERE / "reading.py", gerbers, work / "reading.json"]):
        return None
    content: dict[str, Any] = json.loads((work / "reading.json").read_text(encoding="utf-8"))
    return content


def renders(gerbers: Path, fab: Path, work: Path) -> list[str]:
    """Pictures of both sides, as the factory would make them. Returns the files that were made."""
    python = tools.readers(work)
    made = []
    for side in ("top", "bottom"):
        out = fab / f"render_{side}.svg"
        if python is not None and _quietly(
            [python.parent / "gerbonara", "render", "--warnings", "ignore", f"--{side}", gerbers, out]
        ):
            made.append(out.name)
    return made


def interactive_bom(board: Path, fab: Path, work: Path) -> bool:
    """The bill beside the board, as a page to click through (InteractiveHtmlBom)."""
    python = tools.readers(work)
    if python is None:
        return False
    program = python.parent / "generate_interactive_bom"
    arguments = [
        "--no-browser",
        "--dest-dir",
        str(fab.resolve()),
        "--name-format",
        "ibom",
        "--include-nets",
        "--dark-mode",
    ]
    return _quietly([program, *arguments, board.resolve()])
