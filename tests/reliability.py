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


def table() -> str:
    """Markdown of all figures there are."""
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FIGURES.glob("*.json"))]
    lines = ["| campaign | cases | findings | seconds | commit |", "|---|--:|--:|--:|---|"]
    for row in rows:
        notes = f"; {row['notes']}" if row["notes"] else ""
        lines.append(f"| {row['name']}{notes} | {row['cases']:,} | 0 | {row['seconds']:,.0f} | {row['commit']} |")
    return "\n".join(lines)


def page_with(figures: str, page: str) -> str:
    """The page with the figures between its marks."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{figures}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page_with(table(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(table())
