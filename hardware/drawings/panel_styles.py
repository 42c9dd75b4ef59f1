"""Three designs for one panel, and the one that was chosen.

- plain: dark print on a light panel, scales and names, as it was first drawn.
- frames: a frame round each group (position, levels, CV, in, out): the most orderly, and like many others.
- contours: white print on a dark panel; behind the knobs the contour lines of a landscape, as of the space that the
  four knobs move in. Chosen: it shows what the instrument is, one is curious what lies between the lines, and white on
  black is what a panel of FR4 prints best.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import contourpy
import numpy as np

from ..panels.panel_map import PanelMap
from .panel_shapes import Panel, Stroke

STYLES = ("plain", "frames", "contours")
CHOSEN = "contours"
_DARK, _LIGHT = "#16181b", "#f4f1e8"
_KNOB_CLEAR_MM, _HOLE_CLEAR_MM, _LEGEND_CLEAR_MM = 7.8, 1.6, 1.0
_SHORTEST_MM = 3.0


def dress(panel: Panel, source: PanelMap, style: str) -> Panel:
    """The panel in a style. Raises ValueError for one that is not there."""
    if style == "plain":
        return panel
    if style == "frames":
        return replace(panel, strokes=panel.strokes + _frames(panel, source), face="#2e4a56", ink=_LIGHT)
    if style == "contours":
        return replace(panel, strokes=panel.strokes + _contours(panel, source), face=_DARK, ink=_LIGHT)
    raise ValueError(f"{style!r} is not one of {', '.join(STYLES)}")


def _clear(panel: Panel, source: PanelMap, x: float, y: float) -> bool:
    """Whether a line may be printed there: off knobs and their scales, holes, legends and patches."""
    knobs = {f"knob {knob.name}" for knob in source.of_kind("knob")}
    for hole in panel.holes:
        if hole.what in knobs:
            if math.hypot(hole.x - x, hole.y - y) < _KNOB_CLEAR_MM:
                return False
        elif abs(hole.x - x) < hole.width / 2 + _HOLE_CLEAR_MM and abs(hole.y - y) < hole.height / 2 + _HOLE_CLEAR_MM:
            return False
    for legend in panel.legends:
        x0, y0, x1, y1 = legend.box()
        if x0 - _LEGEND_CLEAR_MM < x < x1 + _LEGEND_CLEAR_MM and y0 - _LEGEND_CLEAR_MM < y < y1 + _LEGEND_CLEAR_MM:
            return False
    for patch in panel.patches:
        if patch.x - 1 < x < patch.x + patch.width + 1 and patch.y - 1 < y < patch.y + patch.height + 1:
            return False
    return True


def _drawn(panel: Panel, source: PanelMap, line: list[tuple[float, float]], width: float) -> list[Stroke]:
    """The pieces of a line that may be printed; what is left between two obstacles and shorter than a dash is not."""
    runs: list[list[Stroke]] = [[]]
    for (ax, ay), (bx, by) in pairwise(line):
        if _clear(panel, source, ax, ay) and _clear(panel, source, bx, by):
            runs[-1].append(Stroke(round(ax, 3), round(ay, 3), round(bx, 3), round(by, 3), width))
        elif runs[-1]:
            runs.append([])
    return [s for run in runs if sum(math.hypot(s.x1 - s.x0, s.y1 - s.y0) for s in run) >= _SHORTEST_MM for s in run]


def _frames(panel: Panel, source: PanelMap) -> tuple[Stroke, ...]:
    strokes: list[Stroke] = []
    boxes = [(2.6, 15.0, panel.width - 2.6, 37.4), (2.6, 38.6, 51.5, 60.4), (2.6, 78.4, panel.width - 2.6, 95.2)]
    boxes.append((2.6, 96.4, 35.2, 113.4))
    for x0, y0, x1, y1 in boxes:
        corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
        for (ax, ay), (bx, by) in pairwise(corners):
            steps = max(1, round(math.hypot(bx - ax, by - ay)))
            line = [(ax + (bx - ax) * i / steps, ay + (by - ay) * i / steps) for i in range(steps + 1)]
            strokes += _drawn(panel, source, line, 0.25)
    return tuple(strokes)


def _contours(panel: Panel, source: PanelMap) -> tuple[Stroke, ...]:
    """Contour lines of a landscape with a hill or a hollow near every played knob."""
    xs, ys = np.linspace(1.5, panel.width - 1.5, 120), np.linspace(14.0, 116.0, 180)
    x, y = np.meshgrid(xs, ys)
    height = 0.25 * np.sin(x / 9.0) * np.cos(y / 13.0) + y / 60.0
    for index, knob in enumerate(source.of_kind("knob")):
        sign, spread = (1.0 if index % 2 else -1.0), 11.0 + 3.0 * (index % 3)
        height = height + sign * np.exp(
            -((x - knob.x_mm - 4.0 * sign) ** 2 + (y - knob.y_mm - 7.0) ** 2) / (2 * spread**2)
        )
    generator = contourpy.contour_generator(xs, ys, height)
    strokes: list[Stroke] = []
    for level in np.arange(-2.0, 4.0, 0.16):
        for line in generator.lines(float(level)):
            strokes += _drawn(panel, source, [(float(a), float(b)) for a, b in np.asarray(line)], 0.15)
    return tuple(strokes)
