"""The research bench as `gritspace research` runs it: tables printed as they are made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gritspace.host_tools import console
from gritspace.train.errors import InputError
from gritspace.train.research.tables.bench import Bench, make
from gritspace.train.research.tables.page import fill_page
from gritspace.train.research.tables.table import Table, cell_text


def make_tables(
    names: Sequence[str],
    out: Path,
    captures: Sequence[Path],
    audio: Sequence[Path],
    mnist: Path | None,
    size: float,
    seed: int,
    again: bool,
    quiet: bool = False,
    jobs: int = 1,
    page: Path | None = None,
) -> list[Table]:
    """Raises InputError for unknown tables and paths that are not there."""
    for path in (*captures, *audio, *([mnist] if mnist else [])):
        if not path.exists():
            raise InputError(f"{path}: there is no such file or folder; check the path.")
    if page is not None and not page.is_file():
        raise InputError(f"{page}: there is no such page; check the path.")
    whole = [tuple(path.resolve() for path in paths) for paths in (captures, audio)]
    bench = Bench(out, whole[0], whole[1], mnist, seed, size)

    def told(name: str, done: bool) -> None:
        if not quiet:
            console.err().print(console.shown(f"{name}: {'done' if done else 'due'}"), style="dim")

    tables = make(bench, names, again, told, jobs)
    if page is not None:
        fill_page(page, tables)
    for table in tables if not quiet else ():
        print_table(table)
    if not quiet:
        console.say(f"{out / 'summary.json'}: {len(tables)} tables, seed {seed}")
    return tables


def print_table(table: Table) -> None:
    """The table, then its findings."""
    columns = [c if i == 0 else c + ">" for i, c in enumerate(table.columns)]
    console.print_table(
        columns, [[cell_text(cell) for cell in row] for row in table.rows], f"{table.name}: {table.question}"
    )
    for name, value in table.findings.items():
        console.say(f"  {name}: {cell_text(value) if isinstance(value, float) else value}")
    console.say(f"  ({table.seconds:.0f} s)\n")
