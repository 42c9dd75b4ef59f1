"""Knobs: linear 10 k potentiometers across 3V3_A, which is also the converter's reference, so a knob reads as a ratio.

At most 2.5 k of source resistance and 1 k against 100 nF: 455 Hz, and a quiet wiper for the sampling capacitor.
"""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..circuit import Circuit

WIPER_OHM = "1k"
WIPER_FARAD = "100n"


def build(circuit: Circuit, panel: PanelMap) -> None:
    """Places the seven knobs. Clockwise end (pin 3) on the supply."""
    for index, knob in enumerate(panel.of_kind("knob")):
        number = 301 + index
        wiper = f"KNOB_{knob.name.upper()}_WIPER"
        circuit.part(f"RV{number}", "potentiometer", "10k", {"1": "GND", "2": wiper, "3": "3V3_A"})
        circuit.resistor(f"R{number}", WIPER_OHM, wiper, f"SEED_{knob.pins[0]}")
        circuit.capacitor(f"C{number}", WIPER_FARAD, f"SEED_{knob.pins[0]}", "GND")
