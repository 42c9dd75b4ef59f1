"""One sheet of the schematic, drawn with schemdraw on absolute coordinates, and checked against the netlist.

Values and nets come from the placed parts, never from the drawing. What is drawn is remembered as pins, wires and net
labels at points; `problems` follows the wires and says where the drawing and the netlist differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import schemdraw
import schemdraw.elements as elm

from ..circuit.circuit import Placed

Point = tuple[float, float]
Align = tuple[Literal["left", "center", "right"], Literal["center"]]

schemdraw.use("svg")

_TWO_PINS: Mapping[str, Any] = {
    "resistor": elm.ResistorIEC,
    "capacitor": elm.Capacitor,
    "fuse_500m": elm.FuseIEEE,
    "fuse_200m": elm.FuseIEEE,
    "schottky": elm.Schottky,
    "signal_diode": elm.Diode,
    "clamp_pair": elm.Schottky,
    "reference_2v5": elm.Zener,
    "zener_8v2": elm.Zener,
    "suppressor": elm.DiodeTVS,
    "ferrite": elm.Inductor2,
    "led": elm.LED,
    "button": elm.Button,
}
_UNIT = {"resistor": "", "capacitor": "F", "potentiometer": ""}


@dataclass(frozen=True)
class Body:
    """One drawn piece of a part. shape: two, triangle, three, pot, point or box; names: what is written at its pins."""

    ref: str
    shape: str
    pins: tuple[tuple[str, Point], ...]
    names: Mapping[str, str] = field(default_factory=dict)
    box: tuple[Point, Point] | None = None


class Sheet:
    """A drawing under construction. Lengths are schemdraw units."""

    def __init__(self, title: str, parts: Iterable[Placed]) -> None:
        self.title = title
        self.parts = {part.ref: part for part in parts}
        self.pins: list[tuple[str, str, Point]] = []
        self.bodies: list[Body] = []
        self.wires: list[tuple[Point, Point]] = []
        self.labels: list[tuple[str, Point]] = []
        self._elements: list[Any] = []

    def _add(self, element: Any) -> None:
        self._elements.append(element)

    def _body(
        self,
        ref: str,
        shape: str,
        *pins: tuple[str, Point],
        names: Mapping[str, str] | None = None,
        box: tuple[Point, Point] | None = None,
    ) -> None:
        self.bodies.append(Body(ref, shape, pins, names or {}, box))
        self.pins += [(ref, number, point) for number, point in pins]

    def text(self, point: Point, words: str, size: float = 10, align: Align = ("left", "center")) -> None:
        """Words that mean nothing to the netlist."""
        self._add(elm.Label().theta(0).at(point).label(words, fontsize=size, halign=align[0], valign=align[1]))

    def _caption(self, ref: str) -> str:
        part = self.parts[ref]
        if part.kind in _UNIT:
            return f"{ref} {part.value}{_UNIT[part.kind]}"
        return f"{ref} {part.value}" if part.kind not in ("button",) else ref

    def two(
        self,
        ref: str,
        start: Point,
        end: Point,
        pins: tuple[str, str] = ("1", "2"),
        caption: str | None = None,
        caption_left: bool = False,
    ) -> None:
        """A part with two pins from start (first pin) to end. Diodes point from start, the anode, to end."""
        part = self.parts[ref]
        words = self._caption(ref) if caption is None else caption
        element = (elm.Capacitor2 if "electrolytic" in part.item.description else _TWO_PINS[part.kind])()
        if "electrolytic" in part.item.description:
            self._add(element.endpoints(end, start))
            upright = start[0] == end[0]
            sign = (start[0] - 0.35, start[1] - 0.75 * (1 if start[1] > end[1] else -1)) if upright else start
            self.text(sign, "+", 9, ("center", "center"))
        else:
            self._add(element.endpoints(start, end))
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        if start[0] == end[0]:
            dx = {"button": 0.4}.get(part.kind, 0.42) * (-1 if caption_left else 1)
            self.text(
                (middle[0] + dx, middle[1]),
                words.replace(" ", "\n", 1),
                9,
                ("right" if caption_left else "left", "center"),
            )
        else:
            self.text((middle[0], middle[1] + (-0.5 if part.kind == "led" else 0.5)), words, 9, ("center", "center"))
        self._body(ref, "two", (pins[0], start), (pins[1], end))

    def wire(self, *points: Point) -> None:
        """A wire through these points."""
        for start, end in pairwise(points):
            self._add(elm.Line().endpoints(start, end))
            self.wires.append((start, end))

    def dot(self, point: Point) -> None:
        """A junction's dot."""
        self._add(elm.Dot().at(point))

    def ground(self, point: Point) -> None:
        """The ground symbol under a point."""
        self._add(elm.GroundSignal().at(point))
        self.labels.append(("GND", point))

    def net(self, name: str, point: Point, side: str = "right") -> None:
        """A net's name beside a point: joins everything that bears the same name."""
        dx, dy = {"right": (0.15, 0.0), "left": (-0.3, 0.0), "up": (0.0, 0.4), "down": (0.0, -0.4)}[side]
        align: Align = ("left" if side == "right" else "right" if side == "left" else "center", "center")
        self._add(elm.Dot(open=True).at(point))
        self.text((point[0] + dx, point[1] + dy), name, 9, align)
        self.labels.append((name, point))

    def op_amp(self, ref: str, pins: tuple[str, str, str], inverting: Point) -> Point:
        """One amplifier, its other input 1 below the inverting one. Returns the output's point."""
        x, y = inverting
        output = (x + 2.0, y - 0.5)
        for start, end in (((x, y + 0.75), (x, y - 1.75)), ((x, y - 1.75), output), (output, (x, y + 0.75))):
            self._add(elm.Line().endpoints(start, end))
        for number, point, dx in ((pins[1], inverting, -0.12), (pins[2], (x, y - 1.0), -0.12)):
            self.text((point[0] + dx, point[1] + 0.22), number, 7, ("right", "center"))
        self.text((output[0] + 0.1, output[1] + 0.22), pins[0], 7)
        self.text((x + 0.2, y), "–", 10)
        self.text((x + 0.2, y - 1.0), "+", 10)
        self.text((x + 0.9, y - 1.65), f"{ref} {self.parts[ref].value}", 9)
        self._body(ref, "triangle", (pins[0], output), (pins[1], inverting), (pins[2], (x, y - 1.0)))
        return output

    def _three(self, ref: str, make: Callable[[], Any], names: tuple[str, str, str], at: Point) -> tuple[Point, Point]:
        """A transistor with the first of its named anchors (pins 1, 2, 3) at a point. Returns pins 3 and 2."""
        with schemdraw.Drawing(show=False) as scratch:
            scratch.add(probe := make().at(at).anchor(names[0]))
        self._add(make().at(at).anchor(names[0]))
        second, third = ((round(float(x), 3), round(float(y), 3)) for x, y in (probe.absanchors[n] for n in names[1:]))
        self.text((max(second[0], third[0]) + 0.35, at[1]), f"{ref}\n{self.parts[ref].value}", 9)
        self._body(ref, "three", ("1", at), ("2", second), ("3", third))
        return third, second

    def npn(self, ref: str, base: Point) -> tuple[Point, Point]:
        """A transistor with its base at a point. Returns collector (above) and emitter (below)."""
        return self._three(ref, lambda: elm.BjtNpn(circle=True).theta(0), ("base", "emitter", "collector"), base)

    def pnp(self, ref: str, base: Point) -> tuple[Point, Point]:
        """A transistor with its base at a point. Returns collector (below) and emitter (above)."""
        return self._three(ref, lambda: elm.BjtPnp(circle=True).theta(0), ("base", "emitter", "collector"), base)

    def n_mosfet(self, ref: str, gate: Point, drain_up: bool) -> tuple[Point, Point]:
        """A MOSFET with its gate, at its left, at a point. Returns drain and source."""

        def make() -> Any:
            fet = elm.NFet().theta(0).reverse()
            return fet if drain_up else fet.flip()

        return self._three(ref, make, ("gate", "source", "drain"), gate)

    def test_point(self, ref: str, point: Point, above: bool = True) -> None:
        """A pad on a wire."""
        self._add(elm.Dot(open=True).at(point))
        self.text((point[0], point[1] + (0.4 if above else -0.4)), ref, 8, ("center", "center"))
        self._body(ref, "point", ("1", point))

    def potentiometer(self, ref: str, top: Point, bottom: Point) -> Point:
        """A potentiometer drawn upright, clockwise end on top. Returns the wiper."""
        self._add(elm.ResistorIEC().endpoints(top, bottom))
        middle = (top[1] + bottom[1]) / 2
        wiper = (top[0] + 1.0, middle)
        self._add(elm.Arrow().endpoints(wiper, (top[0] + 0.25, middle)))
        self.text((top[0] - 0.4, middle), self._caption(ref).replace(" ", "\n"), 9, ("right", "center"))
        self._body(ref, "pot", ("3", top), ("1", bottom), ("2", wiper))
        return wiper

    def block(
        self, ref: str, corner: Point, size: Point, pins: Mapping[str, tuple[Point, str]], title: str | None = None
    ) -> None:
        """A box with named pins on its edge. pins: number -> (point, name shown inside)."""
        x, y = corner
        width, height = size
        for start, end in (
            ((x, y), (x + width, y)),
            ((x + width, y), (x + width, y - height)),
            ((x + width, y - height), (x, y - height)),
            ((x, y - height), (x, y)),
        ):
            self._add(elm.Line().endpoints(start, end))
        self.text(
            (x + width / 2, y + 0.3),
            title if title is not None else f"{ref} {self.parts[ref].value}",
            9,
            ("center", "center"),
        )
        for number, (point, name) in pins.items():
            inside, align = ((point[0] - 0.2), "right") if point[0] > x + width / 2 else ((point[0] + 0.2), "left")
            self.text(
                (inside, point[1]),
                f"{number} {name}".strip() if align == "left" else f"{name} {number}".strip(),
                8,
                ("left", "center") if align == "left" else ("right", "center"),
            )
        self._body(
            ref,
            "box",
            *((number, point) for number, (point, _) in pins.items()),
            names={number: name for number, (_, name) in pins.items()},
            box=(corner, (x + width, y - height)),
        )

    def onto(self, drawing: schemdraw.Drawing) -> schemdraw.Drawing:
        """Puts everything on a drawing of schemdraw's."""
        drawing.config(fontsize=9, unit=2, margin=0.4, lw=1.2)
        for element in self._elements:
            drawing.add(element)
        return drawing

    def svg(self) -> str:
        """The sheet as SVG, white, with its title."""
        drawing = self.onto(schemdraw.Drawing(show=False))
        box = drawing.get_bbox()
        drawing.add(
            elm.Label().at((box.xmin, box.ymax + 0.9)).label(self.title, fontsize=14, halign="left", valign="center")
        )
        text = drawing.get_imagedata("svg").decode("utf-8")
        # A white ground: many viewers show transparency as black.
        view = re.search(r'viewBox="([-0-9.]+) ([-0-9.]+) ([-0-9.]+) ([-0-9.]+)"', text)
        if view is None:
            raise RuntimeError("schemdraw wrote an SVG without a viewBox")
        ground = '<rect x="{}" y="{}" width="{}" height="{}" fill="white"/>'.format(*view.groups())
        end = text.index(">", view.end()) + 1
        return text[:end] + ground + text[end:]

    def problems(self) -> list[str]:
        """Where the drawing and the netlist differ, one sentence each; empty when they agree."""
        groups = _Groups()
        points = [point for _, _, point in self.pins] + [point for _, point in self.labels]
        points += [end for wire in self.wires for end in wire]
        for start, end in self.wires:
            for point in points:
                if _on(point, start, end):
                    groups.join(point, start)
            groups.join(start, end)
        found: list[str] = []
        nets: dict[Point, set[str]] = {}
        labelled: dict[Point, set[str]] = {}
        for name, point in self.labels:
            labelled.setdefault(groups.root(point), set()).add(name)
        for ref, number, point in self.pins:
            net = self.parts[ref].nets[number]
            nets.setdefault(groups.root(point), set()).add(net if net is not None else f"open {ref}.{number}")
        for root, names in nets.items():
            if len(names) > 1:
                found.append(f"{self.title}: the drawing joins {', '.join(sorted(names))} at {root}.")
            if not labelled.get(root, names) <= names:
                found.append(
                    f"{self.title}: {', '.join(sorted(names))} is labelled {', '.join(sorted(labelled[root]))}."
                )
        for name in {name for names in nets.values() for name in names}:
            islands = [root for root, names in nets.items() if name in names]
            if len(islands) > 1 and any(name not in labelled.get(root, set()) for root in islands):
                found.append(f"{self.title}: {name} is drawn in {len(islands)} pieces that no label joins.")
        drawn = [(ref, number) for ref, number, _ in self.pins]
        wanted = {(ref, number) for ref, part in self.parts.items() for number in part.nets}
        found += [f"{self.title}: {ref} pin {number} is not drawn." for ref, number in sorted(wanted - set(drawn))]
        return found


class _Groups:
    """Points that wires join (union-find on rounded coordinates)."""

    def __init__(self) -> None:
        self._parent: dict[Point, Point] = {}

    def root(self, point: Point) -> Point:
        key = (round(point[0], 2), round(point[1], 2))
        self._parent.setdefault(key, key)
        while self._parent[key] != key:
            key = self._parent[key]
        return key

    def join(self, a: Point, b: Point) -> None:
        self._parent[self.root(a)] = self.root(b)


def _on(point: Point, start: Point, end: Point) -> bool:
    """Whether a point lies on a straight (horizontal or vertical) wire."""
    within = (
        min(start[0], end[0]) - 1e-3 <= point[0] <= max(start[0], end[0]) + 1e-3
        and min(start[1], end[1]) - 1e-3 <= point[1] <= max(start[1], end[1]) + 1e-3
    )
    cross = (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])
    return within and abs(cross) < 1e-3
