"""What goes to a factory and to an assembler: Gerbers and drills in one archive, parts and places in their columns."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from ..circuit import bom
from ..circuit.circuit import Circuit
from . import tools

_EPOCH = (2026, 11, 30, 0, 0, 0)  # every entry's date, so that the same board gives the same archive


def archive(folder: Path, path: Path) -> None:
    """All files of a folder in a zip, in order, without their dates."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(file.name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, file.read_bytes())


def _csv(rows: list[list[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def assembly_bom(circuit: Circuit) -> str:
    """The bill in the columns that assemblers read; `confirmed` says whether the number was met in published lists."""
    rows: list[list[Any]] = [
        [
            "Comment",
            "Designator",
            "Footprint",
            "Quantity",
            "Manufacturer",
            "Manufacturer Part Number",
            "Second Source",
            "Confirmed",
        ]
    ]
    for line in bom.lines(circuit):
        if not line.item.footprint:
            continue
        maker, number = bom.split_number(line.item.manufacturer_number)
        footprint = line.item.footprint.split(":")[1]
        seen = "yes" if bom.confirmed(line.item) else "no"
        comment = line.value or line.item.description
        rows.append(
            [comment, ",".join(line.references), footprint, line.quantity, maker, number, line.item.second_source, seen]
        )
    return _csv(rows)


def positions(places: list[dict[str, Any]], surface_only: bool = True) -> str:
    """Places of the surface-mounted parts, in millimetres from the board's lower left corner."""
    rows: list[list[Any]] = [["Designator", "Val", "Package", "Mid X", "Mid Y", "Rotation", "Layer"]]
    for part in places:
        if part["ref"].startswith(("H", "TP")) or (surface_only and not part["smd"]):
            continue
        rows.append(
            [
                part["ref"],
                part["value"],
                part["footprint"],
                f"{part['x']:.4f}mm",
                f"{part['y']:.4f}mm",
                f"{part['degrees']:g}",
                part["side"],
            ]
        )
    return _csv(rows)


def make(circuit: Circuit, board: Path, fab: Path) -> list[dict[str, Any]]:
    """Writes everything into `fab`. Returns the parts' places."""
    fab.mkdir(parents=True, exist_ok=True)
    tools.kicad("plot", board, fab)
    places: list[dict[str, Any]] = json.loads((fab / "positions.json").read_text(encoding="utf-8"))
    archive(fab / "gerber", fab / "gerber.zip")
    (fab / "bom_assembly.csv").write_text(assembly_bom(circuit), encoding="utf-8")
    (fab / "positions.csv").write_text(positions(places), encoding="utf-8")
    return places
