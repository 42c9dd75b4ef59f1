"""The bill of materials, from the netlist's parts and the mechanical ones."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from .catalogue import CONFIRMED, CURRENCY, MECHANICAL, PRICE_DATE, Item
from .circuit import Circuit


@dataclass(frozen=True)
class Line:
    """One line: everything bought under one manufacturer number."""

    references: tuple[str, ...]
    quantity: int
    value: str
    item: Item

    @property
    def cost(self) -> float:
        """Quantity times the estimated unit price."""
        return self.quantity * self.item.unit_cost


def lines(circuit: Circuit) -> list[Line]:
    """The bill's lines, electrical parts by first reference, then the mechanical ones."""
    groups: dict[str, list[str]] = {}
    first: dict[str, tuple[str, Item]] = {}
    for part in circuit.parts():
        if not part.item.manufacturer_number:  # a bare pad
            continue
        number = part.item.manufacturer_number
        groups.setdefault(number, []).append(part.ref)
        shown = part.value if part.kind in ("resistor", "capacitor", "potentiometer") else ""
        first.setdefault(number, (shown, part.item))
    electrical = [Line(tuple(refs), len(refs), *first[number]) for number, refs in groups.items()]
    return electrical + [Line((name,), quantity, "", item) for name, quantity, item in MECHANICAL]


_TWO_WORDS = ("Diodes Inc.", "Texas Instruments")


def split_number(manufacturer_number: str) -> tuple[str, str]:
    """("Diodes Inc.", "BAT54S-7-F") of "Diodes Inc. BAT54S-7-F"."""
    for maker in _TWO_WORDS:
        if manufacturer_number.startswith(maker):
            return maker, manufacturer_number[len(maker) + 1 :]
    maker, _, number = manufacturer_number.partition(" ")
    return maker, number


def confirmed(item: Item) -> bool:
    """Whether the order number was met in other people's published parts lists (catalogue.CONFIRMED)."""
    return split_number(item.manufacturer_number)[1] in CONFIRMED


def total(bill: list[Line]) -> float:
    """The estimated cost of one module's parts."""
    return round(sum(line.cost for line in bill), 2)


def to_csv(bill: list[Line]) -> str:
    """The bill as CSV; the price column says currency and date."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    price = f"estimate {CURRENCY} {PRICE_DATE}"
    writer.writerow(
        [
            "quantity",
            "references",
            "value",
            "description",
            "manufacturer number",
            "second source",
            "number confirmed",
            "footprint",
            f"unit {price}",
            f"line {price}",
        ]
    )
    for line in bill:
        writer.writerow(
            [
                line.quantity,
                " ".join(line.references),
                line.value,
                line.item.description,
                line.item.manufacturer_number,
                line.item.second_source,
                "yes" if confirmed(line.item) else "no",
                line.item.footprint,
                f"{line.item.unit_cost:.2f}",
                f"{line.cost:.2f}",
            ]
        )
    return out.getvalue()
