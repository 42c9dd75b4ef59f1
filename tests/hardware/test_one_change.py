"""A resistor changed in the circuit's file shows in netlist, bill, board and drawings, without a hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware.board import fabricate, layout, place, tools
from hardware.circuit import bom
from hardware.circuit.circuit import Circuit
from hardware.circuit.stages import cv_in
from hardware.circuit.whole import build_circuit
from hardware.drawings import kicad_schematic, schematic, schematic_pdf
from hardware.panels.panel_map import PanelMap


@pytest.fixture(scope="module")
def changed(symbols: None, panel_map: PanelMap) -> Circuit:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cv_in, "FEEDBACK_OHM", "33k")
        return build_circuit(panel_map)


def test_netlist_and_bill_have_the_new_value(circuit: Circuit, changed: Circuit) -> None:
    assert '"30.1k"' in circuit.netlist()
    assert '"30.1k"' not in changed.netlist()
    assert '"33k"' in changed.netlist()
    assert "RC0805FR-0730K1L" in bom.to_csv(bom.lines(circuit))
    assert "RC0805FR-0733KL" in bom.to_csv(bom.lines(changed))
    assert "RC0805FR-0733KL" in fabricate.assembly_bom(changed)


def test_the_drawings_show_it(changed: Circuit, panel_map: PanelMap, tmp_path: Path) -> None:
    sheets = schematic.sheets(changed, panel_map)
    assert "R212 33k" in sheets["cv_in"].svg()
    title = layout.title(panel_map, "circuit")
    text = kicad_schematic.render(schematic.sheets(changed, panel_map), title)
    assert '"R212" (id 0)' in text
    assert '"33k"' in text
    assert '"30.1k"' not in text
    schematic_pdf.write(schematic.sheets(changed, panel_map), title, tmp_path / "schematic.pdf")
    assert (tmp_path / "schematic.pdf").read_bytes().count(b"/Type /Page ") == 9


@pytest.mark.slow
def test_the_board_carries_it(changed: Circuit, panel_map: PanelMap, tmp_path: Path) -> None:
    try:
        tools.require()
    except tools.MissingKicad as missing:
        pytest.skip(str(missing))
    shapes = place.shapes(changed, tmp_path)
    places = place.place(changed, panel_map, shapes, tmp_path)
    out = tmp_path / "placed.kicad_pcb"
    tools.kicad("assemble", tools.write_job(tmp_path / "job.json", layout.job(changed, panel_map, places, out)))
    text = out.read_text(encoding="utf-8")
    block = text[text.index('reference "R212"') :][:600]
    assert 'value "33k"' in block
