"""What a `.pt` file says of itself, in some hundredths of a second and without PyTorch: looked at before work begins.

The pickle inside is read as a list of instructions, none of which is carried out. Whether all of the file is sound, and
of the right form, is for its reader.
"""

from __future__ import annotations

import pickletools
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_BYTES = 16 << 20
"""Of what is read: a space's names, positions and structure take some 150 kB."""
_REMEMBERING = ("MEMOIZE", "BINPUT", "LONG_BINPUT", "PROTO", "FRAME")


def format_of(path: Path) -> str | None:
    """What the file says it is, as "gritspace space"; None where that cannot be known."""
    steps = _steps(path)
    for name, value in steps:
        if value == "format":
            name, value = next(steps, ("", None))
            return value if isinstance(value, str) and name.endswith("UNICODE") else None
    return None


def positions_of(path: Path) -> dict[str, list[float]] | None:
    """A space's positions, by the labels of its settings; None where they cannot be known."""
    steps = _steps(path)
    if not any(value == "positions" for _, value in steps) or next(steps, ("", None))[0] != "EMPTY_DICT":
        return None
    found: dict[str, list[float]] = {}
    depth, label = 0, ""
    for name, value in steps:
        if name == "MARK":
            depth += 1
        elif name in ("SETITEMS", "APPENDS"):
            depth -= 1
        elif depth == 1 and isinstance(value, str):
            label = value
            found[label] = []
        elif depth == 2 and name == "BINFLOAT" and label in found:
            found[label].append(value)
        elif name != "EMPTY_LIST":
            return None
        if depth == 0:
            return found
    return None


def _steps(path: Path) -> Iterator[tuple[str, Any]]:
    """The pickle's instructions and their arguments, without those that only remember. Ends where it is no pickle."""
    try:
        with zipfile.ZipFile(path) as archive:
            part = next((one for one in archive.infolist() if one.filename.endswith("/data.pkl")), None)
            if part is None or part.file_size > MOST_BYTES:
                return
            with archive.open(part) as file:
                data = file.read(MOST_BYTES)
        for step, value, _ in pickletools.genops(data):
            if step.name not in _REMEMBERING:
                yield step.name, value
    except (OSError, ValueError, NotImplementedError, RuntimeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return
