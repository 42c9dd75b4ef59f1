"""The supply's sheet."""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..sheet import Sheet

_HEADER_NAMES = {10: "+12 V", 9: "+12 V", **dict.fromkeys(range(8, 2, -1), "GND"), 2: "-12 V", 1: "-12 V red"}


def draw(sheet: Sheet, panel: PanelMap) -> None:
    """The header, then each rail from fuse to its capacitors, then the Seed's branch."""
    _header(sheet)
    _rail(sheet, "+12V", 4.0, "F101", ("D101", (5.0, 7.0)), "R101", ("C101", "C102"))
    _rail(sheet, "-12V", -3.0, "F102", ("D102", (7.0, 5.0)), "R102", ("C103", "C104"))
    _late_switch(sheet)
    _seed_branch(sheet)


def _header(sheet: Sheet) -> None:
    """The ribbon's header and the wires that join its equal pins."""
    pins = {str(number): ((1.8, 4.0 - 0.7 * index), name) for index, (number, name) in enumerate(_HEADER_NAMES.items())}
    sheet.block("J101", (-0.6, 4.5), (2.4, 7.3), pins)
    sheet.wire((1.8, 4.0), (2.3, 4.0), (2.3, 3.3), (1.8, 3.3))
    sheet.wire((2.3, 4.0), (3.0, 4.0))
    for index in range(6):
        sheet.wire((1.8, 2.6 - 0.7 * index), (2.3, 2.6 - 0.7 * index))
    sheet.wire((2.3, 2.6), (2.3, -0.9))
    sheet.wire((2.3, -0.9), (3.0, -0.9))
    sheet.ground((3.0, -0.9))
    sheet.wire((1.8, -1.6), (2.3, -1.6), (2.3, -2.3), (1.8, -2.3))
    sheet.wire((2.3, -2.3), (2.3, -3.0), (3.0, -3.0))
    sheet.net("+12V_IN", (2.3, 4.0), "up")
    sheet.net("-12V_IN", (2.3, -3.0), "down")


def _rail(
    sheet: Sheet,
    net: str,
    y: float,
    fuse: str,
    diode: tuple[str, tuple[float, float]],
    series: str,
    capacitors: tuple[str, str],
) -> None:
    """One rail at height y. diode: its reference, and where its anode and its cathode lie."""
    ref, (anode, cathode) = diode
    sheet.two(fuse, (3.0, y), (5.0, y))
    sheet.two(ref, (anode, y), (cathode, y), ("2", "1"))
    if y > 0:
        sheet.wire((7.0, y), (9.0, y))
        sheet.net(f"{net}_PROT", (8.0, y), "up")
    else:
        sheet.wire((7.0, y), (7.4, y))
        sheet.net(f"{net}_PROT", (7.4, y), "down")
        sheet.wire((8.6, y), (9.0, y))
        sheet.net(f"{net}_SW", (8.6, y), "up")
    sheet.two(series, (9.0, y), (11.0, y))
    sheet.wire((11.0, y), (15.2, y))
    sheet.net(net, (15.2, y))
    for capacitor, x in zip(capacitors, (12.0, 13.8), strict=True):
        sheet.dot((x, y))
        if y > 0:
            sheet.two(capacitor, (x, y), (x, y - 2.0))
            sheet.ground((x, y - 2.0))
        else:
            plus_first = sheet.parts[capacitor].nets["1"] == "GND"
            sheet.two(capacitor, (x, y + 2.0), (x, y), ("1", "2") if plus_first else ("2", "1"))
            sheet.net("GND", (x, y + 2.0), "up")


def _late_switch(sheet: Sheet) -> None:
    """-12 V only with +12 V: Zener diodes, then the gate's resistors and capacitor, then the switch."""
    y = -11.2
    sheet.net("+12V_PROT", (0.5, y), "left")
    sheet.two("D103", (2.5, y), (0.5, y), ("2", "1"))
    sheet.two("D104", (4.5, y), (2.5, y), ("2", "1"))
    sheet.two("R104", (4.5, y), (6.5, y))
    sheet.wire((6.5, y), (10.4, y))
    drain, source = sheet.n_mosfet("Q101", (10.4, y), drain_up=True)
    sheet.net("-12V_SW", (drain[0], y + 1.2), "up")
    sheet.wire(drain, (drain[0], y + 1.2))
    for ref, x in (("R105", 7.2), ("C108", 9.0)):
        sheet.dot((x, y))
        sheet.two(ref, (x, y), (x, y - 2.0))
    sheet.wire((7.2, y - 2.0), (source[0], y - 2.0))
    sheet.dot((9.0, y - 2.0))
    sheet.wire((source[0], y - 2.0), source)
    sheet.net("-12V_PROT", (source[0], y - 2.0), "down")


def _seed_branch(sheet: Sheet) -> None:
    """The Seed's filter."""
    sheet.wire((0.5, -6.0), (0.9, -6.0))
    sheet.net("+12V_PROT", (0.5, -6.0), "left")
    sheet.two("R103", (0.9, -6.0), (2.9, -6.0))
    sheet.wire((2.9, -6.0), (8.0, -6.0))
    sheet.net("VIN_FILTER", (5.1, -6.0), "up")
    sheet.two("FB101", (8.0, -6.0), (10.0, -6.0))
    sheet.wire((10.0, -6.0), (13.6, -6.0))
    sheet.net("VIN", (13.6, -6.0))
    for ref, x in (("C105", 4.2), ("C106", 6.0), ("C107", 11.2)):
        sheet.two(ref, (x, -6.0), (x, -8.0))
        sheet.dot((x, -6.0))
        sheet.ground((x, -8.0))
    sheet.test_point("TP101", (14.6, 4.0))
    sheet.test_point("TP102", (14.6, -3.0))
    sheet.test_point("TP103", (12.7, -6.0))
    sheet.test_point("TP104", (13.6, -8.0))
    sheet.ground((13.6, -8.0))
