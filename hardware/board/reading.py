"""A second opinion: reads the Gerbers and drill files back, with gerbonara and nothing of this project.

    PYTHON-WITH-GERBONARA hardware/board/reading.py GERBER-FOLDER OUT.json

OUT: layers, drills (diameter: count), millimetres, smallest_gap_mm between copper of two nets (tracks and round pads;
pours keep KiCad's clearance), smallest_ring_mm round a via, narrowest_track_mm, and "beside": for every pair of a quiet
and a loud net whose tracks run within a millimetre of each other on one layer, how far they do.
"""

from __future__ import annotations

import collections
import json
import math
import re
import sys
import warnings
from pathlib import Path
from typing import Any

QUIET = re.compile(r"^(IN_|OUT_|CV_|SEED_AUDIO|SEED_A\d+$|VREF|KNOB_.*)")
LOUD = re.compile(r"^(LED_|GATE_|MUTE_|SEED_D\d+$|VIN|\+12V_IN|\+12V_F)")
_BESIDE_MM = 1.0
_FARAD_PER_MM = 0.03e-12  # two tracks of 0.25 mm, 0.2 to 1 mm apart, on FR4 with a pour beside: an upper bound

Segment = tuple[float, float, float, float, float, str]  # x0 y0 x1 y1 half-width net


def _to_segment(x: float, y: float, s: Segment) -> float:
    vx, vy = s[2] - s[0], s[3] - s[1]
    squared = vx * vx + vy * vy
    t = 0.0 if squared == 0 else max(0.0, min(1.0, ((x - s[0]) * vx + (y - s[1]) * vy) / squared))
    return math.hypot(s[0] + t * vx - x, s[1] + t * vy - y)


def _apart(a: Segment, b: Segment) -> float:
    """Between two segments that do not cross."""
    return min(
        _to_segment(a[0], a[1], b), _to_segment(a[2], a[3], b), _to_segment(b[0], b[1], a), _to_segment(b[2], b[3], a)
    )


def _tracks(layer: Any) -> list[Segment]:
    found = []
    for item in layer.objects:
        if type(item).__name__ == "Line":
            width = float(item.aperture.equivalent_width("mm"))
            net = item.attrs.get(".N", ("",))[0].lstrip("/")
            found.append((item.x1, item.y1, item.x2, item.y2, width / 2, net))
    return found


def _round_pads(layer: Any) -> list[Segment]:
    """Flashes of round apertures (vias and many pads), as segments without length."""
    found = []
    for item in layer.objects:
        diameter = getattr(getattr(item, "aperture", None), "diameter", None)
        if type(item).__name__ == "Flash" and diameter:
            found.append((item.x, item.y, item.x, item.y, diameter / 2, item.attrs.get(".N", ("",))[0].lstrip("/")))
    return found


def _smallest_gap(pieces: list[Segment]) -> float:
    smallest = 9.0
    pieces = sorted(pieces, key=lambda s: min(s[0], s[2]))
    for i, a in enumerate(pieces):
        right = max(a[0], a[2]) + a[4] + 1.2
        for b in pieces[i + 1 :]:
            if min(b[0], b[2]) > right:
                break
            if a[5] != b[5]:
                smallest = min(smallest, _apart(a, b) - a[4] - b[4])
    return smallest


def _beside(tracks: list[Segment], found: collections.Counter[tuple[str, str]]) -> None:
    quiet = [s for s in tracks if QUIET.match(s[5])]
    loud = [s for s in tracks if LOUD.match(s[5]) and not QUIET.match(s[5])]
    for a in quiet:
        length = math.hypot(a[2] - a[0], a[3] - a[1])
        steps = max(1, round(length / 0.25))
        for b in loud:
            if _apart(a, b) > _BESIDE_MM + a[4] + b[4]:
                continue
            near = 0
            for step in range(steps):
                t = (step + 0.5) / steps
                x, y = a[0] + (a[2] - a[0]) * t, a[1] + (a[3] - a[1]) * t
                near += _to_segment(x, y, b) < _BESIDE_MM + a[4] + b[4]
            if near:
                found[a[5], b[5]] += round(1000 * length * near / steps)


def read(folder: Path) -> dict[str, Any]:
    """Everything of a folder of Gerbers."""
    import gerbonara  # type: ignore[import-not-found]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stack = gerbonara.LayerStack.open(folder)
        (x0, y0), (x1, y1) = stack.board_bounds()
    copper = [stack["top", "copper"], stack["bottom", "copper"]]
    gaps, widths = [], []
    beside: collections.Counter[tuple[str, str]] = collections.Counter()
    rings: list[float] = []
    vias = {(round(s[0], 3), round(s[1], 3)): s[4] for s in _round_pads(copper[0])}
    drills: collections.Counter[str] = collections.Counter()
    for layer in copper:
        tracks = [s for s in _tracks(layer) if s[5]]
        widths += [2 * s[4] for s in tracks]
        gaps.append(_smallest_gap(tracks + [s for s in _round_pads(layer) if s[5]]))
        _beside(tracks, beside)
    for drill in stack.drill_layers:
        for hit in drill.objects:
            if not hasattr(hit, "x"):
                continue
            diameter = float(hit.tool.diameter)
            drills[f"{diameter:.2f}"] += 1
            ring = vias.get((round(hit.x, 3), round(hit.y, 3)))
            if ring is not None and diameter < 0.5:  # round pads lie round vias; others have other shapes
                rings.append(ring - diameter / 2)
    worst = beside.most_common(8)
    return {
        "layers": sorted(" ".join(name) for name in stack.graphic_layers),
        "drills": dict(sorted(drills.items())),
        "millimetres": [round(x1 - x0 - 0.1, 2), round(y1 - y0 - 0.1, 2)],  # the outline is drawn 0.1 mm wide
        "smallest_gap_mm": round(min(gaps), 3),
        "smallest_ring_mm": round(min(rings), 3),
        "narrowest_track_mm": round(min(widths), 3),
        "beside": [
            {"quiet": a, "loud": b, "mm": length / 1000, "picofarads": round(length / 1000 * _FARAD_PER_MM * 1e12, 2)}
            for (a, b), length in worst
        ],
    }


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(read(Path(sys.argv[1])), indent=1), encoding="utf-8")
