"""The board, made once: no rule broken, nothing left unjoined, every pad on its net, and faults are noticed."""

from __future__ import annotations

import json
import math
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from hardware.board import layout, place, project, rules, tools
from hardware.board.build import BoardBuilt, build
from hardware.circuit.circuit import Circuit
from hardware.panels.panel_map import JACK_KINDS, PanelMap


@pytest.fixture(scope="session")
def kicad() -> None:
    try:
        tools.require()
    except tools.MissingKicad as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def ordered(
    kicad: None, circuit: Circuit, panel_map: PanelMap, tmp_path_factory: pytest.TempPathFactory
) -> tuple[BoardBuilt, Path]:
    out = tmp_path_factory.mktemp("board")
    return build(out, circuit, panel_map), out


@pytest.mark.slow
def test_the_board_breaks_no_rule_and_leaves_nothing_unjoined(ordered: tuple[BoardBuilt, Path]) -> None:
    built, out = ordered
    assert built.problems == []
    assert (built.facts["drc_errors"], built.facts["unconnected"], built.facts["pads_differing"]) == (0, 0, 0)
    assert built.facts["ground_pads_without_via"] == 0
    assert json.loads((out / "summary.json").read_text(encoding="utf-8"))["board"] == built.facts


@pytest.mark.slow
def test_every_pad_is_on_the_nets_of_the_netlist(ordered: tuple[BoardBuilt, Path], circuit: Circuit) -> None:
    built, _ = ordered
    text = circuit.netlist()
    nets = text[text.index("(nets") :].split("(net\n")[1:]
    assert len(nets) == len({net for part in circuit.parts() for net in part.nets.values() if net})
    for block in nets:
        name = re.search(r'\(name "([^"]+)"\)', block)
        assert name is not None
        for ref, pin in re.findall(r'\(ref "([^"]+)"\)\s*\(pin "([^"]+)"\)', block):
            assert built.layout.check["pads"][f"{ref}.{pin}"] == name[1]


@pytest.mark.slow
def test_a_track_taken_away_is_reported(ordered: tuple[BoardBuilt, Path], tmp_path: Path) -> None:
    built, _ = ordered
    broken = tmp_path / "broken.kicad_pcb"
    text = built.layout.path.read_text(encoding="utf-8")
    segments = re.findall(r"  \(segment [^\n]*\n", text)
    longest = max(segments, key=_length)
    broken.write_text(text.replace(longest, ""), encoding="utf-8")
    shutil.copy(built.layout.path.with_suffix(".kicad_pro"), broken.with_suffix(".kicad_pro"))
    tools.kicad("check", broken, tmp_path / "check.json")
    assert json.loads((tmp_path / "check.json").read_text(encoding="utf-8"))["unconnected"] >= 1


def _length(segment: str) -> float:
    (x0, y0), (x1, y1) = (map(float, words.split()) for words in re.findall(r"\((?:start|end) ([-0-9. ]+)\)", segment))
    return math.hypot(x1 - x0, y1 - y0)


@pytest.mark.slow
def test_controls_stand_where_the_panel_has_its_holes(ordered: tuple[BoardBuilt, Path], panel_map: PanelMap) -> None:
    pads = ordered[0].layout.geometry
    px, py = rules.PAGE
    for index, knob in enumerate(panel_map.of_kind("knob")):
        tabs = [pad for pad in pads if pad["ref"] == f"RV{301 + index}" and not pad["pad"]]
        middle = [sum(tab[axis] for tab in tabs) / len(tabs) for axis in ("x", "y")]
        assert middle == pytest.approx([px + knob.x_mm, py + knob.y_mm], abs=0.02)
    jacks = sum(len(panel_map.of_kind(kind)) for kind in JACK_KINDS)
    assert len({pad["ref"] for pad in pads if re.fullmatch(r"J[2-6]\d\d", pad["ref"])}) == jacks


@pytest.mark.slow
def test_decoupling_lies_within_three_millimetres_of_its_part_and_tall_parts_beside_the_seed(
    ordered: tuple[BoardBuilt, Path],
) -> None:
    made = ordered[0].layout
    assert max(made.decoupling_mm.values()) <= 3.0
    x0, y0, x1, y1 = rules.SEED_BODY
    place_of = made.places["C105"]  # 10 mm high
    x, y = place_of.x - rules.PAGE[0], place_of.y - rules.PAGE[1]
    assert not (x0 < x < x1 and y0 < y < y1)


@pytest.mark.slow
def test_the_same_circuit_gives_the_same_archive(ordered: tuple[BoardBuilt, Path], tmp_path: Path) -> None:
    from hardware.board.fabricate import archive

    _, out = ordered
    with zipfile.ZipFile(out / "fab" / "gerber.zip") as zipped:
        names = zipped.namelist()
        assert all(b"2026-11-3" not in zipped.read(name) for name in names if name.endswith(".gbr"))
    assert len([name for name in names if name.endswith(".gbr")]) == 9
    assert len([name for name in names if name.endswith(".drl")]) == 2
    archive(out / "fab" / "gerber", tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == (out / "fab" / "gerber.zip").read_bytes()


@pytest.mark.slow
def test_the_panel_is_a_board_that_breaks_no_rule(ordered: tuple[BoardBuilt, Path], panel_map: PanelMap) -> None:
    built, out = ordered
    assert built.facts["panel_drc_errors"] == 0
    text = (out / "board" / "gritspace-panel.kicad_pcb").read_text(encoding="utf-8")
    circles = re.findall(
        r'gr_circle \(center ([0-9.]+) ([0-9.]+)\) \(end ([0-9.]+) [0-9.]+\) \(layer "Edge.Cuts"', text
    )
    holes = {(round(float(x) - 50, 2), round(float(y) - 50, 2)): float(end) - float(x) for x, y, end in circles}
    for control in panel_map.controls:
        kind = "jack" if control.kind in JACK_KINDS else control.kind
        diameter = panel_map.raw["holes"][f"{kind}_mm"]
        assert 2 * holes[(control.x_mm, control.y_mm)] == pytest.approx(diameter, abs=0.01)


def test_the_inside_of_a_letter_is_not_printed() -> None:
    from hardware.board.panel_board import _area, filled
    from hardware.drawings.panel_shapes import Legend

    (ring,) = filled(Legend(0.0, 0.0, "O", "title"))
    (solid,) = filled(Legend(0.0, 0.0, "I", "title"))
    assert 0.3 < abs(_area(ring)) / 4.4**2 < 0.7  # a disc of that height would cover 0.8
    assert len(solid) < 10


def test_the_placement_knows_every_part_of_the_circuit(circuit: Circuit, panel_map: PanelMap) -> None:
    rules.check(circuit)
    standing = place.standing(circuit, panel_map)
    assert {"U801", "J101", "SW701"} <= set(standing)
    assert sum(ref.startswith("RV") for ref in standing) == 7


def test_the_project_has_its_net_classes(tmp_path: Path, circuit: Circuit) -> None:
    nets = {net for part in circuit.parts() for net in part.nets.values() if net}
    project.write(tmp_path / "x.kicad_pro", rules.net_classes(nets))
    content = json.loads((tmp_path / "x.kicad_pro").read_text(encoding="utf-8"))
    classes = {kind["name"]: kind for kind in content["net_settings"]["classes"]}
    assert classes["Supply"]["track_width"] == 0.4
    assert {"+12V", "-12V", "VIN"} <= set(classes["Supply"]["nets"])


def test_without_kicad_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "FOOTPRINTS", Path("/nowhere"))
    with pytest.raises(tools.MissingKicad, match="apt-get install kicad"):
        layout.tools.require()
