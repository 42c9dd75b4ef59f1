"""The audio outputs' sheet."""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..sheet import Sheet
from .pieces import low_pass, supply_unit, suppressor


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
        _outlet(sheet, base, out[0] + 2.6, out[1])
    supply_unit(sheet, "U601", ("8", "4"), 0.0, -13.0, ("C601", "C602"))


def _outlet(sheet: Sheet, base: int, x: float, y: float) -> None:
    """From the series resistor's end at (x, y): suppressor, test point, the two clamps, the jack."""
    suppressor(sheet, f"D{base}", (x + 0.8, y))
    sheet.test_point(f"TP{base}", (x + 2.0, y))
    gate_x = x + 4.0
    drain, source = sheet.n_mosfet(f"Q{base}", (gate_x, y - 1.0), True)
    ground_end, other = sheet.n_mosfet(f"Q{base + 1}", (gate_x, y - 3.0), False)
    sheet.wire(drain, (drain[0], y))
    sheet.dot((drain[0], y))
    sheet.wire(source, other)
    sheet.ground(ground_end)
    sheet.wire((gate_x, y - 1.0), (gate_x, y - 3.0))
    sheet.wire((gate_x - 0.3, y - 2.0), (gate_x, y - 2.0))
    sheet.net("MUTE_GATE", (gate_x - 0.3, y - 2.0), "left")
    end = x + 7.2
    sheet.wire((x, y), (end, y))
    pins = {"T": ((end, y), "tip"), "TN": ((end, y - 0.8), "open"), "S": ((end, y - 1.6), "sleeve")}
    sheet.block(f"J{base}", (end, y + 0.5), (1.8, 2.6), pins)
    sheet.wire((end, y - 1.6), (end - 0.3, y - 1.6))
    sheet.ground((end - 0.3, y - 1.6))
