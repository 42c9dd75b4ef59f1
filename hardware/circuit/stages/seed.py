"""The Daisy Seed on one footprint of 2 x 20 pins, numbered as the Seed is: 1 to 20 down, 21 to 40 back up.

Analog and digital ground meet on this board, under the Seed (its data sheet asks for it). USB is the Seed's own socket.
"""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..circuit import Circuit

_SUPPLIES = {"AGND": "GND", "DGND": "GND", "3V3_A": "3V3_A", "3V3_D": "3V3_D", "VIN": "VIN"}


def build(circuit: Circuit, panel: PanelMap) -> None:
    """Places the Seed; pins that nothing uses stay open."""
    used = {pin for control in panel.controls for pin in control.pins} | {panel.unmute_pin}
    nets: dict[str, str | None] = {}
    for name, (number, _) in panel.seed_pins.items():
        nets[str(number)] = _SUPPLIES.get(name, f"SEED_{name}" if name in used else None)
    circuit.part("U801", "seed", "Daisy Seed", nets)
    circuit.capacitor("C801", "100n", "3V3_A", "GND")
    circuit.capacitor("C802", "100n", "VIN", "GND")
    circuit.test_point("TP801", "3V3_A")
    circuit.test_point("TP802", "3V3_D")
