"""What the build says at its end: summary.json and a table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .circuit.catalogue import CURRENCY, PRICE_DATE
from .simulate.figures import Figure


def summary(figures: Iterable[Figure], facts: dict[str, Any]) -> dict[str, Any]:
    """Facts (erc_errors, bom_cost, ...), each figure by name, and whether all limits hold."""
    table = {
        figure.name: {
            "value": round(figure.value, 7),
            "unit": figure.unit,
            "low": figure.low,
            "high": figure.high,
            "passed": figure.passed,
            "note": figure.note,
        }
        for figure in figures
    }
    clean = facts["erc_errors"] == 0 and facts["erc_warnings"] == 0 and facts["panel_problems"] == 0
    return {**facts, "figures": table, "passed": clean and all(row["passed"] for row in table.values())}


def to_json(content: dict[str, Any]) -> str:
    """Stable JSON."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def number(value: float) -> str:
    """Four significant digits, without an exponent where that can be read."""
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"


def rows(content: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """The figures as (name, value and unit, limit, ok, note)."""
    result = []
    for name, row in content["figures"].items():
        figure = Figure(name, row["value"], row["unit"], row["low"], row["high"], row["note"])
        result.append(
            (
                name,
                f"{number(figure.value)} {figure.unit}",
                figure.limit_text(),
                "ok" if row["passed"] else "FAIL",
                figure.note,
            )
        )
    return result


def table(content: dict[str, Any]) -> str:
    """The table for a terminal."""
    body = rows(content)
    widths = [max(len(row[column]) for row in body) for column in range(4)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=False)).rstrip() for row in body]
    current, bill = content["current_ma"], f"{content['bom_cost']:.2f} {CURRENCY}"
    lines += [
        "",
        f"electrical rules   {content['erc_errors']} errors, {content['erc_warnings']} warnings",
        f"netlist            {content['parts']} parts, {content['nets']} nets, sha256 {content['netlist_sha256'][:16]}",
        f"bill of materials  {content['bom_lines']} lines, {bill} (estimate of {PRICE_DATE})",
        f"current            +12 V {current['+12 V']:.0f} mA, -12 V {current['-12 V']:.0f} mA, +5 V bus 0 mA",
        f"panel              {content['panel_hp']} HP, {content['panel_width_mm']} mm, "
        f"{content['panel_problems']} problems",
        f"schematic          {content['schematic_problems']} differences from the netlist",
        f"all limits         {'hold' if content['passed'] else 'DO NOT HOLD'}",
    ]
    return "\n".join(lines)


def markdown(content: dict[str, Any], prefixes: tuple[str, ...]) -> str:
    """The figures whose names start with one of these, as a Markdown table."""
    lines = ["| figure | value | limit | how |", "|---|---|---|---|"]
    for name, value, limit, _, note in rows(content):
        if name.startswith(prefixes):
            lines.append(f"| {name} | {value} | {limit} | {note} |")
    return "\n".join(lines)
