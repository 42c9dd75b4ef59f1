"""The sheet of LEDs and button."""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..sheet import Sheet


def draw(sheet: Sheet, panel: PanelMap) -> None:
    """LEDs and button."""
    for index in range(2):
        base, x = 701 + 10 * index, 8.6 * index
        for row, (pin, colour) in enumerate((("1", "red"), ("3", "green"))):
            y = -1.8 * row
            sheet.net(str(sheet.parts[f"R{base + row}"].nets["1"]), (x, y), "left")
            sheet.two(f"R{base + row}", (x, y), (x + 2.0, y))
            sheet.two(f"D{base}", (x + 2.0, y), (x + 4.0, y), (pin, "2"), f"D{base} {colour}")
        sheet.wire((x + 4.0, 0.0), (x + 4.0, -2.4))
        sheet.dot((x + 4.0, -1.8))
        sheet.ground((x + 4.0, -2.4))
        sheet.text((x + 2.2, 1.2), panel.of_kind("led")[index].name, 10)
    x, y = 16.4, 0.0
    sheet.two("R721", (x, y + 1.0), (x, y - 1.0))
    sheet.net("3V3_D", (x, y + 1.0), "up")
    sheet.wire((x, y - 1.0), (x + 5.0, y - 1.0))
    sheet.two("SW701", (x + 1.8, y - 1.0), (x + 1.8, y - 3.0), caption_left=True)
    sheet.two("C721", (x + 3.4, y - 1.0), (x + 3.4, y - 3.0))
    for step in (1.8, 3.4):
        sheet.dot((x + step, y - 1.0))
        sheet.ground((x + step, y - 3.0))
    sheet.net(str(sheet.parts["R721"].nets["2"]), (x + 5.0, y - 1.0))
