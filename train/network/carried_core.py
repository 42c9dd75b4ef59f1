"""Cores that a wheel carries for those without a compiler: one for each level of processor it may meet.

They are compiled when the wheel is (`setup.py`), for the levels of x86-64 that its psABI names, or for plain 64-bit
ARM, whose NEON every such processor has. A core that this processor cannot run is never opened.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "carried"
V3 = frozenset(("avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"))
V4 = V3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
LEVELS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "x86_64": {"x86-64-v4": V4, "x86-64-v3": V3},
    "aarch64": {"armv8-a": frozenset()},
    "arm64": {"armv8-a": frozenset()},
}
"""By machine: what -march says, best first, and the abilities it takes, in the names of Linux's /proc/cpuinfo."""


def file_of(level: str, folder: Path | None = None) -> Path:
    """Where a level's core lies."""
    return (FOLDER if folder is None else folder) / f"core-{level}.so"


def abilities() -> frozenset[str]:
    """What this processor can do; nothing where Linux does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line.partition(":")[2] for line in lines if line.startswith("flags")), "").split())


def carried() -> Path | None:
    """The best core that came along and runs here, or None."""
    able = abilities()
    levels = LEVELS.get(platform.machine(), {})
    return next((file_of(one) for one, needed in levels.items() if needed <= able and file_of(one).exists()), None)


def for_others() -> list[str]:
    """The levels of the cores that came along, if none of them runs here."""
    return sorted(path.stem.removeprefix("core-") for path in FOLDER.glob("core-*.so")) if carried() is None else []
