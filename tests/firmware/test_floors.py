"""The firmware's floors: no file includes what stands above it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gritspace.quantize.firmware_sources import ENGINE, FIRMWARE, MODULE

MODULE_FLOORS = ("answers", "module", "streaming", "sound", "memory", "panel", "base", "wire")
"""Top to bottom; "module" are the files right in firmware/module. Under all lies the engine, above all a board."""
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def floor_of(path: Path) -> int:
    """0 is the engine; boards are highest."""
    room = path.relative_to(FIRMWARE).parts
    if room[0] == "engine":
        return 0
    if room[0] == "module":
        name = room[1] if len(room) > 2 else "module"
        return len(MODULE_FLOORS) - MODULE_FLOORS.index(name)
    return len(MODULE_FLOORS) + 1


def includes(path: Path) -> list[Path]:
    """What a file includes of the firmware, as the builds find it: beside itself, in engine/, in module/, on boards."""
    folders = [path.parent, ENGINE, MODULE, *sorted((FIRMWARE / "boards").iterdir())]
    found = []
    for name in _INCLUDE.findall(path.read_text()):
        found += [folder / name for folder in folders if (folder / name).is_file()][:1]
    return found


def sources() -> list[Path]:
    """Every hand-written and generated C or C++ file."""
    rooms = [path for path in FIRMWARE.rglob("*") if path.suffix in (".c", ".h", ".cpp", ".S")]
    return sorted(p for p in rooms if p.relative_to(FIRMWARE).parts[0] in ("engine", "module", "boards"))


def upward(path: Path) -> list[str]:
    """Its includes of higher floors."""
    return [str(other.relative_to(FIRMWARE)) for other in includes(path) if floor_of(other) > floor_of(path)]


def units() -> dict[Path, Path]:
    """What each file is a part of: a header and the .c file of its name are one, and so are a .c file and a header that
    it alone includes."""
    readers: dict[Path, set[Path]] = {}
    for path in sources():
        for other in includes(path):
            readers.setdefault(other, set()).add(path)
    implemented = {path.with_suffix("") for path in sources() if path.suffix != ".h"}
    parts = {}
    for path in sources():
        own, only = path.with_suffix(""), readers.get(path, set())
        private = path.suffix == ".h" and own not in implemented and len(only) == 1
        parts[path] = next(iter(only)).with_suffix("") if private else own
    return parts


def circle() -> list[str]:
    """Units that include each other in a circle, or nothing."""
    unit_of = units()
    edges: dict[Path, set[Path]] = {unit: set() for unit in unit_of.values()}
    for path in sources():
        edges[unit_of[path]].update(unit_of[o] for o in includes(path) if unit_of[o] != unit_of[path])
    done: set[Path] = set()

    def visit(unit: Path, way: list[Path]) -> list[Path]:
        if unit in way:
            return [*way[way.index(unit) :], unit]
        if unit in done:
            return []
        for other in sorted(edges[unit]):
            if found := visit(other, [*way, unit]):
                return found
        done.add(unit)
        return []

    for unit in sorted(edges):
        if found := visit(unit, []):
            return [str(u.relative_to(FIRMWARE)) for u in found]
    return []


def test_no_file_includes_a_higher_floor() -> None:
    assert len(sources()) > 100
    assert {str(p.relative_to(FIRMWARE)): up for p in sources() if (up := upward(p))} == {}


def test_no_units_include_each_other_in_a_circle() -> None:
    assert circle() == []


@pytest.mark.parametrize(
    ("room", "include"), [("engine", "module.h"), ("module/wire", "base/load.h"), ("module/sound", "answers/server.h")]
)
def test_an_upward_include_would_be_seen(
    room: str, include: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offender = FIRMWARE / room / "offender.c"
    monkeypatch.setattr(Path, "read_text", lambda self, *_: f'#include "{include}"\n')
    assert upward(offender) == [f"module/{include}"]
