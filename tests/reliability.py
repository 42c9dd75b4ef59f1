"""Campaigns: tests with random cases, short in `make test`, long in `make reliability`, which notes their figures.

A campaign counts its cases while it runs; a finding is a failed test. `python -m tests.reliability` puts the figures of
the last long run into docs/reliability.md.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.places import ROOT

LONG = os.environ.get("GRITSPACE_RELIABILITY") == "long"
FIGURES = ROOT / "build" / "reliability"
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: make reliability -->", "<!-- end of figures -->"


def cases(short: int, long: int) -> int:
    """How many cases, in the run that this is."""
    return long if LONG else short


class Campaign:
    """How far one is."""

    cases = 0
    notes = ""


@contextmanager
def campaign(name: str) -> Iterator[Campaign]:
    """Notes, when all of it passed, what was tried: `with campaign("flipped bits") as told: told.cases += 1`."""
    told, started = Campaign(), time.perf_counter()
    yield told
    if LONG:
        FIGURES.mkdir(parents=True, exist_ok=True)
        row = {"name": name, "cases": told.cases, "seconds": time.perf_counter() - started, "notes": told.notes}
        path = FIGURES / (re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") + ".json")
        path.write_text(json.dumps({**row, "commit": _commit()}), encoding="utf-8")


def _commit() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return said.stdout.strip() or "unknown"


def table(page: str) -> str:
    """Markdown of all figures there are: those of the last long run, and of what it did not run the page's own."""
    lines = {
        name: line
        for line in page.partition(BEGIN)[2].partition(END)[0].splitlines()
        if (name := _name_of(line)) is not None
    }
    for path in sorted(FIGURES.glob("*.json")):
        row = json.loads(path.read_text(encoding="utf-8"))
        notes = f"; {row['notes']}" if row["notes"] else ""
        lines[row["name"]] = (
            f"| {row['name']}{notes} | {row['cases']:,} | 0 | {row['seconds']:,.0f} | {row['commit']} |"
        )
    head = ["| campaign | cases | findings | seconds | commit |", "|---|--:|--:|--:|---|"]
    return "\n".join([*head, *(lines[name] for name in sorted(lines))])


def _name_of(line: str) -> str | None:
    """Of a row of figures: the campaign's name, without what was noted of it."""
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    return cells[0].partition("; ")[0] if len(cells) == 5 and cells[1].replace(",", "").isdigit() else None


def page_with(figures: str, page: str) -> str:
    """The page with the figures between its marks."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{figures}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page_with(table(text), text), encoding="utf-8")
    print(table(text))
