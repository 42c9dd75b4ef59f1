"""Audio in: 10 Vpp at the jack to 0.94 Vpp at the Seed, and an anti-alias filter, in one op-amp.

A multiple-feedback low-pass (Texas Instruments SLOA049, "Active low-pass filter design"): gain -R2/R1, corner 1 / (2 pi
sqrt(R2 R3 C1 C2)) = 72 kHz. Loud modules give 20 Vpp: the smallest full scale of the Seed's codecs (1.98 Vpp) is met at
21 Vpp. The Seed's codecs sample at 64 times the rate, so what folds lies round 3.07 MHz; two poles at 72 kHz are
enough. The Seed couples its inputs with capacitors of its own, so none stands here. 680 ohm at the output keep what a
20 V accident drives into the codec's clamps below 10 mA. What reaches the jack as a spark ends in its own suppressor.
"""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..circuit import Circuit
from ..quantities import parse

INPUT_OHM = "100k"  # R1
FEEDBACK_OHM = "10k"  # R2
SUMMING_OHM = "10k"  # R3
GROUND_FARAD = "330p"  # C1
FEEDBACK_FARAD = "150p"  # C2
SEED_OHM = "680"

_UNITS = (("1", "2", "3"), ("7", "6", "5"))  # output, inverting, other


def nominal_gain() -> float:
    """Volts at the Seed per volt at the jack (negative), into a codec that draws nothing."""
    return -parse(FEEDBACK_OHM) / parse(INPUT_OHM)


def build(circuit: Circuit, panel: PanelMap) -> None:
    """Places the two input channels; the right jack is normalled to the left, so one cable feeds both."""
    pins: dict[str, str | None] = {"8": "+12V", "4": "-12V"}
    for index, audio in enumerate(panel.of_kind("audio_in")):
        name = audio.name.upper()
        base = 510 + 10 * index
        circuit.jack(f"J{base}", name, f"{name}_JACK", "GND" if index == 0 else "IN_L_JACK")
        circuit.suppressor(f"D{base}", f"{name}_JACK")
        circuit.resistor(f"R{base}", INPUT_OHM, f"{name}_JACK", f"{name}_NODE")
        circuit.resistor(f"R{base + 1}", FEEDBACK_OHM, f"{name}_NODE", f"{name}_AMP")
        circuit.resistor(f"R{base + 2}", SUMMING_OHM, f"{name}_NODE", f"{name}_SUM")
        circuit.capacitor(f"C{base}", GROUND_FARAD, f"{name}_NODE", "GND")
        circuit.capacitor(f"C{base + 1}", FEEDBACK_FARAD, f"{name}_SUM", f"{name}_AMP")
        circuit.resistor(f"R{base + 3}", SEED_OHM, f"{name}_AMP", f"SEED_{audio.pins[0]}")
        output, inverting, other = _UNITS[index]
        pins |= {output: f"{name}_AMP", inverting: f"{name}_SUM", other: "GND"}
    circuit.part("U501", "audio_op_amp", "OPA1678", pins)
    circuit.capacitor("C501", "100n", "+12V", "GND")
    circuit.capacitor("C502", "100n", "-12V", "GND")
