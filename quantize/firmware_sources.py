"""Where the firmware's sources are, for those who compile them on a laptop: the engine's room and the module's."""

from __future__ import annotations

import os
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parents[1] / "firmware"
ENGINE = FIRMWARE / "engine"
MODULE = FIRMWARE / "module"
SPACES = FIRMWARE.parent / "spaces"
"""The shipped spaces."""


def work_folder() -> Path:
    """Where builds of the firmware lie: firmware/.pio in a checkout, the user's cache where a wheel is installed."""
    if (FIRMWARE.parent / "pyproject.toml").is_file():
        return FIRMWARE / ".pio"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gritspace" / "firmware"


def sources(room: Path, *suffixes: str) -> list[Path]:
    """Every file of a room with one of the suffixes ('.c', '.S', '.h'), on all its floors, in an order that stays."""
    return sorted(path for path in room.rglob("*") if path.suffix in suffixes)
