"""The audio inputs' sheet."""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..sheet import Sheet
from .pieces import jack, low_pass, supply_unit


def draw(sheet: Sheet, panel: PanelMap) -> None:
    """Two input channels."""
    for index, pins in enumerate((("1", "2", "3"), ("7", "6", "5"))):
        base, y = 510 + 10 * index, -8.0 * index
        jack(sheet, f"J{base}", f"D{base}", 0.0, y)
        sheet.wire((2.7, y), (4.0, y))
        sheet.net(str(sheet.parts[f"J{base}"].nets["T"]), (2.7, y), "up")
        sheet.two(f"R{base}", (4.0, y), (6.0, y))
        out = low_pass(sheet, "U501", pins, base, f"R{base + 1}", f"R{base + 2}", 6.0, y)
        sheet.two(f"R{base + 3}", (out[0] + 0.7, out[1]), (out[0] + 2.7, out[1]))
        sheet.wire(out, (out[0] + 0.7, out[1]))
        sheet.net(str(sheet.parts[f"R{base + 3}"].nets["2"]), (out[0] + 2.7, out[1]))
    supply_unit(sheet, "U501", ("8", "4"), 0.0, -13.0, ("C501", "C502"))
