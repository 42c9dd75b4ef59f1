"""Writes docs/module.md's table of the panel from module.toml."""

from __future__ import annotations

from pathlib import Path

from .panel_map import PanelMap, load

PAGE = Path(__file__).resolve().parents[2] / "docs" / "module.md"
BEGIN = "<!-- from hardware/panels/module.toml: python -m hardware.build --header -->"
END = "<!-- end -->"
_WHAT = {
    "knob": "knob",
    "cv": "CV jack",
    "gate": "gate jack",
    "button": "push button",
    "led": "LED, red and green",
    "audio_in": "audio in",
    "audio_out": "audio out",
}


def table(panel: PanelMap) -> str:
    """Every control: what it is, its name, the Seed's pins by the library's name and on the socket, the chip's."""
    low, high = panel.raw["cv_range"]["jack_volts"]
    rows = ["| what | name | Seed pin | socket | chip | range |", "|---|---|---|---|---|---|"]
    for control in panel.controls:
        ranges = {"knob": "0 to 1", "cv": f"{low:g} to {high:g} V", "gate": "high above 2 V"}
        sockets = ", ".join(str(panel.socket_pin(pin)) for pin in control.pins)
        ports = ", ".join(panel.seed_pins[pin][1] for pin in control.pins)
        cells = [
            _WHAT[control.kind],
            control.name,
            ", ".join(control.pins),
            sockets,
            ports,
            ranges.get(control.kind, ""),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def with_table(page: str, panel: PanelMap) -> str:
    """The page with the table between its two marks. Raises ValueError if a mark is missing."""
    before, found, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"{PAGE.name} has lost the marks around its panel's table: {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n\n{table(panel)}\n\n{END}{after}"


def write(path: Path = PAGE) -> None:
    """Writes the page beside its place and renames it there."""
    text = with_table(path.read_text(encoding="utf-8"), load())
    temporary = path.with_suffix(".md.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
