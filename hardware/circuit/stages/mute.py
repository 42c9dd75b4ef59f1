"""Mute: the outputs are shorted until the firmware raises the UNMUTE pin, and whenever a supply fails.

The gates of the output clamps hang on 22 k to what +12 V once was (a diode and 1 uF hold it while the rail dies), so
muted is what happens by itself. UNMUTE high opens Q903, which opens Q901, whose half a milliampere opens Q902, which
pulls the gates to -12 V. A reset lets the pin go: muted within microseconds. Each rail feeds the chain through a Zener
diode of 8.2 V: below 8 to 10 V, long before an op-amp or the Seed feels it, the current stops: muted. 100 pF from
Q902's collector to its base let the gates move by some 3 V in a microsecond: faster, and what their capacitance couples
into the outputs would be a click of its own.
"""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..circuit import Circuit

PULL_DOWN_OHM = "10k"
PIN_OHM = "10k"
DRIVE_OHM = "4.7k"
CURRENT_OHM = "10k"
BASE_OHM = "2.2k"
GATE_OHM = "22k"
HOLD_FARAD = "1u"
RAMP_FARAD = "100p"


def build(circuit: Circuit, panel: PanelMap) -> None:
    """Places the driver of the output clamps."""
    pin = f"SEED_{panel.unmute_pin}"
    circuit.resistor("R901", PULL_DOWN_OHM, pin, "GND")
    circuit.resistor("R902", PIN_OHM, pin, "MUTE_PIN")
    circuit.part("Q903", "npn", "MMBT3904", {"1": "MUTE_PIN", "2": "GND", "3": "MUTE_DRIVE"})
    circuit.resistor("R903", DRIVE_OHM, "MUTE_DRIVE", "MUTE_PNP")
    circuit.part("D903", "zener_8v2", "8.2V", {"1": "+12V_PROT", "2": "MUTE_PLUS"})
    circuit.resistor("R904", BASE_OHM, "MUTE_PLUS", "MUTE_PNP")
    circuit.part("Q901", "pnp", "MMBT3906", {"1": "MUTE_PNP", "2": "MUTE_PLUS", "3": "MUTE_CURRENT"})
    circuit.resistor("R905", CURRENT_OHM, "MUTE_CURRENT", "MUTE_MINUS")
    circuit.part("D901", "zener_8v2", "8.2V", {"1": "MUTE_MINUS", "2": "MUTE_BASE"})
    circuit.resistor("R906", BASE_OHM, "MUTE_BASE", "-12V")
    circuit.part("Q902", "npn", "MMBT3904", {"1": "MUTE_BASE", "2": "-12V", "3": "MUTE_GATE"})
    circuit.capacitor("C902", RAMP_FARAD, "MUTE_GATE", "MUTE_BASE")
    circuit.part("D902", "signal_diode", "1N4148W", {"1": "MUTE_HOLD", "2": "+12V_PROT"})
    circuit.capacitor("C901", HOLD_FARAD, "MUTE_HOLD", "GND")
    circuit.resistor("R907", GATE_OHM, "MUTE_HOLD", "MUTE_GATE")
    circuit.test_point("TP901", "MUTE_GATE", "MUTE")
