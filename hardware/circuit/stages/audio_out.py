"""Audio out: 0.94 Vpp from the Seed back to 10 Vpp at the jack, with the reconstruction filter in the same op-amp.

The same multiple-feedback low-pass as the input's, gain -10, corner 71 kHz. The Seed couples its outputs
with capacitors; 100 k to ground defines their far side. 1 k in series with the jack is Eurorack's custom and makes a
short, or another module's output, harmless. The two inversions, in and out, cancel: a positive jack stays positive.

Behind the 1 k two MOSFETs, source to source so that neither's body diode conducts, short the jack to ground while
MUTE_GATE is high (stage mute): 1.65 V stepping through the Seed's 10 uF would else be a thump of 11 V.
"""

from __future__ import annotations

from ...panels.panel_map import PanelMap
from ..circuit import Circuit
from ..quantities import parse

BIAS_OHM = "100k"
INPUT_OHM = "8.06k"  # R1
FEEDBACK_OHM = "80.6k"  # R2
SUMMING_OHM = "3.4k"  # R3
GROUND_FARAD = "680p"  # C1
FEEDBACK_FARAD = "27p"  # C2
JACK_OHM = "1k"

_UNITS = (("1", "2", "3"), ("7", "6", "5"))  # output, inverting, other


def nominal_gain() -> float:
    """Volts at an open jack per volt at the Seed (negative)."""
    return -parse(FEEDBACK_OHM) / parse(INPUT_OHM)


def build(circuit: Circuit, panel: PanelMap) -> None:
    """Places the two output channels."""
    pins: dict[str, str | None] = {"8": "+12V", "4": "-12V"}
    for index, audio in enumerate(panel.of_kind("audio_out")):
        name = audio.name.upper()
        base = 610 + 10 * index
        circuit.resistor(f"R{base}", BIAS_OHM, f"SEED_{audio.pins[0]}", "GND")
        circuit.resistor(f"R{base + 1}", INPUT_OHM, f"SEED_{audio.pins[0]}", f"{name}_NODE")
        circuit.resistor(f"R{base + 2}", FEEDBACK_OHM, f"{name}_NODE", f"{name}_AMP")
        circuit.resistor(f"R{base + 3}", SUMMING_OHM, f"{name}_NODE", f"{name}_SUM")
        circuit.capacitor(f"C{base}", GROUND_FARAD, f"{name}_NODE", "GND")
        circuit.capacitor(f"C{base + 1}", FEEDBACK_FARAD, f"{name}_SUM", f"{name}_AMP")
        circuit.resistor(f"R{base + 4}", JACK_OHM, f"{name}_AMP", f"{name}_JACK", "1206")
        circuit.part(f"J{base}", "jack", name, {"S": "GND", "T": f"{name}_JACK", "TN": None})
        clamp = f"{name}_CLAMP"
        circuit.part(f"Q{base}", "n_mosfet", "2N7002K", {"1": "MUTE_GATE", "2": clamp, "3": f"{name}_JACK"})
        circuit.part(f"Q{base + 1}", "n_mosfet", "2N7002K", {"1": "MUTE_GATE", "2": clamp, "3": "GND"})
        circuit.suppressor(f"D{base}", f"{name}_JACK")
        circuit.test_point(f"TP{base}", f"{name}_JACK", name.replace("_", " "))
        output, inverting, other = _UNITS[index]
        pins |= {output: f"{name}_AMP", inverting: f"{name}_SUM", other: "GND"}
    circuit.part("U601", "audio_op_amp", "OPA1678", pins)
    circuit.capacitor("C601", "100n", "+12V", "GND")
    circuit.capacitor("C602", "100n", "-12V", "GND")
