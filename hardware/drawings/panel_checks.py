"""What can be wrong with a panel: places, distances, legends that touch or hide."""

from __future__ import annotations

import math
from itertools import combinations

from ..panels.panel_map import JACK_KINDS, Control, PanelMap
from .panel import KNOB_CAP_MM, build, ticks
from .panel_shapes import CAP_HEIGHT_MM, MINIMUM_CAP_HEIGHT_MM, Hole, Panel

JACK_NUT_MM = 8.0
CAP_GAP_MM = 5.0  # a finger's room between two caps
_RAIL_MM = 10.0  # what the case's rails hide behind the panel, top and bottom


def _distance(a: Control, b: Control) -> float:
    return math.hypot(a.x_mm - b.x_mm, a.y_mm - b.y_mm)


def _covers(hole: Hole, box: tuple[float, float, float, float], radius: float) -> bool:
    x0, y0, x1, y1 = box
    nearest_x, nearest_y = min(max(hole.x, x0), x1), min(max(hole.y, y0), y1)
    return math.hypot(hole.x - nearest_x, hole.y - nearest_y) < radius


def problems(panel: PanelMap) -> list[str]:
    """What is wrong with the panel, one sentence each; empty when it can be built and read."""
    module, sizes = panel.raw["module"], panel.raw["holes"]
    drawn = build(panel)
    found = []
    if not 0.0 < module["hp"] * 5.08 - drawn.width <= 0.6:
        found.append(f"{drawn.width} mm is not a little less than {module['hp']} HP.")
    right = 7.5 + (module["hp"] - 3) * 5.08
    for x, y in module["mounting_slots_mm"]:
        if min(abs(x - 7.5), abs(x - right)) > 0.05 or min(abs(y - 3.0), abs(y - (drawn.height - 3.0))) > 0.05:
            found.append(f"The mounting slot at {x}, {y} is not where Doepfer's rails have their holes.")
    jacks = [control for control in panel.controls if control.kind in JACK_KINDS]
    knobs = panel.of_kind("knob")
    for a, b in combinations(jacks, 2):
        if _distance(a, b) < sizes["minimum_jack_to_jack_mm"]:
            found.append(f"Jacks {a.name} and {b.name} are {_distance(a, b):.1f} mm apart.")
    for knob in knobs:
        for jack in jacks:
            if _distance(knob, jack) < sizes["minimum_knob_to_jack_mm"]:
                found.append(f"Knob {knob.name} and jack {jack.name} are {_distance(knob, jack):.1f} mm apart.")
    for a, b in combinations(knobs, 2):
        if _distance(a, b) < KNOB_CAP_MM + CAP_GAP_MM - 0.01:
            found.append(
                f"Knobs {a.name} and {b.name} leave {_distance(a, b) - KNOB_CAP_MM:.1f} mm between their caps."
            )
    for first, second in combinations(drawn.holes, 2):
        # Bounding boxes with 2 mm of material between them.
        across = abs(first.x - second.x) - (first.width + second.width) / 2
        down = abs(first.y - second.y) - (first.height + second.height) / 2
        if max(across, down) < 2.0:
            found.append(f"{first.what} and {second.what} leave less than 2 mm of panel between them.")
    for hole in drawn.holes:
        if hole.what != "mounting slot" and not _RAIL_MM + 4.0 <= hole.y <= drawn.height - _RAIL_MM - 4.0:
            found.append(f"{hole.what} sits behind a rail.")
        if not hole.width / 2 + 2.0 <= hole.x <= drawn.width - hole.width / 2 - 2.0:
            found.append(f"{hole.what} is too near the panel's edge.")
    return found + _legend_problems(panel, drawn) + _stroke_problems(drawn)


def _legend_problems(panel: PanelMap, drawn: Panel) -> list[str]:
    found = []
    taken = {f"knob {knob.name}": KNOB_CAP_MM / 2 for knob in panel.of_kind("knob")}
    for legend in drawn.legends:
        box = legend.box()
        if CAP_HEIGHT_MM[legend.size] < MINIMUM_CAP_HEIGHT_MM:
            found.append(f"Legend {legend.text} is too small to read.")
        if box[0] < 1.0 or box[2] > drawn.width - 1.0:
            found.append(f"Legend {legend.text} runs off the panel.")
        for hole in drawn.holes:
            radius = taken.get(
                hole.what, JACK_NUT_MM / 2 if hole.width == panel.raw["holes"]["jack_mm"] else hole.width / 2
            )
            if _covers(hole, box, radius + 0.3):
                found.append(f"Legend {legend.text} is covered by {hole.what}.")
    for a, b in combinations(drawn.legends, 2):
        one, two = a.box(), b.box()
        if max(one[0] - two[2], two[0] - one[2], one[1] - two[3], two[1] - one[3]) < 0.8:
            found.append(f"Legends {a.text} and {b.text} run into each other.")
    return found


def _stroke_problems(drawn: Panel) -> list[str]:
    """Printed lines that touch a legend, a hole's nut or another knob's scale."""
    found = []
    for legend in drawn.legends:
        x0, y0, x1, y1 = legend.box()
        for stroke in drawn.strokes:
            for step in range(5):
                x = stroke.x0 + (stroke.x1 - stroke.x0) * step / 4
                y = stroke.y0 + (stroke.y1 - stroke.y0) * step / 4
                if x0 - 0.3 < x < x1 + 0.3 and y0 - 0.3 < y < y1 + 0.3:
                    found.append(f"A printed line runs through the legend {legend.text}.")
                    break
            else:
                continue
            break
    return found


def scale_gap_mm(panel: PanelMap) -> float:
    """The least distance between the scales of two knobs."""
    reach = max(math.hypot(s.x1 - k.x_mm, s.y1 - k.y_mm) for k in panel.of_kind("knob")[:1] for s in ticks(k))
    pairs = combinations(panel.of_kind("knob"), 2)
    return min(_distance(a, b) for a, b in pairs) - 2 * reach
