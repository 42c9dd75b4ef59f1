"""What other people's programs make of the board: the Gerbers read back, renders, a bill to click through, a solid."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
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
    python = tools.readers()
    if python is None or not _quietly([python, tools.HERE / "reading.py", gerbers, work / "reading.json"]):
        return None
    content: dict[str, Any] = json.loads((work / "reading.json").read_text(encoding="utf-8"))
    return content


def renders(gerbers: Path, fab: Path) -> list[str]:
    """Pictures of both sides, as the factory would make them. Returns the files that were made."""
    python = tools.readers()
    made = []
    for side in ("top", "bottom"):
        out = fab / f"render_{side}.svg"
        if python is not None and _quietly(
            [python.parent / "gerbonara", "render", "--warnings", "ignore", f"--{side}", gerbers, out]
        ):
            made.append(out.name)
    return made


def interactive_bom(board: Path, fab: Path) -> bool:
    """The bill beside the board, as a page to click through (InteractiveHtmlBom)."""
    python = tools.readers()
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


_STEP_END = b"END-ISO-10303-21;"


def step(board: Path, out: Path, seconds: float = 120.0) -> bool:
    """The board as a solid with its holes, by KiCad 6's kicad2step; parts too where kicad-packages3d is installed.

    The program wants a display (xvfb-run lends one) and, its file written, does not end by itself: it is ended here
    when the file is whole. False where it is missing or was not done in time.
    """
    program = shutil.which("kicad2step")
    display = [] if os.environ.get("DISPLAY") else ["xvfb-run", "-a"]
    if program is None or (display and shutil.which("xvfb-run") is None):
        return False
    out.unlink(missing_ok=True)
    command = [*display, program, "-f", "-o", str(out), str(board)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    ends = time.monotonic() + seconds
    whole = False
    while not whole and time.monotonic() < ends and (running.poll() is None or out.exists()):
        time.sleep(0.5)
        whole = out.exists() and out.read_bytes().rstrip().endswith(_STEP_END)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGTERM)
    running.wait()
    if whole:
        text = out.read_text(encoding="utf-8")
        out.write_text(
            re.sub(r"FILE_NAME\('[^']*','[^']*'", f"FILE_NAME('{out.name}',''", text, count=1), encoding="utf-8"
        )
    return whole
