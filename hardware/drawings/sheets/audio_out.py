"""The audio outputs' sheet."""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..sheet import Sheet
from .pieces import low_pass, supply_unit


def draw(sheet: Sheet, panel: PanelMap) -> None:
    """Two output channels."""
    for index, pins in enumerate((("1", "2", "3"), ("7", "6", "5"))):
        base, y = 610 + 10 * index, -8.0 * index
        sheet.net(str(sheet.parts[f"R{base}"].nets["1"]), (0.0, y), "left")
        sheet.wire((0.0, y), (2.0, y))
        sheet.two(f"R{base}", (0.6, y), (0.6, y - 2.0))
        sheet.dot((0.6, y))
        sheet.ground((0.6, y - 2.0))
        sheet.two(f"R{base + 1}", (2.0, y), (4.0, y))
        out = low_pass(sheet, "U601", pins, base, f"R{base + 2}", f"R{base + 3}", 4.0, y)
        sheet.wire(out, (out[0] + 0.6, out[1]))
        sheet.two(f"R{base + 4}", (out[0] + 0.6, out[1]), (out[0] + 2.6, out[1]))
        jack = f"J{base}"
        x = out[0] + 3.4
        sheet.wire((out[0] + 2.6, out[1]), (x, out[1]))
        sheet.block(
            jack,
            (x, out[1] + 0.5),
            (1.8, 2.6),
            {"T": ((x, out[1]), "tip"), "TN": ((x, out[1] - 0.8), "open"), "S": ((x, out[1] - 1.6), "sleeve")},
        )
        sheet.wire((x, out[1] - 1.6), (x - 0.6, out[1] - 1.6))
        sheet.ground((x - 0.6, out[1] - 1.6))
    supply_unit(sheet, "U601", ("8", "4"), 0.0, -13.0, ("C601", "C602"))
