"""The .kicad_sch read back by a reader that knows nothing of the drawing: its nets are SKiDL's."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hardware.circuit.circuit import Circuit
from hardware.drawings import kicad_schematic, schematic
from hardware.panels.panel_map import PanelMap

TITLE = {"title": "Gritspace", "revision": "B", "date": "2026-11-30", "licence": "CERN-OHL-P-2.0"}


def _parsed(text: str) -> list[Any]:
    stack: list[list[Any]] = [[]]
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|[()]|[^\s()]+', text):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token.strip('"'))
    (root,) = stack[0]
    return list(root)


def _all(node: list[Any], name: str) -> list[list[Any]]:
    return [item for item in node if isinstance(item, list) and item and item[0] == name]


def _nets(text: str) -> set[frozenset[str]]:
    """Groups of joined pins, as KiCad joins them: at equal points, along wires, and by global labels."""
    root = _parsed(text)
    parent: dict[Any, Any] = {}

    def find(key: Any) -> Any:
        parent.setdefault(key, key)
        while parent[key] != key:
            key = parent[key]
        return key

    def join(a: Any, b: Any) -> None:
        parent[find(a)] = find(b)

    def point(x: str | float, y: str | float) -> tuple[float, float]:
        return round(float(x), 3), round(float(y), 3)

    pins: dict[str, dict[int, list[tuple[str, float, float]]]] = {}
    for symbol in _all(_all(root, "lib_symbols")[0], "symbol"):
        for unit in _all(symbol, "symbol"):
            number = int(unit[1].rsplit("_", 2)[1])
            pins.setdefault(symbol[1], {})[number] = [
                (_all(pin, "number")[0][1], float(_all(pin, "at")[0][1]), float(_all(pin, "at")[0][2]))
                for pin in _all(unit, "pin")
            ]
    found: dict[str, tuple[float, float]] = {}
    for symbol in _all(root, "symbol"):
        x, y = (float(v) for v in _all(symbol, "at")[0][1:3])
        reference = next(prop[2] for prop in _all(symbol, "property") if prop[1] == "Reference")
        for number, px, py in pins[_all(symbol, "lib_id")[0][1]][int(_all(symbol, "unit")[0][1])]:
            where = point(x + px, y - py)
            # The same pin drawn twice (a diode pair's middle) is one pin.
            if f"{reference}.{number}" in found:
                join(found[f"{reference}.{number}"], where)
            found[f"{reference}.{number}"] = where
    for wire in _all(root, "wire"):
        (a, b) = (point(*xy[1:]) for xy in _all(_all(wire, "pts")[0], "xy"))
        join(a, b)
    for label in _all(root, "global_label"):
        join(point(*_all(label, "at")[0][1:3]), ("label", label[1]))
    groups: dict[Any, set[str]] = {}
    for name, where in found.items():
        groups.setdefault(find(where), set()).add(name)
    return {frozenset(group) for group in groups.values()}


@pytest.fixture(scope="module")
def text(circuit: Circuit, panel_map: PanelMap) -> str:
    return kicad_schematic.render(schematic.sheets(circuit, panel_map), TITLE)


def test_the_schematics_nets_are_those_of_the_netlist(text: str, circuit: Circuit) -> None:
    wanted: dict[str, set[str]] = {}
    for part in circuit.parts():
        for pin, net in part.nets.items():
            wanted.setdefault(net or f"open {part.ref}.{pin}", set()).add(f"{part.ref}.{pin}")
    assert _nets(text) == {frozenset(group) for group in wanted.values()}


def test_a_wire_less_is_another_netlist(text: str, circuit: Circuit) -> None:
    wire = next(line for line in text.splitlines() if line.startswith("(wire"))
    assert _nets(text.replace(wire + "\n", "", 1)) != _nets(text)


def test_the_schematic_is_the_same_each_time_and_says_what_it_is(
    text: str, circuit: Circuit, panel_map: PanelMap
) -> None:
    assert kicad_schematic.render(schematic.sheets(circuit, panel_map), TITLE) == text
    assert '(rev "B")' in text
    assert text.count("(") == text.count(")")
    identifiers = re.findall(r"\(uuid ([0-9a-f-]+)\)", text)
    assert len(set(identifiers)) == len(identifiers)
