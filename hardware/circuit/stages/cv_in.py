"""CV in: -5..+5 V at the jack to 3.2..0.2 V at the converter, offset by a -2.5 V reference.

An inverting summer (Horowitz & Hill, The Art of Electronics, ch. 4): pin = -Rf/Rin * jack + Rf/Rref * 2.5 V. The jack
sees 100 k into a virtual ground; its current, 0.2 mA at 20 V, is a tenth of what the MCP6004's input clamps bear (2
mA). The op-amp lives on the Seed's own 3V3_A, so its output cannot leave the converter's range whatever the jack
does. Rf and Cf make the bandwidth (first order); 1 k and 10 nF at the pin feed the converter's sampling capacitor.
The Schottky pair at the pin matters while the module is off: then the op-amp no longer holds the node, and the clamps
of its inputs pass half a volt of either sign. It stands behind the 1 k, where its leakage costs a fraction of a
millivolt, and not at the summing node, where its temperature-dependent conductance would amplify the op-amp's offset.
"""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..circuit import Circuit
from ..quantities import parse

INPUT_OHM = "100k"
FEEDBACK_OHM = "30.1k"
OFFSET_OHM = "45.3k"
FEEDBACK_FARAD = "3.3n"
PIN_OHM = "1k"
PIN_FARAD = "10n"
REFERENCE_VOLTS = 2.5
REFERENCE_SERIES_OHM = "4.7k"

_UNITS = (("1", "2", "3"), ("7", "6", "5"), ("8", "9", "10"), ("14", "13", "12"))  # output, inverting, other


def nominal_gain() -> float:
    """Volts at the pin per volt at the jack (negative)."""
    return -parse(FEEDBACK_OHM) / parse(INPUT_OHM)


def nominal_offset_volts() -> float:
    """Volts at the pin with the jack at 0 V."""
    return REFERENCE_VOLTS * parse(FEEDBACK_OHM) / parse(OFFSET_OHM)


def build(circuit: Circuit, panel: PanelMap) -> None:
    """Places the reference and the four inputs."""
    circuit.resistor("R201", REFERENCE_SERIES_OHM, "-12V", "VREF_N2V5")
    circuit.part("D201", "reference_2v5", "2.5V", {"1": "GND", "2": "VREF_N2V5"})
    circuit.capacitor("C201", "100n", "GND", "VREF_N2V5")
    circuit.test_point("TP201", "VREF_N2V5", "-2V5")
    pins: dict[str, str | None] = {"4": "3V3_A", "11": "GND"}
    for index, cv in enumerate(panel.of_kind("cv")):
        name = f"CV_{cv.name.upper()}"
        base = 210 + 10 * index
        circuit.jack(f"J{base}", name, f"{name}_JACK")
        circuit.suppressor(f"D{base + 1}", f"{name}_JACK")
        circuit.resistor(f"R{base}", INPUT_OHM, f"{name}_JACK", f"{name}_SUM")
        circuit.resistor(f"R{base + 1}", OFFSET_OHM, "VREF_N2V5", f"{name}_SUM")
        circuit.resistor(f"R{base + 2}", FEEDBACK_OHM, f"{name}_SUM", f"{name}_AMP")
        circuit.capacitor(f"C{base}", FEEDBACK_FARAD, f"{name}_SUM", f"{name}_AMP")
        circuit.resistor(f"R{base + 3}", PIN_OHM, f"{name}_AMP", f"SEED_{cv.pins[0]}")
        circuit.capacitor(f"C{base + 1}", PIN_FARAD, f"SEED_{cv.pins[0]}", "GND")
        circuit.part(f"D{base}", "clamp_pair", "BAT54S", {"1": "GND", "2": "3V3_A", "3": f"SEED_{cv.pins[0]}"})
        output, inverting, other = _UNITS[index]
        pins |= {output: f"{name}_AMP", inverting: f"{name}_SUM", other: "GND"}
    circuit.part("U201", "cv_op_amp", "MCP6004", pins)
    circuit.capacitor("C202", "100n", "3V3_A", "GND")
