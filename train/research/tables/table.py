"""A table of the research page: one question, rows of figures, what follows from them; kept as JSON, one file each."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gritspace.train.output_file import written_whole

Cell = str | float | int | None


@dataclass
class Table:
    """findings: single figures by name, for tests and the page. options: what it was made from."""

    name: str
    question: str
    columns: list[str]
    rows: list[list[Cell]]
    findings: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def as_markdown(self) -> str:
        """As it stands in docs/research.md."""
        lines = ["| " + " | ".join(self.columns) + " |", "|" + "---|" * len(self.columns)]
        lines += ["| " + " | ".join(cell_text(cell) for cell in row) + " |" for row in self.rows]
        return "\n".join(lines)


def cell_text(cell: Cell) -> str:
    """Three significant digits; a dash for what there is not."""
    if cell is None:
        return "-"
    if isinstance(cell, (str, int)):
        return str(cell)
    if not math.isfinite(cell):
        return "-"
    if cell == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(cell))))
    return f"{cell:.{digits}f}" if digits <= 5 else f"{cell:.1e}"


def save(table: Table, folder: Path) -> None:
    """folder/NAME.json, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{table.name}.json", asdict(table))


def load(name: str, folder: Path, options: dict[str, Any]) -> Table | None:
    """The table if it was made from these very options, else None."""
    path = folder / f"{name}.json"
    try:
        table = Table(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return table if table.options == json.loads(json.dumps(options)) else None


def summarise(tables: Sequence[Table], path: Path) -> None:
    """One object per table."""
    write_json(path, {table.name: asdict(table) for table in tables})


def write_json(path: Path, value: Any) -> None:
    """Whole or not at all."""
    with written_whole(path) as beside:
        beside.write_text(json.dumps(value, indent=1, allow_nan=False, default=float) + "\n", encoding="utf-8")
