"""The gate input in ngspice: threshold, delay, over-voltage."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..circuit.circuit import Circuit
from ..panels.panel_map import PanelMap
from .deck import deck, elements, node
from .figures import Figure
from .ngspice import run


def simulate(circuit: Circuit, panel: PanelMap, decks: Path | None = None) -> list[Figure]:
    """Figures of the gate input, with a 10 pF pin behind it."""
    (gate,) = panel.of_kind("gate")
    pin, base = node(f"SEED_{gate.pins[0]}"), node("GATE_BASE")
    lines = [
        *elements(circuit, ["gate_in"]),
        f"V33 {node('3V3_D')} 0 3.3",
        f"Cpin {pin} 0 10p",
        f"Vj {node('GATE_JACK')} 0 dc 0 pulse(0 5 100u 1u 1u 200u 1)",
    ]
    text = deck(
        "Gate input",
        lines,
        [
            "dc Vj -20 20 0.05",
            f"wrdata out0.txt v({pin}) v({base})",
            "tran 0.1u 600u",
            f"wrdata out1.txt v({pin}) v({node('GATE_JACK')})",
        ],
    )
    sweep, pulse = run(text, 2, decks / "gate_in.cir" if decks else None)
    upward = sweep[sweep[:, 0] >= 0]
    threshold = float(upward[np.argmax(upward[:, 1] < 1.65), 0])
    on = pulse[np.argmax((pulse[:, 0] > 100e-6) & (pulse[:, 1] < 1.65)), 0] - 100e-6
    off = pulse[np.argmax((pulse[:, 0] > 301e-6) & (pulse[:, 1] > 1.65)), 0] - 301e-6
    absolute = panel.raw["seed"]["adc_absolute_volts"]
    at_five = float(np.interp(5.0, sweep[:, 0], sweep[:, 1]))
    return [
        Figure("gate_threshold", threshold, "V", 1.0, 2.5, "where the pin passes 1.65 V"),
        Figure("gate_low_level", at_five, "V", None, 0.4, "pin with 5 V at the jack"),
        Figure("gate_delay_on_us", float(on) * 1e6, "us", None, 50.0, "5 V step"),
        Figure("gate_delay_off_us", float(off) * 1e6, "us", None, 50.0, "5 V step"),
        Figure("gate_base_at_minus_20_v", float(sweep[0, 2]), "V", -6.0, None, "the transistor bears 6 V in reverse"),
        Figure("gate_pin_lowest", float(sweep[:, 1].min()), "V", absolute[0], None, "±20 V"),
        Figure("gate_pin_highest", float(sweep[:, 1].max()), "V", None, absolute[1], "±20 V"),
    ]
