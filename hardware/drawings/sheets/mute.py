"""The mute's sheet."""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..sheet import Sheet


def draw(sheet: Sheet, panel: PanelMap) -> None:
    """From the pin at the left to the gates at the right."""
    sheet.net(str(sheet.parts["R901"].nets["1"]), (0.0, 0.0), "left")
    sheet.wire((0.0, 0.0), (1.2, 0.0))
    sheet.two("R901", (0.6, 0.0), (0.6, -2.0))
    sheet.dot((0.6, 0.0))
    sheet.ground((0.6, -2.0))
    sheet.two("R902", (1.2, 0.0), (3.2, 0.0))
    sheet.wire((3.2, 0.0), (3.8, 0.0))
    drive, emitter = sheet.npn("Q903", (3.8, 0.0))
    sheet.wire(emitter, (emitter[0], -1.4))
    sheet.ground((emitter[0], -1.4))
    sheet.two("R903", drive, (drive[0], 2.7))
    base = (7.0, 2.7)
    sheet.wire((drive[0], 2.7), base)
    current, plus = sheet.pnp("Q901", base)
    x = plus[0]
    sheet.two("R904", (6.0, 4.7), (6.0, 2.7), caption_left=True)
    sheet.dot((6.0, 2.7))
    sheet.wire(plus, (x, 4.7), (6.0, 4.7))
    sheet.dot((x, 4.7))
    sheet.two("D903", (x, 4.7), (x, 6.7), ("2", "1"))
    sheet.net("+12V_PROT", (x, 6.7), "up")
    sheet.two("R905", current, (x, 0.0), caption_left=True)
    sheet.two("D901", (x, -2.0), (x, 0.0), ("2", "1"), caption_left=True)
    sheet.two("R906", (x, -2.0), (x, -4.0), caption_left=True)
    sheet.net("-12V", (x, -4.0), "down")
    sheet.dot((x, -2.0))
    sheet.wire((x, -2.0), (10.4, -2.0))
    gate, rail = sheet.npn("Q902", (10.4, -2.0))
    sheet.wire(rail, (rail[0], -4.0))
    sheet.net("-12V", (rail[0], -4.0), "down")
    sheet.two("C902", (9.2, 0.0), (9.2, -2.0), caption_left=False)
    sheet.dot((9.2, -2.0))
    sheet.wire((9.2, 0.0), (gate[0] + 4.4, 0.0))
    sheet.wire(gate, (gate[0], 0.0), (gate[0], 1.0))
    sheet.dot((gate[0], 0.0))
    sheet.net("MUTE_GATE", (gate[0] + 4.4, 0.0))
    sheet.test_point("TP901", (gate[0] + 3.0, 0.0))
    sheet.two("R907", (gate[0], 3.0), (gate[0], 1.0))
    sheet.two("D902", (gate[0], 5.0), (gate[0], 3.0), ("2", "1"))
    sheet.net("+12V_PROT", (gate[0], 5.0), "up")
    sheet.wire((gate[0], 3.0), (gate[0] + 3.6, 3.0))
    sheet.dot((gate[0], 3.0))
    sheet.net("MUTE_HOLD", (gate[0] + 3.6, 3.0))
    sheet.two("C901", (gate[0] + 2.4, 3.0), (gate[0] + 2.4, 1.0))
    sheet.dot((gate[0] + 2.4, 3.0))
    sheet.ground((gate[0] + 2.4, 1.0))
