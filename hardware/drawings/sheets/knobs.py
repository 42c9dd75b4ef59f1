"""The knobs' sheet."""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..sheet import Sheet


def draw(sheet: Sheet, panel: PanelMap) -> None:
    """Seven knobs."""
    for index in range(7):
        number, x, y = 301 + index, 8.4 * (index % 4), -4.6 * (index // 4)
        sheet.net("3V3_A", (x, y), "up")
        wiper = sheet.potentiometer(f"RV{number}", (x, y), (x, y - 2.4))
        sheet.ground((x, y - 2.4))
        sheet.two(f"R{number}", wiper, (x + 3.0, y - 1.2))
        sheet.wire((x + 3.0, y - 1.2), (x + 4.4, y - 1.2))
        sheet.two(f"C{number}", (x + 3.5, y - 1.2), (x + 3.5, y - 3.0))
        sheet.dot((x + 3.5, y - 1.2))
        sheet.ground((x + 3.5, y - 3.0))
        sheet.net(str(sheet.parts[f"C{number}"].nets["1"]), (x + 4.4, y - 1.2))
        sheet.text((x - 0.2, y + 0.95), panel.of_kind("knob")[index].name, 10)
