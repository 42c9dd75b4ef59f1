"""The front panel as shapes, from module.toml, and the checks on them. All lengths in millimetres, y downwards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath

from ..panels.panel_map import JACK_KINDS, Control, PanelMap

KNOB_CAP_MM = 13.0
JACK_NUT_MM = 8.0
_CAP_HEIGHT_MM = {"title": 4.4, "label": 2.0, "small": 1.8}
MINIMUM_CAP_HEIGHT_MM = 1.8
_RAIL_MM = 10.0  # what the case's rails hide behind the panel, top and bottom


@dataclass(frozen=True)
class Hole:
    """A round hole, or a slot with round ends when width is above height (both equal: round)."""

    x: float
    y: float
    width: float
    height: float
    what: str


@dataclass(frozen=True)
class Legend:
    """Text centred at x with its baseline at y. inverse: on a filled patch."""

    x: float
    y: float
    text: str
    size: str
    inverse: bool = False

    def outline(self) -> Outline:
        """The glyphs' outlines in panel coordinates."""
        weight = "bold" if self.size == "title" else "normal"
        font = FontProperties(family="DejaVu Sans", weight=weight)
        reference = TextPath((0, 0), "H", size=10, prop=font).get_extents()
        scale = _CAP_HEIGHT_MM[self.size] / reference.height
        path = TextPath((0, 0), self.text, size=10, prop=font)
        box = path.get_extents()
        vertices = path.vertices.copy()
        vertices[:, 0] = (vertices[:, 0] - (box.x0 + box.x1) / 2) * scale + self.x
        vertices[:, 1] = -vertices[:, 1] * scale + self.y
        return Outline(vertices, path.codes)

    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 of the ink."""
        return _box(self)


@cache
def _box(legend: Legend) -> tuple[float, float, float, float]:
    extents = legend.outline().get_extents()
    return extents.x0, extents.y0, extents.x1, extents.y1


@dataclass(frozen=True)
class Stroke:
    """A printed line."""

    x0: float
    y0: float
    x1: float
    y1: float
    width: float = 0.3


@dataclass(frozen=True)
class Patch:
    """A printed filled rectangle with rounded corners."""

    x: float
    y: float
    width: float
    height: float
    radius: float = 1.5


@dataclass(frozen=True)
class Panel:
    """Everything on the panel."""

    width: float
    height: float
    holes: tuple[Hole, ...]
    legends: tuple[Legend, ...]
    strokes: tuple[Stroke, ...]
    patches: tuple[Patch, ...]


def _hole(control: Control, panel: PanelMap) -> Hole:
    sizes = panel.raw["holes"]
    kind = "jack" if control.kind in JACK_KINDS else control.kind
    diameter = float(sizes[f"{kind}_mm"])
    return Hole(control.x_mm, control.y_mm, diameter, diameter, f"{control.kind} {control.name}")


def _ticks(control: Control) -> list[Stroke]:
    strokes = []
    for step in range(11):
        angle = math.radians(-150 + 30 * step)
        inner, outer = 7.0, 7.9 if step in (0, 5, 10) else 7.5
        strokes.append(
            Stroke(
                control.x_mm + inner * math.sin(angle),
                control.y_mm - inner * math.cos(angle),
                control.x_mm + outer * math.sin(angle),
                control.y_mm - outer * math.cos(angle),
            )
        )
    return strokes


_LABELS = {"in_l": "IN L", "in_r": "IN R", "out_l": "OUT L", "out_r": "OUT R", "button": "SAVE"}
_LABEL_OFFSET_MM = {"knob": -9.6, "button": -9.6, "cv": -6.2, "gate": -6.2, "audio_in": -6.2, "audio_out": -6.2}


def build(panel: PanelMap) -> Panel:
    """The panel of a map."""
    module = panel.raw["module"]
    holes, legends, strokes, patches = [], [], [], []
    for x, y in module["mounting_slots_mm"]:
        holes.append(Hole(x, y, module["mounting_slot_width_mm"], module["mounting_slot_height_mm"], "mounting slot"))
    for control in panel.controls:
        holes.append(_hole(control, panel))
        if control.kind == "knob":
            strokes += _ticks(control)
        if control.kind == "led":
            continue
        label = _LABELS.get(control.name, control.name.upper())
        small = control.kind == "cv"
        legends.append(
            Legend(
                control.x_mm,
                control.y_mm + _LABEL_OFFSET_MM[control.kind],
                label,
                "small" if small else "label",
                control.kind == "audio_out",
            )
        )
    outs = panel.of_kind("audio_out")
    left, right = min(out.x_mm for out in outs), max(out.x_mm for out in outs)
    patches.append(Patch(left - 7.0, outs[0].y_mm - 9.6, right - left + 14.0, 16.2))
    usb = panel.raw["usb"]
    holes.append(Hole(usb["x_mm"], usb["y_mm"], usb["width_mm"], usb["height_mm"], "usb"))
    for side in (-0.5, 0.5):
        diameter = usb["screw_diameter_mm"]
        holes.append(Hole(usb["x_mm"] + side * usb["screw_distance_mm"], usb["y_mm"], diameter, diameter, "usb screw"))
    legends.append(Legend(usb["x_mm"], usb["y_mm"] - 6.2, "USB", "small"))
    width = float(module["width_mm"])
    legends.append(Legend(width / 2, 11.6, module["name"].upper(), "title"))
    return Panel(width, float(module["height_mm"]), tuple(holes), tuple(legends), tuple(strokes), tuple(patches))


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
        if _distance(a, b) < KNOB_CAP_MM + 2.0:
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
    return found + _legend_problems(panel, drawn)


def _legend_problems(panel: PanelMap, drawn: Panel) -> list[str]:
    found = []
    taken = {f"knob {knob.name}": KNOB_CAP_MM / 2 for knob in panel.of_kind("knob")}
    for legend in drawn.legends:
        box = legend.box()
        if _CAP_HEIGHT_MM[legend.size] < MINIMUM_CAP_HEIGHT_MM:
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
