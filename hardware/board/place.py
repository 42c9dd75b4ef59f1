"""Where every part lies: controls where the panel has its holes, the Seed and the header by rule, the rest annealed."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..circuit.circuit import Circuit, Placed
from ..panels.panel_map import JACK_KINDS, Control, PanelMap
from . import rules, tools

MOVES = 3_000_000
SEEDS = (4, 3, 5, 1, 6, 7, 8, 9)  # tried in turn until nothing is wrong: so a changed circuit too finds its board
_NEAR = 10  # how hard a decoupling capacitor is drawn to its pin, beside a net's pull
_SOLDER_MM = 0.55  # round a through-hole pad


@dataclass(frozen=True)
class Place:
    """Where a part lies: board coordinates in millimetres, degrees as KiCad turns them."""

    x: float
    y: float
    degrees: float
    back: bool


Shapes = dict[str, Any]


def shapes(circuit: Circuit, folder: Path) -> Shapes:
    """Boxes and pads of every footprint, by side and turn, from KiCad's libraries."""
    names = sorted({part.item.footprint for part in circuit.parts()})
    job = {"footprints": names, "own": str(tools.HERE), "shared": str(tools.FOOTPRINTS)}
    tools.kicad("shapes", tools.write_job(folder / "shapes_job.json", job), folder / "shapes.json")
    content: Shapes = json.loads((folder / "shapes.json").read_text(encoding="utf-8"))
    return content


def _feature(control: Control, kind: str, turned: float = 0.0) -> Place:
    (dx, dy), degrees = rules.FEATURE[kind]
    degrees += turned
    angle = math.radians(degrees)
    x = control.x_mm - (dx * math.cos(angle) + dy * math.sin(angle))
    y = control.y_mm - (-dx * math.sin(angle) + dy * math.cos(angle))
    return Place(round(rules.PAGE[0] + x, 4), round(rules.PAGE[1] + y, 4), degrees, False)


def _on_page(x: float, y: float, degrees: float) -> Place:
    return Place(rules.PAGE[0] + x, rules.PAGE[1] + y, degrees, True)


def standing(circuit: Circuit, panel: PanelMap) -> dict[str, Place]:
    """Everything whose place is given: what the panel shows, the Seed, the power header."""
    refs = {part.ref for part in circuit.parts()}
    places: dict[str, Place] = {}
    for index, knob in enumerate(panel.of_kind("knob")):
        places[f"RV{301 + index}"] = _feature(knob, "knob")
    jacks = {"cv": (210, 0.0), "audio_in": (510, 180.0), "audio_out": (610, 180.0)}
    for kind in JACK_KINDS:
        first, turned = jacks.get(kind, (401, 0.0))
        for index, jack in enumerate(panel.of_kind(kind)):
            places[f"J{first + 10 * index}"] = _feature(jack, "jack", turned)
    places["SW701"] = _feature(panel.of_kind("button")[0], "button")
    for index, led in enumerate(panel.of_kind("led")):
        places[f"D{701 + 10 * index}"] = _feature(led, "led")
    places["U801"] = _on_page(*rules.SEED_PIN_1, 0.0)
    places["J101"] = _on_page(*rules.HEADER_PIN_1, 90.0)
    missing = set(places) - refs
    if missing:
        raise KeyError(f"the placement knows {sorted(missing)}, the circuit does not")
    return places


def _pads(part: Placed, way: dict[str, Any]) -> list[tuple[str, str, float, float]]:
    """(pin, net, x, y) of a part's pads that are on a net."""
    return [(pin, str(part.nets[pin]), x, y) for pin, x, y in way["pads"] if part.nets.get(pin)]


def _way(part: Placed, place: Place, shapes: Shapes) -> dict[str, Any]:
    side = shapes[part.item.footprint]["back" if place.back else "front"]
    way: dict[str, Any] = side[str(int(place.degrees) % 360)]
    return way


def _blocks(parts: Iterable[Placed], places: dict[str, Place], shapes: Shapes, panel: PanelMap) -> list[str]:
    lines = []
    for part in parts:
        place = places[part.ref]
        way = _way(part, place, shapes)
        for x0, y0, x1, y1 in way["through"]:
            box = (place.x + x0, place.y + y0, place.x + x1, place.y + y1)
            sides = (side + _SOLDER_MM * sign for side, sign in zip(box, (-1, -1, 1, 1), strict=True))
            lines.append("block {:.3f} {:.3f} {:.3f} {:.3f} 0".format(*sides))
        if place.back and part.kind != "seed":
            x0, y0, x1, y1 = way["box"]
            lines.append(f"block {place.x + x0:.3f} {place.y + y0:.3f} {place.x + x1:.3f} {place.y + y1:.3f} 0")
    px, py = rules.PAGE
    x0, y0, x1, y1 = rules.usb_cut(panel)
    lines.append(f"block {px + x0 - 1:.3f} {py + y0 - 1:.3f} {px + x1 + 1:.3f} {py + y1 + 1:.3f} 0")
    x0, y0, x1, y1 = rules.RED_EDGE_WORDS
    lines.append(f"block {px + x0:.3f} {py + y0:.3f} {px + x1:.3f} {py + y1:.3f} 0")
    for x, y in rules.MOUNTING_HOLES:
        lines.append(f"block {px + x - 3.4:.3f} {py + y - 3.4:.3f} {px + x + 3.4:.3f} {py + y + 3.4:.3f} 0")
    x0, y0, x1, y1 = rules.SEED_BODY
    lines.append(f"block {px + x0:.3f} {py + y0:.3f} {px + x1:.3f} {py + y1:.3f} 1")
    return lines


def _problem(
    circuit: Circuit, panel: PanelMap, places: dict[str, Place], shapes: Shapes, seed: int
) -> tuple[str, list[str]]:
    parts = {part.ref: part for part in circuit.parts()}
    movable = [ref for ref in parts if ref not in places]
    nets = sorted({net for part in parts.values() for net in part.nets.values() if net})
    number = {net: index for index, net in enumerate(nets)}
    px, py = rules.PAGE
    x0, y0, x1, y1 = rules.OUTLINE
    lines = [
        f"area {px + x0} {py + y0} {px + x1} {py + y1} {rules.PLACE_GAP_MM}",
        f"seed {seed} {MOVES}",
        *(f"net {rules.pull(net)}" for net in nets),
        *_blocks((parts[ref] for ref in places), places, shapes, panel),
    ]
    spots: dict[tuple[str, str], tuple[float, float]] = {}
    for ref, place in places.items():
        for pin, net, x, y in _pads(parts[ref], _way(parts[ref], place, shapes)):
            spots[ref, pin] = (place.x + x, place.y + y)
            lines.append(f"pad {number[net]} {place.x + x:.3f} {place.y + y:.3f}")
    pad_index: dict[tuple[str, str], int] = {}
    for ref in movable:
        part = parts[ref]
        lines.append(f"part {ref} {int(bool(rules.TALL.search(part.item.footprint)))}")
        for degrees in (0, 90, 180, 270):
            way = shapes[part.item.footprint]["back"][str(degrees)]
            pads = _pads(part, way)
            if degrees == 0:
                pad_index |= {(ref, pin): index for index, (pin, *_) in enumerate(pads)}
            words = " ".join(f"{number[net]} {x:.3f} {y:.3f}" for _, net, x, y in pads)
            lines.append("way {:.3f} {:.3f} {:.3f} {:.3f} ".format(*way["box"]) + f"{len(pads)} {words}")
    index = {ref: position for position, ref in enumerate(movable)}
    for capacitor, (ref, pin) in rules.DECOUPLING.items():
        served = parts[ref].nets[pin]
        own = next(pad for pad, name in parts[capacitor].nets.items() if name == served)
        first = f"{index[capacitor]} {pad_index[capacitor, own]}"
        if ref in places:
            x, y = spots[ref, pin]
            lines.append(f"pair {first} {x:.3f} {y:.3f} {_NEAR}")
        else:
            lines.append(f"couple {first} {index[ref]} {pad_index[ref, pin]} {_NEAR}")
    return "\n".join(lines) + "\n", movable


def place(circuit: Circuit, panel: PanelMap, shapes: Shapes, folder: Path, seed: int = SEEDS[0]) -> dict[str, Place]:
    """Every part's place. Raises RuntimeError where there is no room."""
    rules.check(circuit)
    places = standing(circuit, panel)
    text, _ = _problem(circuit, panel, places, shapes, seed)
    problem = folder / "placement.txt"
    problem.write_text(text, encoding="utf-8")
    placer = tools.program("placer", folder / "bin")
    done = subprocess.run([placer, problem], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"The placement failed: {done.stderr.strip()}")
    for line in done.stdout.splitlines()[1:]:
        ref, x, y, degrees = line.split()
        places[ref] = Place(float(x), float(y), float(degrees), True)
    return places


def decoupling_mm(circuit: Circuit, places: dict[str, Place], shapes: Shapes) -> dict[str, float]:
    """How far each decoupling capacitor's pad lies from the pin it serves."""
    parts = {part.ref: part for part in circuit.parts()}

    def spot(ref: str, wanted: str, by_net: bool) -> tuple[float, float]:
        place = places[ref]
        for pin, net, x, y in _pads(parts[ref], _way(parts[ref], place, shapes)):
            if (net if by_net else pin) == wanted:
                return place.x + x, place.y + y
        raise KeyError(f"{ref} has no {wanted}")

    found = {}
    for capacitor, (ref, pin) in rules.DECOUPLING.items():
        a, b = spot(capacitor, str(parts[ref].nets[pin]), True), spot(ref, pin, False)
        found[capacitor] = math.hypot(a[0] - b[0], a[1] - b[1])
    return found
