"""Gate in: an NPN transistor that pulls the pin low above about 2 V at the jack.

100 k and 47 k set the threshold, 0.65 V * (1 + 100/47) = 2.0 V; the diode keeps the base from being reverse-biased (the
transistor bears 6 V) by negative voltages at the jack.
"""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..circuit import Circuit

SERIES_OHM = "100k"
BASE_OHM = "47k"
PULL_UP_OHM = "10k"
PIN_OHM = "1k"


def build(circuit: Circuit, panel: PanelMap) -> None:
    """Places the gate input."""
    (gate,) = panel.of_kind("gate")
    circuit.jack("J401", "GATE", "GATE_JACK")
    circuit.suppressor("D402", "GATE_JACK")
    circuit.resistor("R401", SERIES_OHM, "GATE_JACK", "GATE_BASE")
    circuit.resistor("R402", BASE_OHM, "GATE_BASE", "GND")
    circuit.part("D401", "signal_diode", "1N4148W", {"1": "GATE_BASE", "2": "GND"})
    circuit.part("Q401", "npn", "MMBT3904", {"1": "GATE_BASE", "2": "GND", "3": "GATE_COLLECTOR"})
    circuit.resistor("R403", PULL_UP_OHM, "3V3_D", "GATE_COLLECTOR")
    circuit.resistor("R404", PIN_OHM, "GATE_COLLECTOR", f"SEED_{gate.pins[0]}")
