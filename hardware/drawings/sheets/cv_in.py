"""The CV inputs' sheet."""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..sheet import Sheet
from .pieces import jack, supply_unit


def draw(sheet: Sheet, panel: PanelMap) -> None:
    """Reference and four inputs."""
    units = (("1", "2", "3"), ("7", "6", "5"), ("8", "9", "10"), ("14", "13", "12"))
    for index in range(4):
        base, x, y = 210 + 10 * index, 18.0 * (index % 2), -7.4 * (index // 2)
        jack(sheet, f"J{base}", f"D{base + 1}", x, y)
        sheet.wire((x + 2.7, y), (x + 3.0, y))
        sheet.two(f"R{base}", (x + 3.0, y), (x + 5.0, y))
        sheet.wire((x + 5.0, y), (x + 6.8, y))
        sheet.two(f"R{base + 1}", (x + 5.6, y - 2.4), (x + 5.6, y), caption_left=True)
        sheet.dot((x + 5.6, y))
        sheet.net("VREF_N2V5", (x + 5.6, y - 2.4), "down")
        out = sheet.op_amp("U201", units[index], (x + 6.8, y))
        sheet.wire((x + 6.8, y - 1.0), (x + 6.5, y - 1.0), (x + 6.5, y - 1.9))
        sheet.ground((x + 6.5, y - 1.9))
        sheet.wire((x + 6.2, y), (x + 6.2, y + 3.2))
        sheet.dot((x + 6.2, y))
        sheet.two(f"R{base + 2}", (x + 6.2, y + 1.8), (x + 9.2, y + 1.8))
        sheet.two(f"C{base}", (x + 6.2, y + 3.2), (x + 9.2, y + 3.2))
        sheet.dot((x + 6.2, y + 1.8))
        sheet.wire((x + 9.2, y + 3.2), (x + 9.2, y - 0.5))
        sheet.dot((x + 9.2, y + 1.8))
        sheet.wire(out, (x + 9.8, y - 0.5))
        sheet.dot((x + 9.2, y - 0.5))
        sheet.two(f"R{base + 3}", (x + 9.8, y - 0.5), (x + 11.8, y - 0.5))
        sheet.wire((x + 11.8, y - 0.5), (x + 14.8, y - 0.5))
        sheet.net(str(sheet.parts[f"C{base + 1}"].nets["1"]), (x + 14.8, y - 0.5))
        sheet.two(f"C{base + 1}", (x + 12.2, y - 0.5), (x + 12.2, y - 2.3))
        sheet.dot((x + 12.2, y - 0.5))
        sheet.ground((x + 12.2, y - 2.3))
        sheet.two(f"D{base}", (x + 14.2, y - 2.3), (x + 14.2, y - 0.5), ("1", "3"), "")
        sheet.two(f"D{base}", (x + 14.2, y - 0.5), (x + 14.2, y + 1.3), ("3", "2"))
        sheet.dot((x + 14.2, y - 0.5))
        sheet.ground((x + 14.2, y - 2.3))
        sheet.net("3V3_A", (x + 14.2, y + 1.3), "up")
    y = -13.6
    sheet.net("-12V", (0.4, y), "left")
    sheet.two("R201", (0.4, y), (2.4, y))
    sheet.wire((2.4, y), (6.0, y))
    sheet.net("VREF_N2V5", (6.0, y))
    sheet.two("D201", (3.2, y), (3.2, y + 2.0), ("2", "1"))
    sheet.two("C201", (5.0, y + 2.0), (5.0, y))
    sheet.test_point("TP201", (4.1, y), above=False)
    sheet.dot((3.2, y))
    sheet.dot((5.0, y))
    sheet.wire((3.2, y + 2.0), (5.0, y + 2.0))
    sheet.net("GND", (4.1, y + 2.0), "up")
    supply_unit(sheet, "U201", ("4", "11"), 11.0, y + 2.0, ("C202",))
