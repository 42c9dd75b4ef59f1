"""What one module costs when one, ten or a hundred are made: parts, boards, assembly; and what of it was published.

Part prices are the catalogue's estimates for ten pieces, times what price lists usually take more for one and less
for a hundred; nothing was quoted. Fees of assembly are those that one assembler publishes
(support.jlcpcb.com/article/84: set-up 8, stencil 1.50, .0017 a joint), in dollars, taken as euro. Shipping, duty and
one's own hours are not in it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .bom import Line, confirmed
from .circuit import Circuit

QUANTITIES = (1, 10, 100)
_STEPS = {1: 1.4, 10: 1.0, 100: 0.65}  # of the catalogue's price; the Seed has one price
_BOARD = {1: 25.0, 10: 4.0, 100: 2.0}  # five is the least that is made: all of them, for one
_PANEL = {1: 25.0, 10: 5.0, 100: 3.0}
_SETUP, _STENCIL, _JOINT = 8.0, 1.5, 0.0017
ESTIMATE, PUBLISHED = "estimate", "published"


@dataclass(frozen=True)
class Cost:
    """One line of the table: for one module, in the currency of the bill, by the number made."""

    what: str
    each: Mapping[int, float]
    source: str


def smd_joints(circuit: Circuit) -> int:
    """Joints that a machine makes: every pin of what lies flat on the back."""
    flat = ("_SMD:", "Package_SO", "Fuse:", "Diode_SMD", "Inductor_SMD")
    return sum(len(part.nets) for part in circuit.parts() if any(word in part.item.footprint for word in flat))


def costs(bill: Iterable[Line], circuit: Circuit) -> list[Cost]:
    """Every line, the total last. The bill's panel is left out: it is made with the boards."""
    bill = [line for line in bill if line.references != ("PANEL1",)]
    seed = sum(line.cost for line in bill if line.references == ("U801",))
    sure = sum(line.cost for line in bill if confirmed(line.item))
    rest = sum(line.cost for line in bill) - seed
    joints = smd_joints(circuit)
    rows = [
        Cost("Daisy Seed", dict.fromkeys(QUANTITIES, seed), ESTIMATE),
        Cost(
            f"other parts ({100 * sure / rest:.0f} % of it with a confirmed order number)",
            {count: rest * _STEPS[count] for count in QUANTITIES},
            ESTIMATE,
        ),
        Cost("board, 2 layers", _BOARD, ESTIMATE),
        Cost("panel, FR4", _PANEL, ESTIMATE),
        Cost(
            f"assembly of the back ({joints} joints) by a machine; by hand: 0",
            {count: (_SETUP + _STENCIL) / count + _JOINT * joints for count in QUANTITIES},
            PUBLISHED,
        ),
    ]
    total = {count: sum(row.each[count] for row in rows) for count in QUANTITIES}
    return [*rows, Cost("total", total, "")]


def to_csv(rows: Iterable[Cost], currency: str) -> str:
    """The table as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["for one module", *(f"{currency}, of {count}" for count in QUANTITIES), "source"])
    for row in rows:
        writer.writerow([row.what, *(f"{row.each[count]:.2f}" for count in QUANTITIES), row.source])
    return out.getvalue()


def markdown(rows: Iterable[Cost], currency: str) -> str:
    """The table for docs/board.md."""
    lines = [f"| for one module, {currency} | " + " | ".join(f"of {count}" for count in QUANTITIES) + " | source |"]
    lines.append("|---|" + "---|" * len(QUANTITIES) + "---|")
    lines += [
        f"| {row.what} | " + " | ".join(f"{row.each[count]:.0f}" for count in QUANTITIES) + f" | {row.source} |"
        for row in rows
    ]
    return "\n".join(lines)
