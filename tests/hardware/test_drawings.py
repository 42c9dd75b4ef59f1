"""Panel and schematic: nothing is wrong with them, and what would be wrong is noticed."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from hardware.circuit.circuit import Circuit
from hardware.drawings import panel, panel_checks, panel_styles, schematic
from hardware.panels.panel_map import PanelMap, parse


def test_the_panel_has_no_problem(panel_map: PanelMap) -> None:
    assert panel_checks.problems(panel_map) == []


@pytest.mark.parametrize("style", panel_styles.STYLES)
def test_every_design_has_the_same_holes_and_legends(panel_map: PanelMap, style: str) -> None:
    chosen, other = panel.build(panel_map), panel.build(panel_map, style)
    assert (other.holes, other.legends) == (chosen.holes, chosen.legends)


def test_the_scales_of_two_knobs_do_not_meet_and_every_led_and_jack_has_a_name_of_its_own(panel_map: PanelMap) -> None:
    assert panel_checks.scale_gap_mm(panel_map) >= 1.0
    names = [legend.text for legend in panel.build(panel_map).legends]
    assert len(set(names)) == len(names)
    assert {"SIG", "STATUS", "CV DRIVE", "DRIVE"} <= set(names)


@pytest.mark.parametrize(
    ("kind", "index", "changes", "sentence"),
    [
        ("cv", 1, {"x_mm": 22.0}, "Jacks drive and tone are 10.6 mm apart."),
        ("gate", 0, {"y_mm": 55.0, "x_mm": 53.0}, "Knob level and jack gate are 10.8 mm apart."),
        ("knob", 1, {"x_mm": 24.0}, "Knobs drive and tone leave"),
        ("audio_in", 0, {"y_mm": 118.0}, "sits behind a rail"),
        ("audio_in", 0, {"x_mm": 3.0}, "too near the panel's edge"),
        ("led", 1, {"x_mm": 13.0}, "leave less than 2 mm of panel"),
        ("knob", 4, {"y_mm": 42.0}, "Legend GAIN is covered by knob drive"),
    ],
)
def test_a_thing_put_in_the_wrong_place_is_noticed(
    panel_map: PanelMap, kind: str, index: int, changes: dict[str, Any], sentence: str
) -> None:
    raw = copy.deepcopy(panel_map.raw)
    raw[kind][index].update(changes)
    assert any(sentence in problem for problem in panel_checks.problems(parse(raw))), panel_checks.problems(parse(raw))


def test_a_panel_that_is_not_a_whole_number_of_hp_is_noticed(panel_map: PanelMap) -> None:
    raw = copy.deepcopy(panel_map.raw)
    raw["module"]["width_mm"] = 72.0
    assert any("14 HP" in problem for problem in panel_checks.problems(parse(raw)))


def test_the_schematic_is_the_netlist(circuit: Circuit, panel_map: PanelMap) -> None:
    sheets = schematic.sheets(circuit, panel_map)
    assert [problem for sheet in sheets.values() for problem in sheet.problems()] == []
    drawn = {ref for sheet in sheets.values() for ref, _, _ in sheet.pins}
    assert drawn == {part.ref for part in circuit.parts()}


def test_a_wire_left_out_of_the_schematic_is_noticed(circuit: Circuit, panel_map: PanelMap) -> None:
    for stage, sheet in schematic.sheets(circuit, panel_map).items():
        if stage == "knobs":
            sheet.wires = [wire for wire in sheet.wires if wire[0] != sheet.wires[0][0]]
            assert any("pieces that no label joins" in problem for problem in sheet.problems())


def test_two_pins_swapped_in_the_schematic_are_noticed(circuit: Circuit, panel_map: PanelMap) -> None:
    sheet = schematic.sheets(circuit, panel_map)["power"]
    part = sheet.parts["D101"]
    sheet.parts["D101"] = replace(part, nets={"1": part.nets["2"], "2": part.nets["1"]})
    assert any("the drawing joins" in problem for problem in sheet.problems())


def test_a_part_left_out_of_the_schematic_is_noticed(circuit: Circuit, panel_map: PanelMap) -> None:
    sheet = schematic.sheets(circuit, panel_map)["gate_in"]
    sheet.pins = [pin for pin in sheet.pins if pin[0] != "R402"]
    assert "Gritspace: Gate in: R402 pin 1 is not drawn." in sheet.problems()
