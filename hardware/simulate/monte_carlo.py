"""A thousand CV inputs in ngspice, every value drawn from its tolerance, and what calibration leaves.

Each board is the netlist's own parts with altered values: resistors and capacitors uniform over their tolerance (harder
than a normal distribution), the reference's voltage and the op-amp's offset uniform over their data-sheet limits. The
circuit is solved by ngspice for every board, many boards to a deck; nothing is computed by formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..circuit.circuit import Circuit, Placed
from ..circuit.quantities import parse
from ..panels.panel_map import PanelMap
from .cv import corner_hz
from .deck import deck, node
from .figures import Figure
from .models import MCP6004
from .ngspice import run

BOARDS = 1000
_BOARDS_PER_DECK = 125
_JACK_VOLTS = np.array([-5.0, -4.0, -2.0, 0.0, 2.0, 4.0, 5.0])
_CALIBRATED_AT = (-4.0, 4.0)
_ADC_BITS = 16
SEED = 7


@dataclass(frozen=True)
class Boards:
    """pin_volts: (boards, jack voltages). bandwidth_hz: (boards,). residual_volts: (boards,) worst, at the jack."""

    jack_volts: NDArray[np.float64]
    pin_volts: NDArray[np.float64]
    bandwidth_hz: NDArray[np.float64]
    residual_volts: NDArray[np.float64]


def _channel(circuit: Circuit, panel: PanelMap) -> list[Placed]:
    """The first CV input and the reference."""
    name = panel.of_kind("cv")[0].name.upper()
    pin = f"SEED_{panel.of_kind('cv')[0].pins[0]}"
    mine = {f"CV_{name}_JACK", f"CV_{name}_SUM", f"CV_{name}_AMP", pin, "VREF_N2V5"}
    parts = []
    for part in circuit.parts():
        nets = {net for net in part.nets.values() if net is not None}
        if (
            part.stage == "cv_in"
            and part.kind in ("resistor", "capacitor", "reference_2v5", "clamp_pair")
            and (nets & mine and nets <= mine | {"GND", "-12V", "3V3_A"})
        ):
            parts.append(part)
    return parts


def _board_lines(parts: list[Placed], panel: PanelMap, index: int, rng: np.random.Generator) -> list[str]:
    """One board's lines, its nodes marked with its number; supplies and the jack are shared."""
    shared = {node("-12V"), node("3V3_A"), "0", node(f"CV_{panel.of_kind('cv')[0].name.upper()}_JACK")}

    def own(net: str | None) -> str:
        name = node(net) if net is not None else "0"
        return name if name in shared else f"{name}_{index}"

    lines = []
    for part in parts:
        if part.kind == "clamp_pair":
            anode, cathode, middle = (own(part.nets[pin]) for pin in ("1", "2", "3"))
            lines += [
                f"D{part.ref}l_{index} {anode} {middle} dbat54",
                f"D{part.ref}h_{index} {middle} {cathode} dbat54",
            ]
            continue
        altered = 1.0 + part.item.tolerance * rng.uniform(-1.0, 1.0)
        a, b = own(part.nets["1"]), own(part.nets["2"])
        if part.kind == "reference_2v5":
            lines.append(f"X{part.ref}_{index} {a} {b} lm4040_2v5 volts={2.5 * altered:.8g}")
        else:
            letter = "R" if part.kind == "resistor" else "C"
            lines.append(f"{letter}{part.ref}_{index} {a} {b} {parse(part.value) * altered:.8g}")
    name = panel.of_kind("cv")[0].name.upper()
    offset = MCP6004.offset_volts_maximum * rng.uniform(-1.0, 1.0)
    lines.append(
        f"XU_{index} 0 {own(f'CV_{name}_SUM')} {node('3V3_A')} 0 {own(f'CV_{name}_AMP')} 0 mcp6004 vos={offset:.6g}"
    )
    return lines


def calibrate(
    jack_volts: NDArray[np.float64], pin_volts: NDArray[np.float64], full_scale: float
) -> NDArray[np.float64]:
    """What a two-point calibration leaves: (boards,) worst |error| in volts at the jack, over the whole range.

    The converter is an ideal one of 16 bits; its own non-linearity comes on top (a few millivolts at the jack).
    """
    step = full_scale / 2**_ADC_BITS
    codes = np.round(pin_volts / step)
    low, high = (int(np.nonzero(jack_volts == volts)[0][0]) for volts in _CALIBRATED_AT)
    slope = (jack_volts[high] - jack_volts[low]) / (codes[:, high] - codes[:, low])
    estimate = jack_volts[low] + slope[:, None] * (codes - codes[:, low : low + 1])
    worst: NDArray[np.float64] = np.abs(estimate - jack_volts).max(axis=1)
    return worst


def simulate(
    circuit: Circuit, panel: PanelMap, boards: int = BOARDS, decks: Path | None = None
) -> tuple[list[Figure], Boards]:
    """Figures over `boards` boards (seed 7)."""
    rng = np.random.default_rng(SEED)
    parts = _channel(circuit, panel)
    first = panel.of_kind("cv")[0]
    jack, pin = node(f"CV_{first.name.upper()}_JACK"), node(f"SEED_{first.pins[0]}")
    transfers, corners = [], []
    for start in range(0, boards, _BOARDS_PER_DECK):
        numbers = range(start, min(start + _BOARDS_PER_DECK, boards))
        lines = [f"Vj {jack} 0 0 ac 1", f"Vm {node('-12V')} 0 -11.6", f"Vdd {node('3V3_A')} 0 3.3"]
        for number in numbers:
            lines += _board_lines(parts, panel, number, rng)
        pins = [f"{pin}_{number}" for number in numbers]
        text = deck(
            f"CV input, boards {numbers[0]} to {numbers[-1]}",
            lines,
            [
                "dc Vj -5 5 1",
                "wrdata out0.txt " + " ".join(f"v({name})" for name in pins),
                "ac dec 20 100 10k",
                "wrdata out1.txt " + " ".join(f"vdb({name})" for name in pins),
            ],
        )
        transfer, response = run(text, 2, decks / "cv_monte_carlo.cir" if decks and start == 0 else None)
        rows = [int(np.argmin(np.abs(transfer[:, 0] - volts))) for volts in _JACK_VOLTS]
        transfers.append(transfer[rows, 1:].T)
        corners += [corner_hz(response[:, 0], response[:, 1 + column]) for column in range(len(pins))]
    pin_volts, bandwidth = np.concatenate(transfers), np.array(corners)
    residual = calibrate(_JACK_VOLTS, pin_volts, float(panel.raw["seed"]["adc_full_scale_volts"]))
    low, high = panel.raw["cv_range"]["pin_volts"]
    inside = ((pin_volts >= low) & (pin_volts <= high)).all(axis=1)
    figures = [
        Figure(
            "cv_boards_in_range",
            float(inside.mean()) * 100,
            "%",
            99.9,
            None,
            f"{boards} boards, ±5 V in {low}..{high} V",
        ),
        Figure("cv_lowest_pin", float(pin_volts.min()), "V", low, None, "worst of all boards"),
        Figure("cv_highest_pin", float(pin_volts.max()), "V", None, high, "worst of all boards"),
        Figure(
            "cv_residual_after_calibration_mv", float(residual.max()) * 1e3, "mV", None, 5.0, "at the jack, worst board"
        ),
        Figure("cv_bandwidth_lowest_hz", float(bandwidth.min()), "Hz", 800.0, None, "worst of all boards"),
        Figure("cv_bandwidth_highest_hz", float(bandwidth.max()), "Hz", None, 3000.0, "worst of all boards"),
    ]
    return figures, Boards(_JACK_VOLTS, pin_volts, bandwidth, residual)
