"""The schematic, one sheet a stage. Only places and wires stand here; values, pins and nets come from the netlist."""

from __future__ import annotations

from collections.abc import Callable

from .board import Board, Placed
from .panel_map import PanelMap
from .sheet import Sheet


def _supply_unit(
    sheet: Sheet, ref: str, pins: tuple[str, str], x: float, y: float, capacitors: tuple[str, ...]
) -> None:
    """An op-amp's supply pins as a box, its capacitors beside it."""
    part = sheet.parts[ref]
    positive, negative = part.nets[pins[0]], part.nets[pins[1]]
    sheet.block(
        ref,
        (x, y),
        (1.6, 2.0),
        {pins[0]: ((x + 1.6, y - 0.5), "V+"), pins[1]: ((x + 1.6, y - 1.5), "V–")},
        f"{ref} supply",
    )
    for net, level in ((positive, y - 0.5), (negative, y - 1.5)):
        end = (x + 2.2, level)
        sheet.wire((x + 1.6, level), end)
        if net == "GND":
            sheet.ground(end)
        else:
            sheet.net(str(net), end)
    for index, capacitor in enumerate(capacitors):
        top, bottom = (x + 4.6 + 2.0 * index, y), (x + 4.6 + 2.0 * index, y - 2.0)
        sheet.two(capacitor, top, bottom)
        for number, point, side in (("1", top, "up"), ("2", bottom, "down")):
            net = sheet.parts[capacitor].nets[number]
            if net == "GND" and side == "down":
                sheet.ground(point)
            else:
                sheet.net(str(net), point, side)


def _jack(sheet: Sheet, ref: str, x: float, y: float) -> None:
    """A jack's box with T at (x + 1.6, y), TN 0.8 below, S 1.6 below, the sleeve grounded."""
    part = sheet.parts[ref]
    sheet.block(
        ref,
        (x, y + 0.5),
        (1.6, 2.6),
        {"T": ((x + 1.6, y), "tip"), "TN": ((x + 1.6, y - 0.8), "normal"), "S": ((x + 1.6, y - 1.6), "sleeve")},
    )
    sheet.wire((x + 1.6, y - 1.6), (x + 2.1, y - 1.6))
    sheet.ground((x + 2.1, y - 1.6))
    if part.nets["TN"] == "GND":
        sheet.wire((x + 1.6, y - 0.8), (x + 2.1, y - 0.8), (x + 2.1, y - 1.6))
    elif part.nets["TN"] is not None:
        sheet.wire((x + 1.6, y - 0.8), (x + 2.0, y - 0.8))
        sheet.net(part.nets["TN"], (x + 2.0, y - 0.8))


def power(sheet: Sheet, panel: PanelMap) -> None:
    """The supply."""
    pins = {
        str(number): ((1.8, 4.0 - 0.7 * index), name)
        for index, (number, name) in enumerate(
            [
                (10, "+12 V"),
                (9, "+12 V"),
                (8, "GND"),
                (7, "GND"),
                (6, "GND"),
                (5, "GND"),
                (4, "GND"),
                (3, "GND"),
                (2, "-12 V"),
                (1, "-12 V red"),
            ]
        )
    }
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
    sheet.two("F101", (3.0, 4.0), (5.0, 4.0))
    sheet.two("D101", (5.0, 4.0), (7.0, 4.0), ("2", "1"))
    sheet.two("F102", (3.0, -3.0), (5.0, -3.0))
    sheet.two("D102", (7.0, -3.0), (5.0, -3.0), ("2", "1"))
    sheet.wire((7.0, 4.0), (9.0, 4.0))
    sheet.net("+12V_PROT", (8.0, 4.0), "up")
    sheet.two("R101", (9.0, 4.0), (11.0, 4.0))
    sheet.wire((11.0, 4.0), (15.2, 4.0))
    sheet.net("+12V", (15.2, 4.0))
    sheet.wire((7.0, -3.0), (9.0, -3.0))
    sheet.two("R102", (9.0, -3.0), (11.0, -3.0))
    sheet.net("-12V_PROT", (8.0, -3.0), "up")
    sheet.wire((11.0, -3.0), (15.2, -3.0))
    sheet.net("-12V", (15.2, -3.0))
    for ref, x in (("C101", 12.0), ("C102", 13.8)):
        sheet.two(ref, (x, 4.0), (x, 2.0))
        sheet.dot((x, 4.0))
        sheet.ground((x, 2.0))
    for ref, x in (("C103", 12.0), ("C104", 13.8)):
        plus_first = sheet.parts[ref].nets["1"] == "GND"
        sheet.two(ref, (x, -1.0), (x, -3.0), ("1", "2") if plus_first else ("2", "1"))
        sheet.dot((x, -3.0))
        sheet.net("GND", (x, -1.0), "up")
    sheet.wire((0.5, -6.0), (0.9, -6.0))
    sheet.net("+12V_PROT", (0.5, -6.0), "left")
    sheet.two("R103", (0.9, -6.0), (2.9, -6.0))
    sheet.wire((2.9, -6.0), (7.6, -6.0))
    sheet.net("+12V_REG", (5.1, -6.0), "up")
    for ref, x in (("C105", 4.2), ("C106", 6.0)):
        sheet.two(ref, (x, -6.0), (x, -8.0))
        sheet.dot((x, -6.0))
        sheet.ground((x, -8.0))
    sheet.block(
        "U101",
        (7.6, -5.5),
        (2.0, 1.8),
        {"1": ((7.6, -6.0), "in"), "3": ((9.6, -6.0), "out"), "2": ((9.6, -6.9), "gnd")},
    )
    sheet.wire((9.6, -6.9), (10.0, -6.9), (10.0, -8.0))
    sheet.ground((10.0, -8.0))
    sheet.wire((9.6, -6.0), (14.6, -6.0))
    sheet.net("+5V", (14.6, -6.0))
    for ref, x in (("C107", 11.2), ("C108", 13.0)):
        sheet.two(ref, (x, -6.0), (x, -8.0))
        sheet.dot((x, -6.0))
        sheet.ground((x, -8.0))


def cv_in(sheet: Sheet, panel: PanelMap) -> None:
    """Reference and four inputs."""
    units = (("1", "2", "3"), ("7", "6", "5"), ("8", "9", "10"), ("14", "13", "12"))
    for index in range(4):
        base, x, y = 210 + 10 * index, 18.0 * (index % 2), -7.4 * (index // 2)
        _jack(sheet, f"J{base}", x, y)
        sheet.wire((x + 1.6, y), (x + 3.0, y))
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
    sheet.dot((3.2, y))
    sheet.dot((5.0, y))
    sheet.wire((3.2, y + 2.0), (5.0, y + 2.0))
    sheet.net("GND", (4.1, y + 2.0), "up")
    _supply_unit(sheet, "U201", ("4", "11"), 11.0, y + 2.0, ("C202",))


def knobs(sheet: Sheet, panel: PanelMap) -> None:
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


def gate_in(sheet: Sheet, panel: PanelMap) -> None:
    """The gate input."""
    _jack(sheet, "J401", 0.0, 0.0)
    sheet.wire((1.6, 0.0), (3.0, 0.0))
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


def audio_in(sheet: Sheet, panel: PanelMap) -> None:
    """Two input channels."""
    for index, pins in enumerate((("1", "2", "3"), ("7", "6", "5"))):
        base, y = 510 + 10 * index, -8.0 * index
        _jack(sheet, f"J{base}", 0.0, y)
        sheet.wire((1.6, y), (4.0, y))
        sheet.net(str(sheet.parts[f"J{base}"].nets["T"]), (2.8, y), "up")
        sheet.two(f"R{base}", (4.0, y), (6.0, y))
        out = _filter(sheet, "U501", pins, base, f"R{base + 1}", f"R{base + 2}", 6.0, y)
        sheet.two(f"R{base + 3}", (out[0] + 0.7, out[1]), (out[0] + 2.7, out[1]))
        sheet.wire(out, (out[0] + 0.7, out[1]))
        sheet.net(str(sheet.parts[f"R{base + 3}"].nets["2"]), (out[0] + 2.7, out[1]))
    _supply_unit(sheet, "U501", ("8", "4"), 0.0, -13.0, ("C501", "C502"))


def _filter(
    sheet: Sheet, amplifier: str, pins: tuple[str, str, str], base: int, feedback: str, summing: str, x: float, y: float
) -> tuple[float, float]:
    """The multiple-feedback low-pass from its node at (x, y) on. Returns the output's point."""
    sheet.wire((x, y), (x + 1.6, y))
    sheet.two(f"C{base}", (x + 0.6, y), (x + 0.6, y - 2.0))
    sheet.dot((x + 0.6, y))
    sheet.ground((x + 0.6, y - 2.0))
    sheet.wire((x + 0.6, y), (x + 0.6, y + 3.4))
    sheet.two(feedback, (x + 0.6, y + 3.4), (x + 7.4, y + 3.4))
    sheet.two(summing, (x + 1.6, y), (x + 3.6, y))
    sheet.wire((x + 3.6, y), (x + 4.6, y))
    sheet.wire((x + 4.1, y), (x + 4.1, y + 1.8))
    sheet.dot((x + 4.1, y))
    sheet.two(f"C{base + 1}", (x + 4.1, y + 1.8), (x + 7.4, y + 1.8))
    out = sheet.op_amp(amplifier, pins, (x + 4.6, y))
    sheet.wire((x + 4.6, y - 1.0), (x + 4.3, y - 1.0), (x + 4.3, y - 1.9))
    sheet.ground((x + 4.3, y - 1.9))
    sheet.wire((x + 7.4, y + 3.4), (x + 7.4, y - 0.5))
    sheet.dot((x + 7.4, y + 1.8))
    sheet.dot((x + 7.4, y - 0.5))
    sheet.wire(out, (x + 7.4, y - 0.5))
    return x + 7.4, y - 0.5


def audio_out(sheet: Sheet, panel: PanelMap) -> None:
    """Two output channels."""
    for index, pins in enumerate((("1", "2", "3"), ("7", "6", "5"))):
        base, y = 610 + 10 * index, -8.0 * index
        sheet.net(str(sheet.parts[f"R{base}"].nets["1"]), (0.0, y), "left")
        sheet.wire((0.0, y), (2.0, y))
        sheet.two(f"R{base}", (0.6, y), (0.6, y - 2.0))
        sheet.dot((0.6, y))
        sheet.ground((0.6, y - 2.0))
        sheet.two(f"R{base + 1}", (2.0, y), (4.0, y))
        out = _filter(sheet, "U601", pins, base, f"R{base + 2}", f"R{base + 3}", 4.0, y)
        sheet.wire(out, (out[0] + 0.6, out[1]))
        sheet.two(f"R{base + 4}", (out[0] + 0.6, out[1]), (out[0] + 2.6, out[1]))
        jack = f"J{base}"
        x = out[0] + 3.4
        sheet.wire((out[0] + 2.6, out[1]), (x, out[1]))
        sheet.block(
            jack,
            (x, out[1] + 0.5),
            (1.8, 2.6),
            {"T": ((x, out[1]), "tip"), "TN": ((x, out[1] - 0.8), "open"), "S": ((x, out[1] - 1.6), "sleeve")},
        )
        sheet.wire((x, out[1] - 1.6), (x - 0.6, out[1] - 1.6))
        sheet.ground((x - 0.6, out[1] - 1.6))
    _supply_unit(sheet, "U601", ("8", "4"), 0.0, -13.0, ("C601", "C602"))


def indicators(sheet: Sheet, panel: PanelMap) -> None:
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


def seed(sheet: Sheet, panel: PanelMap) -> None:
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


_TITLES = {
    "power": "Power",
    "cv_in": "CV in",
    "knobs": "Knobs",
    "gate_in": "Gate in",
    "audio_in": "Audio in",
    "audio_out": "Audio out",
    "indicators": "LEDs and button",
    "seed": "Daisy Seed",
}
_DRAW: dict[str, Callable[[Sheet, PanelMap], None]] = {
    "power": power,
    "cv_in": cv_in,
    "knobs": knobs,
    "gate_in": gate_in,
    "audio_in": audio_in,
    "audio_out": audio_out,
    "indicators": indicators,
    "seed": seed,
}


def sheets(board: Board, panel: PanelMap) -> dict[str, Sheet]:
    """Every sheet, by stage."""
    parts: dict[str, list[Placed]] = {stage: [] for stage in _DRAW}
    for part in board.parts():
        parts[part.stage].append(part)
    result = {}
    for stage, draw in _DRAW.items():
        result[stage] = Sheet(f"Gritspace: {_TITLES[stage]}", parts[stage])
        draw(result[stage], panel)
    return result
