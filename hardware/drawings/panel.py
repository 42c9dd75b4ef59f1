"""The front panel as shapes, from module.toml: what is drilled and what is printed."""

from __future__ import annotations

import math

from ..panels.panel_map import JACK_KINDS, Control, PanelMap
from . import panel_styles
from .panel_shapes import Hole, Legend, Panel, Patch, Stroke

KNOB_CAP_MM = 11.0


def _hole(control: Control, panel: PanelMap) -> Hole:
    sizes = panel.raw["holes"]
    kind = "jack" if control.kind in JACK_KINDS else control.kind
    diameter = float(sizes[f"{kind}_mm"])
    return Hole(control.x_mm, control.y_mm, diameter, diameter, f"{control.kind} {control.name}")


def ticks(control: Control) -> list[Stroke]:
    """A knob's scale, eleven strokes."""
    strokes = []
    for step in range(11):
        angle = math.radians(-150 + 30 * step)
        inner, outer = 6.3, 7.1 if step in (0, 5, 10) else 6.8
        strokes.append(
            Stroke(
                control.x_mm + inner * math.sin(angle),
                control.y_mm - inner * math.cos(angle),
                control.x_mm + outer * math.sin(angle),
                control.y_mm - outer * math.cos(angle),
            )
        )
    return strokes


_LABELS = {
    "in_l": "IN L",
    "in_r": "IN R",
    "out_l": "OUT L",
    "out_r": "OUT R",
    "button": "SAVE",
    "left": "SIG",
    "right": "STATUS",
}
_LABEL_OFFSET_MM = {
    "knob": -8.6,
    "button": -5.6,
    "led": -4.2,
    "cv": -6.2,
    "gate": -6.2,
    "audio_in": -6.2,
    "audio_out": -6.2,
}


def _label(control: Control) -> Legend:
    words = _LABELS.get(control.name, control.name.upper())
    if control.kind == "cv":
        words = f"CV {_SHORT.get(control.name, words)}"  # a jack's name is never a knob's
    small = control.kind in ("cv", "led")
    y = control.y_mm + _LABEL_OFFSET_MM[control.kind]
    return Legend(control.x_mm, y, words, "small" if small else "label", control.kind == "audio_out")


_SHORT = {"symmetry": "SYM", "dynamics": "DYN"}


def build(panel: PanelMap, style: str = panel_styles.CHOSEN) -> Panel:
    """The panel of a map, in one of panel_styles' designs."""
    module = panel.raw["module"]
    holes, legends, strokes, patches = [], [], [], []
    for x, y in module["mounting_slots_mm"]:
        holes.append(Hole(x, y, module["mounting_slot_width_mm"], module["mounting_slot_height_mm"], "mounting slot"))
    for control in panel.controls:
        holes.append(_hole(control, panel))
        if control.kind == "knob":
            strokes += ticks(control)
        legends.append(_label(control))
    outs = panel.of_kind("audio_out")
    left, right = min(out.x_mm for out in outs), max(out.x_mm for out in outs)
    patches.append(Patch(left - 7.0, outs[0].y_mm - 9.6, right - left + 14.0, 16.2))
    usb = panel.raw["usb"]
    holes.append(Hole(usb["x_mm"], usb["y_mm"], usb["width_mm"], usb["height_mm"], "usb"))
    for side in (-0.5, 0.5):
        diameter = usb["screw_diameter_mm"]
        holes.append(Hole(usb["x_mm"] + side * usb["screw_distance_mm"], usb["y_mm"], diameter, diameter, "usb screw"))
    legends.append(Legend(usb["x_mm"], usb["y_mm"] - 5.8, "USB", "small"))
    width, height = float(module["width_mm"]), float(module["height_mm"])
    legends.append(Legend(width / 2, 11.6, module["name"].upper(), "title"))
    legends.append(Legend(width / 2, 121.2, f"REV {module['revision']}", "small"))
    plain = Panel(width, height, tuple(holes), tuple(legends), tuple(strokes), tuple(patches))
    return panel_styles.dress(plain, panel, style)
