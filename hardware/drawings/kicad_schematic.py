"""The sheets as one .kicad_sch that KiCad opens: the same places and wires, symbols of its own, nets by global labels.

Every drawn piece of a part becomes a unit of a symbol whose pins lie where they are drawn; wires are cut wherever
something meets them, so that KiCad joins what the drawing joins. Identifiers come from what they name: the same bytes
each time.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from ..circuit.circuit import Placed
from .sheet import Body, Point, Sheet

UNIT_MM = 3.81  # a sheet's unit: two of them are a KiCad resistor
_PAPER = ("A2", 594.0, 420.0)
_MARGIN_MM = 22.0
_NAMESPACE = uuid.UUID("7a1d3c52-5b0e-4b0e-9b60-6d6f64756c65")


def _identifier(*words: object) -> str:
    return str(uuid.uuid5(_NAMESPACE, "/".join(map(str, words))))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True)
class Frame:
    """Where a sheet's origin lies on the page, in millimetres."""

    x: float
    y: float

    def at(self, point: Point) -> Point:
        """A sheet's point on the page; y turns over."""
        return round(self.x + round(point[0], 3) * UNIT_MM, 2), round(self.y - round(point[1], 3) * UNIT_MM, 2)


def _effects(size: float = 1.27, hidden: bool = False, justify: str = "") -> str:
    words = f" (justify {justify})" if justify else ""
    return f"(effects (font (size {size} {size})){words}{' hide' if hidden else ''})"


def _line(points: Iterable[Point]) -> str:
    words = " ".join(f"(xy {x:.4f} {y:.4f})" for x, y in points)
    return f"(polyline (pts {words}) (stroke (width 0.2) (type default) (color 0 0 0 0)) (fill (type none)))"


def _two(kind: str, a: Point, b: Point) -> list[str]:
    """A part with two pins: leads, and in the middle what it is."""
    (ax, ay), (bx, by) = a, b
    length = max(abs(bx - ax), abs(by - ay))
    ux, uy = (bx - ax) / length, (by - ay) / length
    middle = ((ax + bx) / 2, (ay + by) / 2)

    def spot(along: float, across: float) -> Point:
        return middle[0] + ux * along - uy * across, middle[1] + uy * along + ux * across

    if kind == "capacitor":
        return [
            _line([a, spot(-0.5, 0)]),
            _line([spot(-0.5, -1.5), spot(-0.5, 1.5)]),
            _line([spot(0.5, -1.5), spot(0.5, 1.5)]),
            _line([spot(0.5, 0), b]),
        ]
    if kind in ("schottky", "signal_diode", "clamp_pair", "reference_2v5", "zener_8v2", "led"):
        return [
            _line([a, spot(-1.0, 0)]),
            _line([spot(-1.0, -1.0), spot(1.0, 0), spot(-1.0, 1.0), spot(-1.0, -1.0)]),
            _line([spot(1.0, -1.0), spot(1.0, 1.0)]),
            _line([spot(1.0, 0), b]),
        ]
    return [
        _line([a, spot(-2.0, 0)]),
        _line([spot(-2.0, -0.9), spot(2.0, -0.9), spot(2.0, 0.9), spot(-2.0, 0.9), spot(-2.0, -0.9)]),
        _line([spot(2.0, 0), b]),
    ]


def _shape(body: Body, kind: str, points: Mapping[str, Point], corners: tuple[Point, Point] | None) -> list[str]:
    """The lines of a unit, in the symbol's millimetres, y upwards."""
    places = list(points.values())
    if body.shape == "two":
        return _two(kind, places[0], places[1])
    if body.shape == "triangle":
        output, inverting, other = places
        x = inverting[0]
        return [_line([(x, inverting[1] + 2.5), (x, other[1] - 2.5), output, (x, inverting[1] + 2.5)])]
    if body.shape == "pot":
        top, bottom, wiper = places
        return [*_two("resistor", top, bottom), _line([wiper, (top[0] + 0.9, wiper[1])])]
    if body.shape == "three":
        first, second, third = places
        x = (first[0] + second[0]) / 2
        return [_line([first, (x, first[1])]), _line([(x, second[1]), (x, third[1])]), _line([(x, second[1]), second]),
                _line([(x, third[1]), third])]  # fmt: skip
    if corners is not None:
        (x0, y0), (x1, y1) = corners
        return [_line([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)])]
    return []


def _symbol(part: Placed, bodies: list[Body], frame: Frame) -> tuple[str, list[Point]]:
    """A library symbol with a unit for every drawn piece, and each unit's origin on its sheet."""
    name = f"gritspace:{part.ref}"
    lines = [
        f"(symbol {_quoted(name)} (pin_numbers hide) (pin_names (offset 0.5)) (in_bom yes) (on_board yes)",
        f'(property "Reference" {_quoted(part.ref)} (id 0) (at 0 0 0) {_effects()})',
        f'(property "Value" {_quoted(part.value)} (id 1) (at 0 0 0) {_effects()})',
        f'(property "Footprint" {_quoted(part.item.footprint)} (id 2) (at 0 0 0) {_effects(hidden=True)})',
        f'(property "Datasheet" "" (id 3) (at 0 0 0) {_effects(hidden=True)})',
    ]
    origins = []
    for unit, body in enumerate(bodies, 1):
        origin = body.pins[0][1]
        origins.append(origin)

        # By way of the page, so that origin and pin add up to the page's point to the last digit.
        def local(point: Point, origin: Point = origin) -> Point:
            (x, y), (x0, y0) = frame.at(point), frame.at(origin)
            return round(x - x0, 2), round(y0 - y, 2)

        points = {number: local(point) for number, point in body.pins}
        corners = (local(body.box[0]), local(body.box[1])) if body.box else None
        lines.append(f"(symbol {_quoted(f'{part.ref}_{unit}_1')}")
        lines += _shape(body, part.kind, points, corners)
        for number, (x, y) in points.items():
            name_shown = body.names.get(number, "~") or "~"
            angle = 180 if corners is not None and x > (corners[0][0] + corners[1][0]) / 2 else 0
            lines.append(
                f"(pin passive line (at {x:.4f} {y:.4f} {angle}) (length 0) "
                f"(name {_quoted(name_shown)} {_effects(1.0)}) "
                f"(number {_quoted(number)} {_effects(1.0)}))"
            )
        lines.append(")")
    lines.append(")")
    return "\n".join(lines), origins


def _wires(sheet: Sheet) -> set[tuple[Point, Point]]:
    """Every wire, cut wherever a pin, a label or another wire's end lies on it."""
    points = {point for _, _, point in sheet.pins} | {point for _, point in sheet.labels}
    points |= {end for wire in sheet.wires for end in wire}
    pieces = set()
    for (x0, y0), (x1, y1) in sheet.wires:
        on = [
            (x, y)
            for x, y in points
            if min(x0, x1) - 1e-3 <= x <= max(x0, x1) + 1e-3
            and min(y0, y1) - 1e-3 <= y <= max(y0, y1) + 1e-3
            and abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) < 1e-3
        ]
        ordered = sorted({_rounded(point) for point in on}, key=lambda q: math.dist(q, (x0, y0)))
        pieces |= set(pairwise(ordered))
    return pieces


def _rounded(point: Point) -> Point:
    return round(point[0], 3), round(point[1], 3)


def _frames(sheets: Mapping[str, Sheet]) -> dict[str, Frame]:
    """Sheets side by side in rows on the page."""
    frames, x, y, deepest = {}, _MARGIN_MM, _MARGIN_MM, 0.0
    for stage, sheet in sheets.items():
        xs = [point[0] for _, _, point in sheet.pins]
        ys = [point[1] for _, _, point in sheet.pins]
        width, height = (max(xs) - min(xs) + 7.0) * UNIT_MM, (max(ys) - min(ys) + 5.0) * UNIT_MM
        if x + width > _PAPER[1] - _MARGIN_MM:
            x, y, deepest = _MARGIN_MM, y + deepest, 0.0
        frames[stage] = Frame(round(x + (3.5 - min(xs)) * UNIT_MM, 2), round(y + (max(ys) + 3.0) * UNIT_MM, 2))
        x, deepest = x + width, max(deepest, height)
    return frames


def _sheet(stage: str, sheet: Sheet, frame: Frame) -> tuple[list[str], list[str], list[str]]:
    """Library symbols, what stands on the page, and the instances' lines."""
    library, page, instances = [], [], []
    grouped: dict[str, list[Body]] = {}
    for body in sheet.bodies:
        grouped.setdefault(body.ref, []).append(body)
    for ref, bodies in grouped.items():
        part = sheet.parts[ref]
        symbol, origins = _symbol(part, bodies, frame)
        library.append(symbol)
        for unit, (body, origin) in enumerate(zip(bodies, origins, strict=True), 1):
            x, y = frame.at(_rounded(origin))
            mark = _identifier(ref, unit)
            xs = [frame.at(point)[0] for _, point in body.pins]
            ys = [frame.at(point)[1] for _, point in body.pins]
            level = body.box is not None or min(ys) == max(ys)
            tx, ty = sum(xs) / len(xs) + 1.5, min(ys) - 1.6 if level else sum(ys) / len(ys) - 0.8
            pins = " ".join(
                f"(pin {_quoted(number)} (uuid {_identifier(ref, unit, number)}))" for number, _ in body.pins
            )
            page.append(
                f"(symbol (lib_id {_quoted(f'gritspace:{ref}')}) (at {x} {y} 0) (unit {unit}) (in_bom yes) "
                f"(on_board yes) (fields_autoplaced) (uuid {mark}) "
                f'(property "Reference" {_quoted(ref)} (id 0) (at {tx:.2f} {ty:.2f} 0) '
                f"{_effects(1.1, justify='left')}) "
                f'(property "Value" {_quoted(part.value)} (id 1) (at {tx:.2f} {ty + 1.8:.2f} 0) '
                f"{_effects(1.1, justify='left')}) "
                f'(property "Footprint" {_quoted(part.item.footprint)} (id 2) (at {x} {y} 0) {_effects(hidden=True)}) '
                f'(property "Datasheet" "" (id 3) (at {x} {y} 0) {_effects(hidden=True)}) {pins})'
            )
            instances.append(
                f'(path "/{mark}" (reference {_quoted(ref)}) (unit {unit}) (value {_quoted(part.value)}) '
                f"(footprint {_quoted(part.item.footprint)}))"
            )
    for index, (a, b) in enumerate(sorted(_wires(sheet))):
        (ax, ay), (bx, by) = frame.at(a), frame.at(b)
        page.append(
            f"(wire (pts (xy {ax} {ay}) (xy {bx} {by})) (stroke (width 0) (type default) (color 0 0 0 0)) "
            f"(uuid {_identifier(stage, 'wire', index)}))"
        )
    for index, (name, point) in enumerate(sheet.labels):
        x, y = frame.at(_rounded(point))
        page.append(
            f"(global_label {_quoted(name)} (shape passive) (at {x} {y} 0) (fields_autoplaced) "
            f"{_effects(1.0, justify='left')} (uuid {_identifier(stage, 'label', index)}))"
        )
    for ref, number, point in sheet.pins:
        if sheet.parts[ref].nets[number] is None:
            x, y = frame.at(_rounded(point))
            page.append(f"(no_connect (at {x} {y}) (uuid {_identifier(ref, number, 'open')}))")
    x, y = frame.at((0.0, max(point[1] for _, _, point in sheet.pins) + 2.0))
    big = _effects(3.0, justify="left")
    page.append(f"(text {_quoted(sheet.title)} (at {x} {y} 0) {big} (uuid {_identifier(stage)}))")
    return library, page, instances


def render(sheets: Mapping[str, Sheet], title: Mapping[str, str]) -> str:
    """The schematic's file. title: title, revision, date, licence."""
    frames = _frames(sheets)
    library: list[str] = []
    page: list[str] = []
    instances: list[str] = []
    for stage, sheet in sheets.items():
        symbols, drawn, paths = _sheet(stage, sheet, frames[stage])
        library, page, instances = library + symbols, page + drawn, instances + paths
    head = [
        "(kicad_sch (version 20211123) (generator gritspace)",
        f"(uuid {_identifier('root')})",
        f'(paper "{_PAPER[0]}")',
        f"(title_block (title {_quoted(title['title'])}) (date {_quoted(title['date'])}) "
        f"(rev {_quoted(title['revision'])}) (company {_quoted(title['licence'])}) "
        f'(comment 1 "Drawn by hardware/drawings from the circuit in hardware/circuit. Nobody has built one yet."))',
        "(lib_symbols",
        *library,
        ")",
    ]
    tail = ['(sheet_instances (path "/" (page "1")))', "(symbol_instances", *instances, ")", ")"]
    return "\n".join([*head, *page, *tail]) + "\n"
