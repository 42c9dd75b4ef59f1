"""The table of docs/engine.md: what the known networks cost on a module, engine and whole, by each set of rules.

    python -m gritspace.quantize.cycles.table          writes it between its two marks there; a minute

A2-Full, A2-Lite and the A1s are the shapes of Neural Amp Modeler's trainer with random weights: what a network costs
does not depend on its weights. The spaces are those of `spaces/`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gritspace.quantize.cycles.estimate import CycleReport, estimate_cycles
from gritspace.quantize.cycles.shapes import NETWORKS, random_model
from gritspace.quantize.model.grit import read_grit
from gritspace.quantize.model.model import IntegerModel

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "engine.md"
SPACES = ("openamp", "circuits")
BEGIN, END = "<!-- from: python -m gritspace.quantize.cycles.table -->", "<!-- end of the table -->"
HEADS = (
    "network",
    "MAC a frame",
    "zero-wait, one position",
    "MAC a cycle",
    "engine, optimistic",
    "engine, measured rules",
    "engine, pessimistic",
    "whole, optimistic",
    "whole, pessimistic",
    "in DTCM",
    "in AXI SRAM",
    "admitted",
)


def known() -> dict[str, Callable[[], IntegerModel]]:
    """The table's models by name, each made when it is asked for."""
    made = {name: lambda config=config, name=name: random_model(config, name) for name, config in NETWORKS.items()}
    read = {name: lambda name=name: read_grit(ROOT / "spaces" / f"{name}.grit") for name in SPACES}
    return {**made, **read}


def row(name: str, report: CycleReport) -> str:
    """One line of the table."""
    engine, whole = report.engine, report.whole
    cells = (
        name,
        f"{report.mac_per_frame:,}",
        f"{report.cycles_per_frame:,.0f}",
        f"{report.mac_per_cycle:.2f}",
        f"{engine['optimistic']:,.0f}",
        f"{engine['measured']:,.0f}",
        f"{engine['pessimistic']:,.0f}",
        f"{whole['optimistic']:,.0f}",
        f"{whole['pessimistic']:,.0f}",
        f"{report.regions['fast']:,}",
        f"{report.regions['slow']:,}",
        "yes" if report.admitted else "no",
    )
    return f"| {' | '.join(cells)} |"


def rows() -> dict[str, str]:
    """What stands in the page now: a network's line by its name."""
    text = PAGE.read_text(encoding="utf-8")
    lines = text[text.index(BEGIN) : text.index(END)].splitlines()
    return {line.split("|")[1].strip(): line for line in lines[4:] if line.startswith("|")}


def write() -> None:
    """Makes the table anew in its place."""
    lines = [BEGIN, "", f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|"]
    lines += [row(name, estimate_cycles(make())) for name, make in known().items()]
    text = PAGE.read_text(encoding="utf-8")
    start, end = text.index(BEGIN), text.index(END)
    PAGE.write_text(text[:start] + "\n".join([*lines, "", ""]) + text[end:], encoding="utf-8")


if __name__ == "__main__":
    write()
