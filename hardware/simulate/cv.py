"""CV inputs in ngspice: transfer, bandwidth, over-voltage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..circuit.circuit import Circuit
from ..circuit.stages import cv_in
from ..panels.panel_map import PanelMap
from .deck import deck, elements, node
from .figures import Figure
from .ngspice import run

# MCP6004: current its input clamps bear (Microchip DS21733, absolute maximum ratings).
CLAMP_LIMIT_MILLIAMPERES = 2.0


@dataclass(frozen=True)
class CvCurves:
    """What the plots show. transfer: jack volts, pin volts. response: hertz, decibels below the lowest frequency."""

    transfer: NDArray[np.float64]
    response: NDArray[np.float64]


def _bench(circuit: Circuit, panel: PanelMap, supply_volts: float = 3.3) -> list[str]:
    first, *rest = panel.of_kind("cv")
    lines = elements(circuit, ["cv_in"])
    lines += [
        f"Vj {node(f'CV_{first.name.upper()}_JACK')} 0 0 ac 1",
        f"V33 {node('3V3_A')} 0 {supply_volts}",
        f"Vm {node('-12V')} 0 {-11.6 if supply_volts else 0}",
    ]
    return lines + [f"Vj{cv.name} {node(f'CV_{cv.name.upper()}_JACK')} 0 0" for cv in rest]


def corner_hz(hertz: NDArray[np.float64], decibels: NDArray[np.float64]) -> float:
    """Where a response first falls 3 dB below its first point, interpolated on log frequency."""
    below = np.nonzero(decibels <= decibels[0] - 3.0103)[0]
    if len(below) == 0:
        return float("nan")
    i = int(below[0])
    fraction = (decibels[0] - 3.0103 - decibels[i - 1]) / (decibels[i] - decibels[i - 1])
    return float(np.exp(np.log(hertz[i - 1]) + fraction * np.log(hertz[i] / hertz[i - 1])))


def simulate(circuit: Circuit, panel: PanelMap, decks: Path | None = None) -> tuple[list[Figure], CvCurves]:
    """Figures of one nominal CV input, powered and unpowered."""
    first = panel.of_kind("cv")[0]
    pin, jack_sum = node(f"SEED_{first.pins[0]}"), node(f"CV_{first.name.upper()}_SUM")
    limit = float(panel.raw["cv_range"]["survives_volts"])
    low, high = panel.raw["cv_range"]["pin_volts"]
    sweep = deck(
        "CV input: transfer, over-voltage, bandwidth",
        _bench(circuit, panel),
        [
            f"dc Vj {-limit} {limit} 0.5",
            f"wrdata out0.txt v({pin}) v({jack_sum}) i(Vj)",
            "ac dec 50 10 100k",
            f"wrdata out1.txt vdb({pin})",
        ],
    )
    transfer, response = run(sweep, 2, decks / "cv_in.cir" if decks else None)
    without_supply = [line.replace(" mcp6004", " mcp6004_off") for line in _bench(circuit, panel, 0.0)]
    off = deck(
        "CV input, module off",
        without_supply,
        [f"dc Vj {-limit} {limit} 1", f"wrdata out0.txt v({pin}) v({jack_sum}) i(Vj)"],
    )
    (unpowered,) = run(off, 1, decks / "cv_in_off.cir" if decks else None)

    at = {volts: float(np.interp(volts, transfer[:, 0], transfer[:, 1])) for volts in (-5.0, 0.0, 5.0)}
    absolute = panel.raw["seed"]["adc_absolute_volts"]
    every_pin = np.concatenate([transfer[:, 1], unpowered[:, 1]])
    current = float(max(np.abs(transfer[:, 3]).max(), np.abs(unpowered[:, 3]).max())) * 1e3
    linear = np.abs(transfer[:, 0]) <= 5.0
    figures = [
        Figure("cv_pin_at_minus_5_v", at[-5.0], "V", low, high, "nominal board"),
        Figure("cv_pin_at_0_v", at[0.0], "V", 1.5, 1.8, "nominal board"),
        Figure("cv_pin_at_plus_5_v", at[5.0], "V", low, high, "nominal board"),
        Figure(
            "cv_gain",
            float(np.polyfit(transfer[linear, 0], transfer[linear, 1], 1)[0]),
            "V/V",
            cv_in.nominal_gain() * 1.002,
            cv_in.nominal_gain() * 0.998,
            "slope, ±5 V; limit: formula ± 0.2 %",
        ),
        Figure("cv_bandwidth_hz", corner_hz(response[:, 0], response[:, 1]), "Hz", 800.0, 3000.0, "-3 dB"),
        Figure(
            "cv_pin_lowest_at_over_voltage", float(every_pin.min()), "V", absolute[0], None, "±20 V, power on and off"
        ),
        Figure(
            "cv_pin_highest_at_over_voltage", float(every_pin.max()), "V", None, absolute[1], "±20 V, power on and off"
        ),
        Figure(
            "cv_jack_current_at_20_v",
            current,
            "mA",
            None,
            CLAMP_LIMIT_MILLIAMPERES,
            "all of it through the op-amp's input clamp, at worst",
        ),
        Figure(
            "cv_input_resistor_at_12_v", 144.0 / 100e3 * 1e3, "mW", None, 62.5, "half of an 0805's rating, for ever"
        ),
    ]
    decibels = response[:, 1] - response[0, 1]
    return figures, CvCurves(transfer[:, :2], np.column_stack([response[:, 0], decibels]))
