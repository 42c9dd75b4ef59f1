"""The .kicad_pro beside the board: net classes and the design rules that KiCad checks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import rules


def _net_class(name: str, track_mm: float, nets: tuple[str, ...] = ()) -> dict[str, Any]:
    content: dict[str, Any] = {
        "bus_width": 12,
        "clearance": rules.CLEARANCE_MM,
        "diff_pair_gap": 0.25,
        "diff_pair_via_gap": 0.25,
        "diff_pair_width": 0.2,
        "line_style": 0,
        "microvia_diameter": 0.3,
        "microvia_drill": 0.1,
        "name": name,
        "pcb_color": "rgba(0, 0, 0, 0.000)",
        "schematic_color": "rgba(0, 0, 0, 0.000)",
        "track_width": track_mm,
        "via_diameter": rules.VIA_MM,
        "via_drill": rules.VIA_DRILL_MM,
        "wire_width": 6,
    }
    if nets:
        content["nets"] = list(nets)
    return content


def write(path: Path, classes: tuple[rules.NetClass, ...]) -> None:
    """Writes the project's file; KiCad adds its own defaults when it opens it."""
    severities = {"silk_over_copper": "warning", "silk_overlap": "warning", "courtyards_overlap": "error"}
    content = {
        "board": {
            "design_settings": {
                "rule_severities": severities,
                "rules": {
                    "allow_blind_buried_vias": False,
                    "allow_microvias": False,
                    "min_clearance": rules.CLEARANCE_MM - 0.005,
                    "min_copper_edge_clearance": rules.EDGE_MM,
                    "min_hole_clearance": 0.2,
                    "min_hole_to_hole": 0.25,
                    "min_through_hole_diameter": 0.3,
                    "min_track_width": 0.2,
                    "min_via_annular_width": 0.13,
                    "min_via_diameter": 0.5,
                },
            },
        },
        "meta": {"filename": path.name, "version": 1},
        "net_settings": {
            "classes": [
                _net_class("Default", rules.signal_track_mm()),
                *(_net_class(kind.name, kind.track_mm, kind.nets) for kind in classes),
            ],
            "meta": {"version": 2},
            "net_colors": None,
        },
        "schematic": {"meta": {"version": 1}},
        "sheets": [],
        "text_variables": {},
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
