"""The button and the two LEDs: red 2.0 V and green 2.1 V behind 560 ohm take about 2.2 mA from a 3.3 V pin.

The button pulls its pin low against 10 k; 100 nF with it take the worst of the bounce, the firmware the rest.
"""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..circuit import Circuit

LED_OHM = "560"
PULL_UP_OHM = "10k"
DEBOUNCE_FARAD = "100n"


def build(circuit: Circuit, panel: PanelMap) -> None:
    """Places the LEDs and the button."""
    for index, led in enumerate(panel.of_kind("led")):
        base = 701 + 10 * index
        name = f"LED_{led.name.upper()}"
        red, green = led.pins
        circuit.resistor(f"R{base}", LED_OHM, f"SEED_{red}", f"{name}_RED")
        circuit.resistor(f"R{base + 1}", LED_OHM, f"SEED_{green}", f"{name}_GREEN")
        circuit.part(f"D{base}", "led", name, {"1": f"{name}_RED", "2": "GND", "3": f"{name}_GREEN"})
    (button,) = panel.of_kind("button")
    circuit.part("SW701", "button", "BUTTON", {"1": f"SEED_{button.pins[0]}", "2": "GND"})
    circuit.resistor("R721", PULL_UP_OHM, "3V3_D", f"SEED_{button.pins[0]}")
    circuit.capacitor("C721", DEBOUNCE_FARAD, f"SEED_{button.pins[0]}", "GND")
