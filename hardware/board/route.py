"""Copper: a via at every ground pad, and tracks for everything else by the router."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import rules, tools

PASSES = 80
_HOLE_GAP_MM = 0.3
_GROUND_TRACK_MM = 0.4

Track = tuple[str, int, float, float, float, float, float]  # net, layer, width, x0, y0, x1, y1
Via = tuple[str, float, float]
Geometry = list[dict[str, Any]]


@dataclass
class Copper:
    """What joins the pads, the poured ground apart. Millimetres on the page; layer 0 is the front."""

    tracks: list[Track] = field(default_factory=list)
    vias: list[Via] = field(default_factory=list)


def _box(pad: dict[str, Any]) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in pad["outline"]], [y for _, y in pad["outline"]]
    return min(xs), min(ys), max(xs), max(ys)


class _Vias:
    """Finds free places for ground vias: clear of pads, holes, edges, and of each other."""

    def __init__(self, geometry: Geometry, cut: tuple[float, float, float, float]) -> None:
        self._pads = [(pad, _box(pad)) for pad in geometry]
        px, py = rules.PAGE
        x0, y0, x1, y1 = rules.OUTLINE
        self._area = (px + x0 + 0.8, py + y0 + 0.8, px + x1 - 0.8, py + y1 - 0.8)
        self._cut = (px + cut[0] - 0.8, py + cut[1] - 0.8, px + cut[2] + 0.8, py + cut[3] + 0.8)
        self.placed: list[tuple[float, float]] = []

    def free(self, x: float, y: float, own: dict[str, Any]) -> bool:
        x0, y0, x1, y1 = self._area
        if not (x0 < x < x1 and y0 < y < y1):
            return False
        if self._cut[0] < x < self._cut[2] and self._cut[1] < y < self._cut[3]:
            return False
        for pad, (left, top, right, bottom) in self._pads:
            if pad is own:
                continue
            gap = _HOLE_GAP_MM if pad["net"] == "GND" else rules.CLEARANCE_MM + 0.05
            reach = rules.VIA_MM / 2 + gap
            if left - reach < x < right + reach and top - reach < y < bottom + reach:
                return False
        return all(math.hypot(x - a, y - b) >= 0.9 for a, b in self.placed)

    def _reachable(self, x: float, y: float, own: dict[str, Any]) -> bool:
        """Whether the track to a via comes near no other net's pad."""
        reach = _GROUND_TRACK_MM / 2 + rules.CLEARANCE_MM + 0.05
        steps = max(2, round(math.hypot(x - own["x"], y - own["y"]) / 0.1))
        for step in range(steps + 1):
            a = own["x"] + (x - own["x"]) * step / steps
            b = own["y"] + (y - own["y"]) * step / steps
            for pad, (left, top, right, bottom) in self._pads:
                same_side = pad["layers"] & own["layers"] or pad["hole"] > 0
                if pad["net"] == "GND" or not same_side:
                    continue
                if left - reach < a < right + reach and top - reach < b < bottom + reach:
                    return False
        return True

    def beside(self, pad: dict[str, Any]) -> tuple[float, float] | None:
        """The nearest free place round a pad."""
        left, top, right, bottom = _box(pad)
        x, y, half_width, half_height = pad["x"], pad["y"], (right - left) / 2, (bottom - top) / 2
        best: tuple[float, float, float] | None = None
        for turn in range(16):
            angle = 2 * math.pi * turn / 16
            c, s = math.cos(angle), math.sin(angle)
            inside = min(half_width / abs(c) if abs(c) > 1e-6 else 1e9, half_height / abs(s) if abs(s) > 1e-6 else 1e9)
            for further in (0.0, 0.15, 0.3, 0.5, 0.8, 1.2):
                away = inside + rules.VIA_MM / 2 + 0.1 + further
                spot = (round(x + away * c, 3), round(y + away * s, 3))
                if (best is None or away < best[0]) and self.free(*spot, pad) and self._reachable(*spot, pad):
                    best = (away, *spot)
        return None if best is None else (best[1], best[2])


def ground(geometry: Geometry, cut: tuple[float, float, float, float]) -> tuple[Copper, list[str]]:
    """A via and a short track at every surface-mounted ground pad. Returns also the pads that found no room."""
    copper, without = Copper(), []
    vias = _Vias(geometry, cut)
    for pad in geometry:
        if pad["net"] != "GND" or pad["hole"] > 0:
            continue
        spot = vias.beside(pad)
        if spot is None:
            without.append(f"{pad['ref']}.{pad['pad']}")
            continue
        vias.placed.append(spot)
        copper.vias.append(("GND", *spot))
        copper.tracks.append(("GND", 0 if pad["layers"] & 1 else 1, _GROUND_TRACK_MM, pad["x"], pad["y"], *spot))
    return copper, without


def _gap(x: float, y: float, track: Track) -> float:
    """From a point to the middle of a track."""
    _, _, _, x0, y0, x1, y1 = track
    vx, vy = x1 - x0, y1 - y0
    squared = vx * vx + vy * vy
    t = 0.0 if squared == 0 else max(0.0, min(1.0, ((x - x0) * vx + (y - y0) * vy) / squared))
    return math.hypot(x0 + t * vx - x, y0 + t * vy - y)


def stitch(geometry: Geometry, copper: Copper, cut: tuple[float, float, float, float], pitch_mm: float = 4.0) -> None:
    """Adds ground vias on a grid wherever nothing is near: they join the two pours, islands too."""
    vias = _Vias(geometry, cut)
    px, py = rules.PAGE
    x0, y0, x1, y1 = rules.OUTLINE
    nobody: dict[str, Any] = {}
    clear = rules.VIA_MM / 2 + rules.CLEARANCE_MM + 0.05
    for row in range(int((y1 - y0) / pitch_mm)):
        for column in range(int((x1 - x0) / pitch_mm)):
            x, y = round(px + x0 + pitch_mm * (column + 0.5), 3), round(py + y0 + pitch_mm * (row + 0.5), 3)
            if not vias.free(x, y, nobody):
                continue
            if any(math.hypot(x - a, y - b) < rules.VIA_MM + rules.CLEARANCE_MM + 0.1 for _, a, b in copper.vias):
                continue
            if any(_gap(x, y, track) < clear + track[2] / 2 for track in copper.tracks if track[0] != "GND"):
                continue
            copper.vias.append(("GND", x, y))


def _round(x: float, y: float, radius: float, steps: int = 16) -> list[tuple[float, float]]:
    outer = radius / math.cos(math.pi / steps)
    return [
        (x + outer * math.cos(2 * math.pi * i / steps), y + outer * math.sin(2 * math.pi * i / steps))
        for i in range(steps)
    ]


def _band(x0: float, y0: float, x1: float, y1: float, width: float) -> list[tuple[float, float]]:
    along = math.atan2(y1 - y0, x1 - x0)
    dx, dy = width / 2 * math.cos(along), width / 2 * math.sin(along)
    return [
        (x0 - dx + dy, y0 - dy - dx),
        (x1 + dx + dy, y1 + dy - dx),
        (x1 + dx - dy, y1 + dy + dx),
        (x0 - dx - dy, y0 - dy + dx),
    ]


def _problem(geometry: Geometry, standing: Copper, keep_outs: list[list[tuple[float, float]]], layers: int) -> str:
    nets = sorted({pad["net"] for pad in geometry if pad["net"]})
    number = {net: index for index, net in enumerate(nets)}
    widths = {net: kind.track_mm for kind in rules.net_classes(set(nets)) for net in kind.nets}
    px, py = rules.PAGE
    x0, y0, x1, y1 = rules.OUTLINE
    apart = f"{rules.CLEARANCE_MM} {rules.EDGE_MM} {rules.VIA_MM / 2}"
    lines = [f"board {px + x0} {py + y0} {px + x1} {py + y1} {layers} {apart}"]
    lines += [f"net {net} {widths.get(net, rules.signal_track_mm()) / 2} {int(net != 'GND')}" for net in nets]

    def item(
        kind: str, net: str, mask: int, x: float, y: float, hole: float, outline: list[tuple[float, float]]
    ) -> None:
        points = " ".join(f"{a:.4f} {b:.4f}" for a, b in outline)
        lines.append(f"item {kind} {number.get(net, -1)} {mask} {x:.4f} {y:.4f} {hole:.4f} {len(outline)} {points}")

    everywhere = (1 << layers) - 1
    for outline in keep_outs:
        item("K", "", everywhere, 0, 0, 0, outline)
    for pad in geometry:
        mask = everywhere if pad["kind"] == "N" or pad["hole"] > 0 else pad["layers"]
        item(pad["kind"], pad["net"], mask, pad["x"], pad["y"], pad["hole"], pad["outline"])
    for net, x, y in standing.vias:
        item("T", net, everywhere, x, y, rules.VIA_DRILL_MM / 2, _round(x, y, rules.VIA_MM / 2))
    for net, layer, width, ax, ay, bx, by in standing.tracks:
        item("T", net, 1 << layer, ax, ay, 0, _band(ax, ay, bx, by, width))
    return "\n".join(lines) + "\n"


_ISLAND = "GND~"


def _as_islands(geometry: Geometry, copper: Copper, islands: Iterable[str]) -> tuple[Geometry, Copper]:
    """Ground pads that the pour does not reach become nets of their own, each with the nearest ground pin that goes
    through the board: the router then joins the two."""
    renamed = [dict(pad) for pad in geometry]
    tracks, vias = list(copper.tracks), list(copper.vias)
    for name in islands:
        own = next(pad for pad in renamed if f"{pad['ref']}.{pad['pad']}" == name)
        pins = [pad for pad in renamed if pad["net"] == "GND" and pad["hole"] > 0]
        far = min(pins, key=lambda pad: math.hypot(pad["x"] - own["x"], pad["y"] - own["y"]))
        spot = (own["x"], own["y"])
        for index, (net, *rest) in enumerate(tracks):
            if net == "GND" and (rest[2], rest[3]) == spot:
                tracks[index] = (_ISLAND + name, *rest)  # type: ignore[assignment]
                vias = [(_ISLAND + name if (x, y) == (rest[4], rest[5]) else net, x, y) for net, x, y in vias]
        own["net"] = far["net"] = _ISLAND + name
    return renamed, Copper(tracks, vias)


def route(
    geometry: Geometry,
    cut: tuple[float, float, float, float],
    folder: Path,
    layers: int = 2,
    islands: Iterable[str] = (),
) -> tuple[Copper, list[str]]:
    """All copper, and the ground pads without a via. islands: ground pads, as "C101.2", to join by a track.

    Raises RuntimeError where the router does not come to an end.
    """
    copper, without = ground(geometry, cut)
    geometry, copper = _as_islands(geometry, copper, islands)
    px, py = rules.PAGE
    x0, y0, x1, y1 = cut[0] + px - 0.3, cut[1] + py - 0.3, cut[2] + px + 0.3, cut[3] + py + 0.3
    problem = folder / "routing.txt"
    problem.write_text(_problem(geometry, copper, [[(x0, y0), (x1, y0), (x1, y1), (x0, y1)]], layers), encoding="utf-8")
    done = subprocess.run(
        [tools.program("router", folder / "bin"), problem, str(PASSES)], capture_output=True, text=True
    )
    (folder / "routing.log").write_text(done.stderr, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"The router did not finish: {done.stderr.strip().splitlines()[-1]}")
    for line in done.stdout.splitlines():
        kind, net, *numbers = line.split()
        if kind == "track":
            layer, width, ax, ay, bx, by = numbers
            copper.tracks.append((net, int(layer), float(width), float(ax), float(ay), float(bx), float(by)))
        elif (via := (net, float(numbers[0]), float(numbers[1]))) not in copper.vias:
            copper.vias.append(via)
    copper.tracks = [("GND" if track[0].startswith(_ISLAND) else track[0], *track[1:]) for track in copper.tracks]
    copper.vias = [("GND" if net.startswith(_ISLAND) else net, x, y) for net, x, y in copper.vias]
    stitch(geometry, copper, cut)
    return copper, without
