"""The circuit: electrical rules that do find errors, a netlist that repeats, parts that can be bought and soldered."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hardware.circuit import catalogue
from hardware.circuit.bom import lines, to_csv, total
from hardware.circuit.circuit import Circuit
from hardware.circuit.quantities import capacitor_code, parse, resistor_code, vishay_code
from hardware.circuit.stages import cv_in
from hardware.circuit.stages.power import HEADER_PINS
from hardware.circuit.whole import STAGES, build_circuit
from hardware.panels.panel_map import PanelMap
from hardware.simulate.deck import deck, elements

ROOT = Path(__file__).resolve().parents[2]
FOOTPRINTS = Path("/usr/share/kicad/footprints")
OWN_FOOTPRINTS = ROOT / "hardware" / "board" / "gritspace.pretty"


def test_the_electrical_rules_find_no_error_and_no_warning(circuit: Circuit) -> None:
    errors, warnings, messages = circuit.erc()
    assert (errors, warnings) == (0, 0), messages


def test_the_electrical_rules_do_find_two_outputs_that_fight(symbols: None) -> None:
    broken = Circuit()
    broken.stage = "test"
    for ref, net in (("U1", "A"), ("U2", "B")):
        pins = {"1": "SHARED", "2": net, "3": "GND", "5": "GND", "6": net, "7": net, "4": "-12V", "8": "+12V"}
        broken.part(ref, "audio_op_amp", "OPA1678", pins)
    errors, _, messages = broken.erc()
    assert errors >= 1
    assert any("conflict" in message.lower() for message in messages)


def test_the_electrical_rules_do_find_a_net_with_one_end(symbols: None) -> None:
    broken = Circuit()
    broken.stage = "test"
    broken.resistor("R1", "10k", "LONELY", "GND")
    broken.resistor("R2", "10k", "GND", "GND")
    errors, warnings, messages = broken.erc()
    assert errors + warnings >= 1
    assert any("LONELY" in message for message in messages)


def test_the_netlist_is_the_same_in_another_process_and_folder(circuit: Circuit, tmp_path: Path) -> None:
    script = "from hardware.circuit.whole import build_circuit; import sys; sys.stdout.write(build_circuit().netlist())"
    environment = {**os.environ, "PYTHONHASHSEED": "2", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script]
    other = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=tmp_path).stdout
    assert other == circuit.netlist()
    assert str(ROOT) not in other


def test_the_power_header_follows_doepfers_bus_with_the_red_edge_on_pin_one(circuit: Circuit) -> None:
    (header,) = [part for part in circuit.parts() if part.kind == "power_header"]
    assert [header.nets[str(pin)] for pin in (1, 2)] == ["-12V_IN", "-12V_IN"]
    assert [header.nets[str(pin)] for pin in range(3, 9)] == ["GND"] * 6
    assert [header.nets[str(pin)] for pin in (9, 10)] == ["+12V_IN", "+12V_IN"]
    assert dict(header.nets) == HEADER_PINS
    assert "keyed" in header.item.description


def test_each_rail_meets_its_fuse_and_then_a_diode_before_anything_else(circuit: Circuit) -> None:
    for net, fuse, diode, cathode in (("+12V_IN", "F101", "D101", False), ("-12V_IN", "F102", "D102", True)):
        parts = {part.ref: part for part in circuit.parts()}
        assert {part.ref for part in parts.values() if net in part.nets.values()} == {"J101", fuse}
        between = ({*parts[fuse].nets.values()} - {net}).pop()
        assert {part.ref for part in parts.values() if between in part.nets.values()} == {fuse, diode}
        # Symbol pin 1 is the cathode: current flows into the module on +12 V and out of it on -12 V.
        assert (parts[diode].nets["1"] == between) is cathode


def test_every_part_has_a_number_a_second_source_and_a_price(circuit: Circuit) -> None:
    for part in circuit.parts():
        assert part.value
        if part.kind == "test_point":
            continue
        assert part.item.manufacturer_number != part.item.second_source
        assert part.item.footprint
        assert part.item.unit_cost > 0
        assert part.stage in STAGES
        if part.kind in ("resistor", "capacitor"):
            assert part.item.tolerance > 0


def test_every_footprint_exists_and_has_a_pad_for_every_pin(circuit: Circuit) -> None:
    if not FOOTPRINTS.exists():
        pytest.skip("no KiCad footprints: apt-get install kicad-footprints")
    for part in circuit.parts():
        library, name = part.item.footprint.split(":")
        folder = OWN_FOOTPRINTS if library == "gritspace" else FOOTPRINTS / f"{library}.pretty"
        path = folder / f"{name}.kicad_mod"
        assert path.exists(), part.item.footprint
        pads = set(re.findall(r'\(pad "?([^" ]+)"? ', path.read_text(encoding="utf-8")))
        assert set(part.nets) <= pads, f"{part.ref}: pins {set(part.nets)}, pads {pads}"


def test_a_changed_value_changes_netlist_deck_bill_and_header_alike(
    symbols: None, panel_map: PanelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv_in, "FEEDBACK_OHM", "33.2k")
    changed = build_circuit(panel_map)
    assert '(value "33.2k")' in changed.netlist()
    assert any(line.startswith("RR212 ") and line.endswith(" 33200") for line in elements(changed, ["cv_in"]))
    assert "RC0805FR-0733K2L" in to_csv(lines(changed))
    assert cv_in.nominal_gain() == pytest.approx(-0.332)


def test_the_bill_counts_every_part_once(circuit: Circuit) -> None:
    bill = lines(circuit)
    electrical = [line for line in bill if line.item.footprint]
    assert sum(line.quantity for line in electrical) == sum(part.kind != "test_point" for part in circuit.parts())
    assert total(bill) == pytest.approx(sum(line.quantity * line.item.unit_cost for line in bill), abs=0.01)
    assert len({line.item.manufacturer_number for line in bill}) == len(bill)
    assert {"SOCKET", "PANEL1", "KNOB"} <= {line.references[0] for line in bill}
    assert next(line for line in bill if line.references == ("KNOB",)).quantity == 7


def test_every_part_of_a_stage_reaches_the_deck_or_is_a_connector(circuit: Circuit) -> None:
    silent = {"jack", "button", "power_header", "seed", "test_point"}
    for part in circuit.parts():
        text = "\n".join(elements(circuit, [part.stage]))
        if part.kind not in silent:
            assert part.ref in text
    assert deck("x", ["R1 a 0 1"], ["op"]).startswith("* x\n")


@pytest.mark.parametrize(
    ("value", "number", "yageo", "vishay"),
    [("30.1k", 30100.0, "30K1", "30K1"), ("100k", 1e5, "100K", "100K"), ("1k", 1e3, "1K", "1K00"),
     ("10k", 1e4, "10K", "10K0"), ("470", 470.0, "470R", "470R"), ("4.7", 4.7, "4R7", "4R70"),
     ("8.06k", 8060.0, "8K06", "8K06")],
)  # fmt: skip
def test_resistor_codes_are_the_makers(value: str, number: float, yageo: str, vishay: str) -> None:
    assert parse(value) == pytest.approx(number)
    assert resistor_code(value) == yageo
    assert vishay_code(value) == vishay


def test_capacitor_codes_are_three_digits() -> None:
    assert [capacitor_code(value) for value in ("47p", "3.3n", "10n", "100n", "22u")] == [
        "470",
        "332",
        "103",
        "104",
        "226",
    ]
    assert "C0G" in catalogue.capacitor("10n").description
    assert "X7R" in catalogue.capacitor("100n").description


@pytest.mark.parametrize("text", ["", "10 k", "1e3", "30.1K", "k10"])
def test_a_value_nobody_writes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a value"):
        parse(text)
