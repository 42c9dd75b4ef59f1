"""Builds everything about the hardware into hardware/build/ and ends with a table. `make hardware` runs it.

    python -m hardware.build            everything
    python -m hardware.build --docs     ... and refresh the pictures and tables of docs/hardware.md
    python -m hardware.build --header   only firmware/module/panel/generated/panel.h

Exit code 0 when every check holds, 1 when one does not, 2 when ngspice or the KiCad symbols are missing.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import report
from .board import layout, rules
from .circuit import bom, costs
from .circuit.circuit import Circuit, MissingSymbols
from .circuit.whole import build_circuit
from .drawings import panel, panel_checks, panel_files, panel_styles, plots, schematic, schematic_pdf, side_view
from .panels import docs as panel_docs
from .panels import header as panel_header
from .panels.panel_map import PanelMap, load
from .simulate import audio, audio_boards, cv, gate, monte_carlo, power, thump
from .simulate.ngspice import NgspiceError

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "hardware" / "build"
DOCS = ROOT / "docs"


@dataclass(frozen=True)
class Built:
    """What the build made: summary.json's content and the problems of the drawings."""

    content: dict[str, Any]
    problems: list[str]


def _simulate(circuit: Circuit, panel_map: PanelMap, out: Path) -> list[report.Figure]:
    decks = out / "decks"
    cv_figures, cv_curves = cv.simulate(circuit, panel_map, decks)
    spread, boards = monte_carlo.simulate(circuit, panel_map, decks=decks)
    gates = gate.simulate(circuit, panel_map, decks)
    sound, audio_curves = audio.simulate(circuit, panel_map, decks)
    sound += audio_boards.simulate(circuit, panel_map, decks=decks)
    supply, supply_curves = power.simulate(circuit, decks)
    thumps = thump.simulate(circuit, panel_map, decks)
    low, high = panel_map.raw["cv_range"]["pin_volts"]
    plots.cv(out / "plot_cv.svg", cv_curves, boards, (low, high))
    plots.audio(out / "plot_audio.svg", audio_curves)
    plots.power(out / "plot_power.svg", supply_curves)
    return cv_figures + spread + gates + sound + supply + thumps


def build(out: Path = OUT) -> Built:
    """Makes every file. Raises MissingSymbols or NgspiceError where a tool is missing."""
    out.mkdir(parents=True, exist_ok=True)
    panel_map = load()
    circuit = build_circuit(panel_map)
    errors, warnings, messages = circuit.erc()
    netlist = circuit.netlist()
    (out / "gritspace.net").write_text(netlist, encoding="utf-8")
    (out / "erc.txt").write_text("\n".join([f"{errors} errors, {warnings} warnings", *messages, ""]), encoding="utf-8")
    bill = bom.lines(circuit)
    (out / "bom.csv").write_text(bom.to_csv(bill), encoding="utf-8")
    costed = costs.costs(bill, circuit)
    (out / "costs.csv").write_text(costs.to_csv(costed, bom.CURRENCY), encoding="utf-8")
    (out / "costs.md").write_text(costs.markdown(costed, bom.CURRENCY) + "\n", encoding="utf-8")
    drawn = panel.build(panel_map)
    (out / "panel.svg").write_text(panel_files.svg(drawn), encoding="utf-8")
    panel_files.dxf(drawn, out / "panel.dxf")
    panel_files.pdf(drawn, out / "panel.pdf")
    for style in panel_styles.STYLES:
        (out / f"panel_draft_{style}.svg").write_text(panel_files.svg(panel.build(panel_map, style)), encoding="utf-8")
    seed = rules.SEED_BODY[1], rules.SEED_BODY[3]
    side = side_view.svg(panel_map, rules.PANEL_TO_BOARD_MM, rules.OUTLINE, seed, rules.HEADER_PIN_1[1])
    (out / "side.svg").write_text(side, encoding="utf-8")
    schematic_pdf.write(schematic.sheets(circuit, panel_map), layout.title(panel_map, "circuit"), out / "schematic.pdf")
    problems = panel_checks.problems(panel_map)
    panel_problems = len(problems)
    for stage, sheet in schematic.sheets(circuit, panel_map).items():
        (out / f"schematic_{stage}.svg").write_text(sheet.svg(), encoding="utf-8")
        problems += sheet.problems()
    figures = _simulate(circuit, panel_map, out)
    parts = list(circuit.parts())
    content = report.summary(
        figures,
        {
            "erc_errors": errors,
            "erc_warnings": warnings,
            "parts": len(parts),
            "nets": len({net for part in parts for net in part.nets.values() if net}),
            "netlist_sha256": hashlib.sha256(netlist.encode()).hexdigest(),
            "bom_lines": len(bill),
            "bom_cost": bom.total(bill),
            "bom_currency": bom.CURRENCY,
            "bom_date": bom.PRICE_DATE,
            "cost_of_one": {str(count): round(value, 2) for count, value in costed[-1].each.items()},
            "current_ma": {rail: round(value, 2) for rail, value in power.current_budget(circuit).items()},
            "power_up_thump_mv": round(thump.worst_millivolts(figures), 2),
            "panel_hp": panel_map.raw["module"]["hp"],
            "panel_width_mm": drawn.width,
            "panel_problems": panel_problems,
            "schematic_problems": len(problems) - panel_problems,
        },
    )
    (out / "summary.json").write_text(report.to_json(content), encoding="utf-8")
    return Built(content, problems)


_DOC_TABLES = {
    "cv": ("cv_",),
    "gate": ("gate_",),
    "audio": ("audio_", "chain_"),
    "supply": ("supply_",),
    "thump": ("thump_",),
}


def refresh_docs(content: dict[str, Any], out: Path = OUT) -> None:
    """Copies the pictures into docs/hardware/ and puts the figures into docs/hardware.md between its markers."""
    pictures = DOCS / "hardware"
    pictures.mkdir(parents=True, exist_ok=True)
    for picture in sorted(out.glob("*.svg")):
        shutil.copyfile(picture, pictures / picture.name)
    page = DOCS / "hardware.md"
    text = page.read_text(encoding="utf-8")
    tables = {name: report.markdown(content, prefixes) for name, prefixes in _DOC_TABLES.items()}
    tables["build"] = "```\n" + report.table(content).split("\n\n")[-1] + "\n```"
    for name, table in tables.items():
        start, end = f"<!-- {name} -->\n", f"\n<!-- end {name} -->"
        if text.count(start) != 1 or text.count(end) != 1:
            raise ValueError(f"docs/hardware.md has no one place for the table {name}")
        text = text[: text.index(start) + len(start)] + table + text[text.index(end) :]
    page.write_text(text, encoding="utf-8")
    board = DOCS / "board.md"
    words = board.read_text(encoding="utf-8")
    start, end = "<!-- costs -->\n", "\n<!-- end costs -->"
    if words.count(start) != 1 or words.count(end) != 1:
        raise ValueError("docs/board.md has no one place for the costs")
    table = (out / "costs.md").read_text(encoding="utf-8").rstrip("\n")
    words = words[: words.index(start) + len(start)] + table + words[words.index(end) :]
    board.write_text(words, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Build and check the module's hardware.")
    parser.add_argument("--docs", action="store_true", help="also refresh docs/hardware.md and its pictures")
    parser.add_argument(
        "--header", action="store_true", help="only write the panels' headers and docs/module.md's table"
    )
    chosen = parser.parse_args(arguments)
    if chosen.header:
        panel_header.write()
        panel_docs.write()
        return 0
    try:
        built = build()
    except (MissingSymbols, NgspiceError) as missing:
        print(missing, file=sys.stderr)
        return 2
    if chosen.docs:
        refresh_docs(built.content)
    print(report.table(built.content))
    for problem in built.problems:
        print(problem)
    return 0 if built.content["passed"] and not built.problems else 1


if __name__ == "__main__":
    sys.exit(main())
