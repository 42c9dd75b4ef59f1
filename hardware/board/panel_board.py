"""The front panel as a board without copper: cut, drilled and printed by whoever makes boards, in black FR4."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.path import Path as Outline

from ..drawings import panel
from ..drawings.panel_shapes import Hole, Legend, Panel, Patch
from ..panels.panel_map import PanelMap
from . import layout, project, rules, tools

NAME = "gritspace-panel"
Ring = list[tuple[float, float]]


def _area(ring: Ring) -> float:
    return 0.5 * sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True))


def _inside(ring: Ring, other: Ring) -> bool:
    return bool(Outline(np.asarray(other)).contains_point(ring[0]))


def with_hole(outer: Ring, inner: Ring) -> Ring:
    """One ring that goes round the outer one and, over a bridge without width, round the inner one the other way."""
    i, j = min(
        ((i, j) for i in range(len(outer)) for j in range(len(inner))),
        key=lambda pair: math.dist(outer[pair[0]], inner[pair[1]]),
    )
    if (_area(outer) > 0) == (_area(inner) > 0):
        inner = inner[::-1]
        j = len(inner) - 1 - j
    return [*outer[: i + 1], *inner[j:], *inner[: j + 1], *outer[i:]]


def _rings(legend: Legend) -> list[Ring]:
    found = []
    for polygon in legend.outline().to_polygons(closed_only=True):
        ring = [(round(float(x), 4), round(float(y), 4)) for x, y in np.asarray(polygon)[:-1]]
        if len(ring) >= 3 and abs(_area(ring)) > 1e-4:
            found.append(ring)
    return found


def filled(legend: Legend) -> list[Ring]:
    """A legend's letters as rings to fill, their counters (the inside of an O) cut out over bridges."""
    rings = _rings(legend)
    depth = [sum(_inside(ring, other) for other in rings if other is not ring) for ring in rings]
    result = []
    for ring, level in zip(rings, depth, strict=True):
        if level % 2:
            continue
        shape = ring
        for other, deeper in zip(rings, depth, strict=True):
            if deeper == level + 1 and _inside(other, ring):
                shape = with_hole(shape, other)
        result.append(shape)
    return result


def _patch(patch: Patch, legends: list[Legend]) -> list[Ring]:
    """A printed patch with its legends left out, their counters printed again."""
    x0, y0, x1, y1, r = patch.x, patch.y, patch.x + patch.width, patch.y + patch.height, patch.radius
    outer: Ring = []
    for cx, cy, first in ((x1 - r, y0 + r, -90), (x1 - r, y1 - r, 0), (x0 + r, y1 - r, 90), (x0 + r, y0 + r, 180)):
        for step in range(9):
            angle = math.radians(first + 90 * step / 8)
            outer.append((cx + r * math.cos(angle), cy + r * math.sin(angle)))
    again = []
    for legend in legends:
        rings = _rings(legend)
        for ring in rings:
            if any(_inside(ring, other) for other in rings if other is not ring):
                again.append(ring)
            else:
                outer = with_hole(outer, ring)
    return [outer, *again]


def _slot(hole: Hole) -> Ring:
    radius, half = hole.height / 2, hole.width / 2 - hole.height / 2
    ring = []
    for x, first in ((hole.x + half, -90), (hole.x - half, 90)):
        for step in range(17):
            angle = math.radians(first + 180 * step / 16)
            ring.append((x + radius * math.cos(angle), hole.y + radius * math.sin(angle)))
    return ring


def job(source: PanelMap, drawn: Panel, out: Path) -> dict[str, Any]:
    """The panel as kicad/assemble.py takes it."""
    px, py = rules.PAGE

    def page(ring: Ring) -> list[list[float]]:
        return [[round(px + x, 4), round(py + y, 4)] for x, y in ring]

    inverse = [legend for legend in drawn.legends if legend.inverse]
    shapes = [ring for legend in drawn.legends if not legend.inverse for ring in filled(legend)]
    shapes += [ring for patch in drawn.patches for ring in _patch(patch, inverse)]
    printed = [{"layer": "F.SilkS", "points": page(ring), "width": 0, "fill": True} for ring in shapes]
    printed += [
        {"layer": "F.SilkS", "points": page([(s.x0, s.y0), (s.x1, s.y1)]), "width": s.width, "fill": False}
        for s in drawn.strokes
    ]
    corners = [(0.0, 0.0), (drawn.width, 0.0), (drawn.width, drawn.height), (0.0, drawn.height)]
    return {
        "out": str(out),
        "own": str(tools.HERE),
        "shared": str(tools.FOOTPRINTS),
        "outline": page(corners),
        "cuts": [page(_slot(hole)) for hole in drawn.holes if hole.width != hole.height],
        "circles": [[px + h.x, py + h.y, h.width / 2] for h in drawn.holes if h.width == h.height],
        "parts": [],
        "tracks": [],
        "vias": [],
        "via": [rules.VIA_MM, rules.VIA_DRILL_MM],
        "zones": [],
        "texts": [],
        "graphics": printed,
        "title": layout.title(source, "panel"),
    }


def make(source: PanelMap, out: Path, fab: Path, work: Path) -> dict[str, Any]:
    """Writes the panel's board and its Gerbers. Returns what KiCad's rules say of it."""
    for folder in (out, fab, work):
        folder.mkdir(parents=True, exist_ok=True)
    path = out / f"{NAME}.kicad_pcb"
    tools.kicad("assemble", tools.write_job(work / "panel.json", job(source, panel.build(source), path)))
    project.write(out / f"{NAME}.kicad_pro", ())
    tools.kicad("check", path, work / "panel_check.json")
    tools.kicad("plot", path, fab)
    content: dict[str, Any] = json.loads((work / "panel_check.json").read_text(encoding="utf-8"))
    return content
