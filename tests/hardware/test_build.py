"""The whole build: every limit holds, every file is there and says what module.toml says."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hardware import build as build_module
from hardware.build import DOCS, Built
from hardware.panels.panel_map import JACK_KINDS, PanelMap
from hardware.simulate.ngspice import NgspiceError


def test_every_limit_holds_and_the_rules_find_nothing(built: tuple[Built, Path]) -> None:
    content = built[0].content
    failed = [name for name, row in content["figures"].items() if not row["passed"]]
    assert failed == []
    assert built[0].problems == []
    assert content["passed"] is True
    assert (content["erc_errors"], content["erc_warnings"]) == (0, 0)


def test_the_issues_own_limits_are_the_ones_checked(built: tuple[Built, Path]) -> None:
    figures = built[0].content["figures"]
    limits = {name: (row["low"], row["high"]) for name, row in figures.items()}
    assert limits["cv_boards_in_range"] == (99.9, None)
    assert limits["cv_residual_after_calibration_mv"] == (None, 5.0)
    assert (limits["cv_bandwidth_lowest_hz"][0], limits["cv_bandwidth_highest_hz"][1]) == (800.0, 3000.0)
    assert limits["chain_flatness_db"] == (None, 0.5)
    assert limits["chain_noise_db"] == (None, -90.0)
    assert limits["chain_thd_1_khz_percent"] == (None, 0.01)


def test_summary_json_has_its_promised_fields(built: tuple[Built, Path]) -> None:
    summary = json.loads((built[1] / "summary.json").read_text(encoding="utf-8"))
    for field in ("erc_errors", "erc_warnings", "bom_lines", "bom_cost", "panel_hp", "netlist_sha256", "current_ma"):
        assert field in summary
    assert summary == json.loads(json.dumps(built[0].content))
    for row in summary["figures"].values():
        assert row["low"] is not None or row["high"] is not None


def test_the_dxf_has_every_hole_where_module_toml_puts_it(built: tuple[Built, Path], panel_map: PanelMap) -> None:
    ezdxf = pytest.importorskip("ezdxf", reason="ezdxf is missing: pip install ezdxf")
    document = ezdxf.readfile(built[1] / "panel.dxf")
    circles = [entity for entity in document.modelspace().query("CIRCLE") if entity.dxf.layer == "CUT"]
    holes = {(round(c.dxf.center.x, 2), round(128.5 - c.dxf.center.y, 2)): 2 * c.dxf.radius for c in circles}
    for control in panel_map.controls:
        kind = "jack" if control.kind in JACK_KINDS else control.kind
        assert holes[(control.x_mm, control.y_mm)] == pytest.approx(panel_map.raw["holes"][f"{kind}_mm"])
    outline = max((entity for entity in document.modelspace().query("LWPOLYLINE") if entity.dxf.layer == "CUT"),
                  key=lambda entity: max(x for x, *_ in entity))  # fmt: skip
    assert (max(x for x, *_ in outline), max(y for _, y, *_ in outline)) == (70.8, 128.5)
    slots = [entity for entity in document.modelspace().query("LWPOLYLINE") if entity.dxf.layer == "CUT"]
    assert len(slots) == 1 + 4 + 1  # outline, four mounting slots, USB
    assert document.header["$INSUNITS"] == 4


def test_the_pdf_page_is_the_panel_and_its_margin_at_one_to_one(built: tuple[Built, Path]) -> None:
    box = re.search(rb"/MediaBox \[ ?([0-9. ]+) ?\]", (built[1] / "panel.pdf").read_bytes())
    assert box is not None
    width, height = (float(value) * 25.4 / 72 for value in box[1].split()[2:])
    assert (width, height) == (pytest.approx(70.8 + 30, abs=0.01), pytest.approx(128.5 + 30, abs=0.01))


def test_every_drawing_is_well_formed_and_shows_its_parts(built: tuple[Built, Path]) -> None:
    drawings = sorted(built[1].glob("*.svg"))
    assert len(drawings) == 9 + 3 + 1 + 3 + 1  # the side, the panel's three drafts
    for path in drawings:
        ElementTree.parse(path)
    assert "R212 30.1k" in (built[1] / "schematic_cv_in.svg").read_text(encoding="utf-8")


def test_the_bill_on_disk_adds_up_to_the_cost_in_the_summary(built: tuple[Built, Path]) -> None:
    rows = list(csv.DictReader((built[1] / "bom.csv").open(encoding="utf-8")))
    price = next(column for column in rows[0] if column.startswith("line estimate"))
    assert sum(float(row[price]) for row in rows) == pytest.approx(built[0].content["bom_cost"], abs=0.02)
    assert len(rows) == built[0].content["bom_lines"]
    assert "2026" in price


def test_the_documents_figures_are_the_builds(built: tuple[Built, Path]) -> None:
    page = (DOCS / "hardware.md").read_text(encoding="utf-8")
    for name, row in built[0].content["figures"].items():
        line = re.search(rf"^\| {name} \| (-?[0-9.e-]+) ", page, re.MULTILINE)
        assert line is not None, f"{name} is not in docs/hardware.md: run python -m hardware.build --docs"
        # Another ngspice may differ in the last digits.
        assert float(line[1]) == pytest.approx(row["value"], rel=0.02, abs=1e-3), f"{name}: run ... --docs"
    for picture in re.findall(r"\]\((hardware/[^)]+)\)", page):
        assert (DOCS / picture).exists(), picture


def test_a_missing_tool_ends_with_code_2_and_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> Built:
        raise NgspiceError("ngspice is not installed: install it (apt-get install ngspice).")

    monkeypatch.setattr(build_module, "build", missing)
    assert build_module.main([]) == 2
    assert capsys.readouterr().err == "ngspice is not installed: install it (apt-get install ngspice).\n"
