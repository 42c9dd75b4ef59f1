"""The Seed's sheet."""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..sheet import Sheet


def draw(sheet: Sheet, panel: PanelMap) -> None:
    """The Seed's two sockets, numbered as the Seed is."""
    names = {number: name for name, (number, _) in panel.seed_pins.items()}
    for ref, first, x, edge in (("J801", 1, 0.0, 0.0), ("J802", 21, 7.0, 3.0)):
        pins = {}
        for index in range(20):
            # The Seed's pins run down the left strip and up the right one.
            row = index if first == 1 else 19 - index
            pins[str(index + 1)] = ((x + edge, -0.8 * row), f"({first + index}) {names[first + index]}")
        sheet.block(ref, (x, 0.6), (3.0, 16.4), pins)
        for number, (point, _) in pins.items():
            net = sheet.parts[ref].nets[number]
            if net is not None:
                end = (point[0] + (-0.5 if edge == 0.0 else 0.5), point[1])
                sheet.wire(point, end)
                sheet.net(net, end, "left" if edge == 0.0 else "right")
    for ref, x in (("C801", 14.0), ("C802", 16.4)):
        sheet.two(ref, (x, 0.0), (x, -2.0))
        sheet.net(str(sheet.parts[ref].nets["1"]), (x, 0.0), "up")
        sheet.ground((x, -2.0))
