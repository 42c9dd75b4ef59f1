"""What several sheets draw: an op-amp's supply, a jack, the multiple-feedback low-pass."""

from __future__ import annotations

from ..sheet import Sheet


def supply_unit(sheet: Sheet, ref: str, pins: tuple[str, str], x: float, y: float, capacitors: tuple[str, ...]) -> None:
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


def suppressor(sheet: Sheet, ref: str, point: tuple[float, float]) -> None:
    """A suppressor hanging from a wire."""
    below = (point[0], point[1] - 2.0)
    sheet.two(ref, point, below)
    sheet.dot(point)
    sheet.ground(below)


def jack(sheet: Sheet, ref: str, guard: str, x: float, y: float) -> None:
    """A jack's box with T at (x + 1.6, y), TN 0.8 below, S 1.6 below, the sleeve grounded; its suppressor beside it."""
    sheet.wire((x + 1.6, y), (x + 2.7, y))
    suppressor(sheet, guard, (x + 2.7, y))
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


def low_pass(
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
