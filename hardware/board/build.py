"""Makes the board to order into hardware/build/board/, and says what KiCad's rules and the netlist say of it.

    python -m hardware.board.build

Exit code 0 when it can be ordered, 1 when something is wrong with it, 2 when KiCad or a compiler is missing.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..circuit.circuit import Circuit, MissingSymbols
from ..circuit.whole import build_circuit
from ..drawings import kicad_schematic, schematic
from ..panels.panel_map import PanelMap, load
from . import extras, fabricate, layout, panel_board, rules
from .tools import MissingKicad

OUT = Path(__file__).resolve().parents[1] / "build"


@dataclass(frozen=True)
class BoardBuilt:
    """The board's facts, as they stand in summary.json under "board", and what is wrong."""

    facts: dict[str, Any]
    problems: list[str]
    layout: layout.Layout


def facts_of(made: layout.Layout, circuit: Circuit) -> dict[str, Any]:
    """The figures of a board."""
    x0, y0, x1, y1 = rules.OUTLINE
    return {
        "drc_errors": made.errors(),
        "drc_warnings": int(made.check["severities"].get("warning", 0)),
        "unconnected": made.check["unconnected"],
        "pads": len(made.check["pads"]),
        "pads_differing": len(made.pads_differing(circuit)),
        "layers": 2,
        "placement_seed": made.seed,
        "millimetres": [round(x1 - x0, 2), round(y1 - y0, 2)],
        "tracks": made.check["tracks"],
        "track_millimetres": made.check["track_mm"],
        "vias": made.check["vias"],
        "furthest_decoupling_mm": round(max(made.decoupling_mm.values()), 2),
        "ground_pads_without_via": len(made.check["ground_pads_without_via"]),
    }


def problems_of(facts: dict[str, Any], made: layout.Layout) -> list[str]:
    """What keeps a board from being ordered, one sentence each."""
    found = [message for message in made.check["messages"] if "Severity: error" in message]
    if facts["panel_drc_errors"]:
        found.append(f"The panel's board breaks {facts['panel_drc_errors']} rules.")
    if facts["pads_differing"]:
        found.append(f"{facts['pads_differing']} pads are on another net than the netlist's.")
    for capacitor, away in made.decoupling_mm.items():
        if away > rules.DECOUPLING_MM:
            found.append(f"{capacitor} is {away:.1f} mm from the pin it serves.")
    return found


def build(out: Path = OUT, circuit: Circuit | None = None, panel: PanelMap | None = None) -> BoardBuilt:
    """Makes every file. Raises MissingKicad, MissingSymbols, RuntimeError."""
    panel = panel or load()
    circuit = circuit or build_circuit(panel)
    made = layout.make(circuit, panel, out / "board", out / "work")
    fabricate.make(circuit, made.path, out / "fab")
    sheets = kicad_schematic.render(schematic.sheets(circuit, panel), layout.title(panel, "circuit"))
    (out / "board" / f"{layout.NAME}.kicad_sch").write_text(sheets, encoding="utf-8")
    panel_check = panel_board.make(panel, out / "board", out / "fab_panel", out / "work")
    fabricate.archive(out / "fab_panel" / "gerber", out / "fab_panel" / "gerber.zip")
    facts = facts_of(made, circuit)
    facts |= {
        "read_back": extras.read_back(out / "fab" / "gerber", out / "work"),
        "renders": extras.renders(out / "fab" / "gerber", out / "fab"),
        "panel_renders": extras.renders(out / "fab_panel" / "gerber", out / "fab_panel"),
        "step": extras.step(made.path, out / "board" / f"{layout.NAME}.step"),
        "interactive_bom": extras.interactive_bom(made.path, out / "fab"),
    }
    facts["panel_drc_errors"] = int(panel_check["severities"].get("error", 0))
    _note(out / "summary.json", facts)
    return BoardBuilt(facts, problems_of(facts, made), made)


def _note(summary: Path, facts: dict[str, Any]) -> None:
    """Puts the board's facts into summary.json, beside what `make hardware` has put there."""
    content = json.loads(summary.read_text(encoding="utf-8")) if summary.exists() else {}
    content["board"] = facts
    summary.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> int:
    """The command line. Returns the exit code."""
    begun = time.monotonic()
    try:
        built = build()
    except (MissingKicad, MissingSymbols) as missing:
        print(missing, file=sys.stderr)
        return 2
    for name, value in built.facts.items():
        print(f"{name:26} {value}")
    print(f"made in {time.monotonic() - begun:.0f} s: hardware/build/board, hardware/build/fab. Nobody has built one.")
    for problem in built.problems:
        print(problem)
    return 1 if built.problems else 0


if __name__ == "__main__":
    sys.exit(main())
