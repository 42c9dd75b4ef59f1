"""The research page: every table stands between two marks, and is put there from what was made, by no hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gritspace.train.errors import InputError
from gritspace.train.output_file import written_whole
from gritspace.train.research.tables.table import Table, cell_text

MARKED = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill_page(path: Path, tables: Sequence[Table]) -> list[str]:
    """Puts the tables between their marks, `<!-- table NAME -->` and `<!-- end -->`; returns the names of those put in.

    Tables the page has no mark for, and marks without a table, are left alone. Raises InputError if it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: the page cannot be read ({error.strerror}); check the path.") from error
    by_name = {table.name: table for table in tables}
    put = []

    def filled(match: re.Match[str]) -> str:
        table = by_name.get(match[2])
        if table is None:
            return match[0]
        put.append(table.name)
        return match[1] + as_page(table) + match[3]

    text = MARKED.sub(filled, text)
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8")
    return put


def as_page(table: Table) -> str:
    """Question, table, findings and time, in Markdown."""
    lines = [f"**{table.question}**", "", table.as_markdown(), ""]
    lines += [f"- {name.replace('_', ' ')}: {finding_text(value)}" for name, value in table.findings.items()]
    return "\n".join([*lines, f"- made in {table.seconds:.0f} s", ""])


def finding_text(value: Any) -> str:
    """A figure, a list or a small dictionary, as words."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {finding_text(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(finding_text(one) for one in value)
    return cell_text(value)
