"""Footprints from the libraries to boxes and pads, every way they may lie: what the placement needs to know.

    python3 -m hardware.board.kicad.shapes JOB.json OUT.json

JOB: {"footprints": ["Library:Name", ...], "own": folder of our libraries, "shared": folder of KiCad's}.
OUT: {name: {"front" | "back": {"0" | "90" | "180" | "270": {"box": [x0, y0, x1, y1], "pads": [[number, x, y], ...],
"through": [[x0, y0, x1, y1], ...]}}}}. Millimetres from the footprint's origin, downwards. The box is the courtyard's;
through are the boxes of what goes through the board, tabs without a number too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pcbnew  # type: ignore[import-not-found]

MILLIMETRE = 1e6


def load(name: str, own: str, shared: str) -> Any:
    """A footprint of a library, freshly read. Raises FileNotFoundError with its name."""
    library, part = name.split(":")
    folder = Path(own if library == "gritspace" else shared) / f"{library}.pretty"
    footprint = pcbnew.FootprintLoad(str(folder), part)
    if footprint is None:
        raise FileNotFoundError(f"{name} is not in {folder}")
    footprint.SetFPID(pcbnew.LIB_ID(library, part))
    return footprint


def lay(footprint: Any, x_mm: float, y_mm: float, degrees: float, back: bool) -> None:
    """Puts a fresh footprint down: flipped about its own vertical axis first, then turned, then moved."""
    footprint.SetPosition(pcbnew.wxPoint(0, 0))
    if back:
        footprint.Flip(pcbnew.wxPoint(0, 0), True)
    footprint.SetOrientationDegrees(degrees)
    footprint.SetPosition(pcbnew.wxPointMM(x_mm, y_mm))


def _sides(box: Any) -> list[float]:
    return [side / MILLIMETRE for side in (box.GetLeft(), box.GetTop(), box.GetRight(), box.GetBottom())]


def _box(footprint: Any, back: bool) -> list[float]:
    courtyard = footprint.GetCourtyard(pcbnew.B_CrtYd if back else pcbnew.F_CrtYd)
    corners = [
        outline.CPoint(corner)
        for outline in map(courtyard.Outline, range(courtyard.OutlineCount()))
        for corner in range(outline.PointCount())
    ]
    if not corners:
        return _sides(footprint.GetBoundingBox(False, False))
    xs, ys = [corner.x / MILLIMETRE for corner in corners], [corner.y / MILLIMETRE for corner in corners]
    return [min(xs), min(ys), max(xs), max(ys)]


def _ways(name: str, job: dict[str, Any], back: bool) -> dict[str, Any]:
    ways = {}
    board = pcbnew.BOARD()  # a footprint without a board has no courtyard
    for degrees in (0, 90, 180, 270):
        footprint = load(name, job["own"], job["shared"])
        board.Add(footprint)
        lay(footprint, 0.0, 0.0, degrees, back)
        pads = [
            [pad.GetNumber(), pad.GetPosition().x / MILLIMETRE, pad.GetPosition().y / MILLIMETRE]
            for pad in footprint.Pads()
            if pad.GetNumber()
        ]
        through = [_sides(pad.GetBoundingBox()) for pad in footprint.Pads() if pad.GetDrillSize().x]
        ways[str(degrees)] = {"box": _box(footprint, back), "pads": pads, "through": through}
    return ways


def main() -> None:
    """The command line."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = {
        name: {"front": _ways(name, job, False), "back": _ways(name, job, True)}
        for name in sorted(set(job["footprints"]))
    }
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
