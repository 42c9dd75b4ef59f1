"""The whole board: placed, routed, filled and checked, as gritspace.kicad_pcb and .kicad_pro."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..circuit.circuit import Circuit
from ..panels.panel_map import PanelMap
from . import place, project, route, rules, tools

NAME = "gritspace"
DATE = "2026-11-30"
LICENCE = "CERN-OHL-P-2.0"
_MOST_ISLANDS = 8  # ground pads that get a track of their own before another placement is tried


@dataclass(frozen=True)
class Layout:
    """What was made: the board's file, places, copper, and what KiCad's rules say of it."""

    path: Path
    places: dict[str, place.Place]
    copper: route.Copper
    geometry: route.Geometry
    decoupling_mm: dict[str, float]
    check: dict[str, Any]
    seed: int

    def sound(self) -> bool:
        """Whether nothing is unjoined, no rule broken, and every decoupling capacitor near its pin."""
        near = all(away <= rules.DECOUPLING_MM for away in self.decoupling_mm.values())
        return (
            near and not self.errors() and not self.check["unconnected"] and not self.check["ground_pads_without_via"]
        )

    def pads_differing(self, circuit: Circuit) -> list[str]:
        """Pads whose net on the board is not the netlist's, as "U1.3"."""
        wanted = {f"{part.ref}.{pin}": net or "" for part in circuit.parts() for pin, net in part.nets.items()}
        found: dict[str, str] = {}
        for name, net in self.check["pads"].items():
            if not name.startswith("H"):  # mounting holes
                found[name] = net
        return sorted(
            name for name in wanted.keys() | found.keys() if (wanted.get(name) or "") != (found.get(name) or "")
        )

    def errors(self) -> int:
        """Design rule violations that are errors."""
        return int(self.check["severities"].get("error", 0))


def _corners(box: tuple[float, float, float, float]) -> list[list[float]]:
    px, py = rules.PAGE
    x0, y0, x1, y1 = px + box[0], py + box[1], px + box[2], py + box[3]
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


def _texts(panel: PanelMap) -> list[dict[str, Any]]:
    px, py = rules.PAGE
    x0, _, x1, y1 = rules.OUTLINE
    middle = (x0 + x1) / 2
    name, revision = panel.raw["module"]["name"], panel.raw["module"]["revision"]
    front = [
        (f"{name} rev {revision} {DATE}", middle, y1 - 1.3, 1.0),
    ]
    back = [
        (f"{name} rev {revision}  {LICENCE}  not tested: no board was built yet", middle, y1 - 1.3, 0.9),
        ("RED EDGE -12V", (rules.RED_EDGE_WORDS[0] + rules.RED_EDGE_WORDS[2]) / 2, rules.RED_EDGE_WORDS[1] + 0.9, 0.9),
    ]
    return [
        {"text": text, "x": px + x, "y": py + y, "size": size, "layer": layer, "mirror": layer == "B.SilkS"}
        for layer, texts in (("F.SilkS", front), ("B.SilkS", back))
        for text, x, y, size in texts
    ]


def title(panel: PanelMap, words: str) -> dict[str, str]:
    """A title block."""
    module = panel.raw["module"]
    return {"title": f"{module['name']} {words}", "revision": module["revision"], "date": DATE, "licence": LICENCE}


def job(circuit: Circuit, panel: PanelMap, places: dict[str, place.Place], out: Path) -> dict[str, Any]:
    """The board without copper, as kicad/assemble.py takes it."""
    parts = [
        {
            "ref": part.ref,
            "value": part.value,
            "footprint": part.item.footprint,
            "x": places[part.ref].x,
            "y": places[part.ref].y,
            "degrees": places[part.ref].degrees,
            "back": places[part.ref].back,
            "pins": dict(part.nets),
        }
        for part in circuit.parts()
    ]
    for index, (x, y) in enumerate(rules.MOUNTING_HOLES, 1):
        hole = {"ref": f"H{index}", "value": "M3", "footprint": "MountingHole:MountingHole_3.2mm_M3"}
        parts.append({**hole, "x": rules.PAGE[0] + x, "y": rules.PAGE[1] + y, "degrees": 0, "back": False, "pins": {}})
    return {
        "out": str(out),
        "own": str(tools.HERE),
        "shared": str(tools.FOOTPRINTS),
        "outline": _corners(rules.OUTLINE),
        "cuts": [_corners(rules.usb_cut(panel))],
        "parts": parts,
        "tracks": [],
        "vias": [],
        "via": [rules.VIA_MM, rules.VIA_DRILL_MM],
        "zones": [],
        "texts": _texts(panel),
        "title": title(panel, "board"),
    }


def make(circuit: Circuit, panel: PanelMap, out: Path, work: Path) -> Layout:
    """Makes the board in `out`, what lies between in `work`: the first placement that comes out sound, else the last.

    Raises MissingKicad; RuntimeError where none can be placed and routed.
    """
    tools.require()
    out.mkdir(parents=True, exist_ok=True)
    work.mkdir(parents=True, exist_ok=True)
    shapes = place.shapes(circuit, work)
    made: Layout | None = None
    fault: RuntimeError | None = None
    for seed in place.SEEDS:
        try:
            made = _once(circuit, panel, shapes, seed, out, work)
        except RuntimeError as failed:
            fault = failed
            continue
        if made.sound():
            return made
    if made is None:
        raise fault or RuntimeError("There is no placement to try.")
    return made


def _once(circuit: Circuit, panel: PanelMap, shapes: place.Shapes, seed: int, out: Path, work: Path) -> Layout:
    places = place.place(circuit, panel, shapes, work, seed)
    bare = job(circuit, panel, places, work / "placed.kicad_pcb")
    bare["geometry"] = str(work / "geometry.json")
    tools.kicad("assemble", tools.write_job(work / "placed.json", bare))
    geometry: route.Geometry = json.loads((work / "geometry.json").read_text(encoding="utf-8"))
    islands: set[str] = set()
    while True:
        made = _joined(circuit, panel, places, shapes, geometry, sorted(islands), seed, out, work)
        found = {name for message in made.check["messages"] for name in _unreached(message, geometry)} - islands
        if not found or len(islands) > _MOST_ISLANDS:
            return made
        islands |= found


def _unreached(message: str, geometry: route.Geometry) -> list[str]:
    """The ground pads that a message of KiCad's calls unconnected, as "C101.2"."""
    if not message.startswith("[unconnected_items]"):
        return []
    spots = re.findall(r"@\(([-0-9.]+) mm, ([-0-9.]+) mm\): (?:Track|Pad|Via)[^@]*?\[GND\]", message)
    flat = [pad for pad in geometry if pad["net"] == "GND" and not pad["hole"]]
    found = []
    for x, y in ((float(a), float(b)) for a, b in spots):
        nearest = min(flat, key=lambda pad: math.hypot(pad["x"] - x, pad["y"] - y))
        if math.hypot(nearest["x"] - x, nearest["y"] - y) < 2.0:
            found.append(f"{nearest['ref']}.{nearest['pad']}")
    return found


def _joined(
    circuit: Circuit,
    panel: PanelMap,
    places: dict[str, place.Place],
    shapes: place.Shapes,
    geometry: route.Geometry,
    islands: list[str],
    seed: int,
    out: Path,
    work: Path,
) -> Layout:
    copper, without = route.route(geometry, rules.usb_cut(panel), work, islands=islands)
    path = out / f"{NAME}.kicad_pcb"
    nets = {net for part in circuit.parts() for net in part.nets.values() if net}
    project.write(out / f"{NAME}.kicad_pro", rules.net_classes(nets))
    full = job(circuit, panel, places, path)
    full |= {"tracks": copper.tracks, "vias": copper.vias}
    full["zones"] = [{"net": "GND", "layers": ["F.Cu", "B.Cu"], "margin": 0.4}]
    tools.kicad("assemble", tools.write_job(work / "routed.json", full))
    tools.kicad("check", path, work / "check.json")
    check = json.loads((work / "check.json").read_text(encoding="utf-8"))
    check["ground_pads_without_via"] = without
    return Layout(path, places, copper, geometry, place.decoupling_mm(circuit, places, shapes), check, seed)
