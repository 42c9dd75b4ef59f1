"""The Seed's sheet."""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..sheet import Sheet

_WIDTH = 8.0


def draw(sheet: Sheet, panel: PanelMap) -> None:
    """The Seed as its data sheet draws it: pins run down the left strip and up the right one."""
    names = {number: name for name, (number, _) in panel.seed_pins.items()}
    pins = {}
    for number in range(1, 41):
        left = number <= 20
        row = number - 1 if left else 40 - number
        pins[str(number)] = ((0.0 if left else _WIDTH, -0.8 * row), names[number])
    sheet.block("U801", (0.0, 0.6), (_WIDTH, 16.4), pins)
    for pin, (point, _) in pins.items():
        net = sheet.parts["U801"].nets[pin]
        if net is not None:
            side, step = ("left", -0.5) if point[0] == 0.0 else ("right", 0.5)
            end = (point[0] + step, point[1])
            sheet.wire(point, end)
            sheet.net(net, end, side)
    for ref, probe, x in (("C801", "TP801", 14.0), ("C802", None, 16.4)):
        sheet.two(ref, (x, 0.0), (x, -2.0))
        sheet.net(str(sheet.parts[ref].nets["1"]), (x, 0.0), "up")
        sheet.ground((x, -2.0))
        if probe:
            sheet.wire((x, 0.0), (x + 1.0, 0.0))
            sheet.test_point(probe, (x + 1.0, 0.0))
    sheet.test_point("TP802", (18.6, 0.0))
    sheet.wire((18.6, 0.0), (19.2, 0.0))
    sheet.net("3V3_D", (19.2, 0.0))
