"""What is beside Python: KiCad's own Python for pcbnew, and a C++ compiler for the placer and the router."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
FOOTPRINTS = Path(os.environ.get("KICAD_FOOTPRINTS", "/usr/share/kicad/footprints"))
KICAD_PYTHON = os.environ.get("KICAD_PYTHON", "/usr/bin/python3")


class MissingKicad(RuntimeError):
    """KiCad 6's Python, its footprints or a C++ compiler is not there; the message says how to get it."""


def require() -> None:
    """Raises MissingKicad unless the board can be made here."""
    if not FOOTPRINTS.is_dir():
        raise MissingKicad(
            f"No KiCad footprints in {FOOTPRINTS}: install them (apt-get install kicad kicad-footprints)."
        )
    found = (
        subprocess.run([KICAD_PYTHON, "-c", "import pcbnew"], capture_output=True)
        if shutil.which(KICAD_PYTHON)
        else None
    )
    if found is None or found.returncode:
        raise MissingKicad(f"{KICAD_PYTHON} has no pcbnew: install KiCad (apt-get install kicad), or set KICAD_PYTHON.")
    if shutil.which("c++") is None:
        raise MissingKicad("There is no C++ compiler: install one (apt-get install g++).")


def kicad(script: str, *arguments: str | Path) -> None:
    """Runs one of the scripts in kicad/ in KiCad's Python. Raises RuntimeError with its last words."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    command = [KICAD_PYTHON, "-m", f"hardware.board.kicad.{script}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{script}: " + " | ".join((done.stderr or done.stdout).strip().splitlines()[-3:]))


READERS = (
    ROOT / ".venv" / "readers"
)  # `make setup` makes it where KiCad is, from readers.txt, every package by its hash


def readers() -> Path | None:
    """KiCad's Python with gerbonara and InteractiveHtmlBom in it; None where `make setup` has not made it of today's
    readers.txt."""
    stamp = READERS / "stamp"
    locked = (HERE / "readers.txt").read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != locked:
        return None
    return READERS / "bin" / "python"


def write_job(path: Path, content: Any) -> Path:
    """A job for kicad/, as JSON."""
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return path


def program(name: str, folder: Path) -> Path:
    """The placer or the router, compiled if its source is new."""
    source = HERE / f"{name}.cpp"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
    built = folder / f"{name}-{digest}"
    if not built.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["c++", "-O2", "-std=c++17", "-o", str(built), str(source)], check=True)
    return built
