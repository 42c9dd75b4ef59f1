"""The Daisy Seed in two 20-way sockets: left strip pins 1 to 20, right strip 21 to 40, as module.toml maps them.

Analog and digital ground meet on this board, under the Seed (its data sheet asks for it). USB is the Seed's own socket.
"""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..circuit import Circuit

_SUPPLIES = {"AGND": "GND", "DGND": "GND", "3V3_A": "3V3_A", "3V3_D": "3V3_D", "VIN": "+5V"}


def build(circuit: Circuit, panel: PanelMap) -> None:
    """Places the two sockets; Seed pins that no control uses stay open."""
    used = {pin for control in panel.controls for pin in control.pins}
    nets: dict[int, str | None] = {}
    for name, (number, _) in panel.seed_pins.items():
        nets[number] = _SUPPLIES.get(name, f"SEED_{name}" if name in used else None)
    for ref, first in (("J801", 1), ("J802", 21)):
        circuit.part(
            ref,
            "socket_20",
            f"Daisy Seed {first}..{first + 19}",
            {str(pin - first + 1): nets[pin] for pin in range(first, first + 20)},
        )
    circuit.capacitor("C801", "100n", "3V3_A", "GND")
    circuit.capacitor("C802", "100n", "+5V", "GND")
