"""The gate input's sheet."""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..sheet import Sheet
from .pieces import jack


def draw(sheet: Sheet, panel: PanelMap) -> None:
    """The gate input."""
    jack(sheet, "J401", "D402", 0.0, 0.0)
    sheet.wire((2.7, 0.0), (3.0, 0.0))
    sheet.two("R401", (3.0, 0.0), (5.0, 0.0))
    sheet.wire((5.0, 0.0), (8.6, 0.0))
    sheet.two("R402", (5.6, 0.0), (5.6, -2.0))
    sheet.two("D401", (7.4, -2.0), (7.4, 0.0), ("2", "1"))
    for x in (5.6, 7.4):
        sheet.dot((x, 0.0))
        sheet.ground((x, -2.0))
    collector, emitter = sheet.npn("Q401", (8.6, 0.0))
    sheet.wire(emitter, (emitter[0], -2.0))
    sheet.ground((emitter[0], -2.0))
    sheet.wire(collector, (collector[0], 1.4))
    sheet.dot((collector[0], 1.4))
    sheet.two("R403", (collector[0], 3.4), (collector[0], 1.4))
    sheet.net("3V3_D", (collector[0], 3.4), "up")
    sheet.two("R404", (collector[0], 1.4), (collector[0] + 3.0, 1.4))
    sheet.net(str(sheet.parts["R404"].nets["2"]), (collector[0] + 3.0, 1.4))
