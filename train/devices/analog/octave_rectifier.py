"""The octave fuzz: a phase splitter and two diodes that fold one half of the wave over the other."""

from __future__ import annotations

import numpy as np

from gritspace.train.devices.circuit import Circuit, Floats, by_setting, logarithmic
from gritspace.train.devices.diodes import SILICON, clamped
from gritspace.train.devices.netlist import Netlist, filtered

GERMANIUM_AMPERES, GERMANIUM_SLOPE_VOLTS = 2e-7, 1.3 * 25.865e-3
LOAD_OHMS = 10e3
LARGEST_VOLTS, CURVE_POINTS, HALVINGS = 12.0, 4001, 50
CLIPPER_OHMS = 2.2e3


class OctaveRectifier(Circuit):
    """A driver that clips between silicon diodes, a transformer with a tap at the middle, and two germanium diodes
    (1N34A: 2e-7 A, 1.3 times the thermal voltage) into 10 kOhm.

    The octave knob sets how much of the second half's voltage there is: at 0 one half of the wave goes through alone,
    at 1 both do, and the fundamental is gone.
    """

    name, knobs = "octave_rectifier", ("drive", "octave")
    volts_in = 1.0
    volts_out = 2.0

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """drive: 0 to 34 dB before the clipper; octave: the second half's share."""
        drive, octave = settings.T
        driven = filtered(volts * logarithmic(1.0, 50.0, drive)[:, None], coupling(), rate)
        split = 5.0 * clamped(driven, CLIPPER_OHMS, SILICON)
        folded = by_setting(split, octave, lambda v, knob: np.interp(v, *rectifier(knob)))
        return filtered(folded, out(), rate)


def rectifier(share: float) -> tuple[Floats, Floats]:
    """Volts at the winding and at the load, (CURVE_POINTS,) each.

    I(v - u) + I(-share v - u) = u / R with Shockley's I, falling in u: solved by halving.
    """
    volts = np.linspace(-LARGEST_VOLTS, LARGEST_VOLTS, CURVE_POINTS)
    low, high = np.zeros(CURVE_POINTS) - 1.0, np.abs(volts) + 1e-3
    for _ in range(HALVINGS):
        u = (low + high) / 2
        above = diode(volts - u) + diode(-share * volts - u) > u / LOAD_OHMS
        low, high = np.where(above, u, low), np.where(above, high, u)
    return volts, (low + high) / 2


def diode(volts: Floats) -> Floats:
    """Amperes; what is above 1.5 V is held there, where no solution lies."""
    return GERMANIUM_AMPERES * np.expm1(np.minimum(volts, 1.5) / GERMANIUM_SLOPE_VOLTS)


def coupling() -> tuple[Floats, Floats]:
    """100 nF into 22 kOhm: 72 Hz."""
    return Netlist().capacitor("in", "out", 100e-9).resistor("out", "gnd", 22e3).transfer("out")


def out() -> tuple[Floats, Floats]:
    """470 nF into 47 kOhm, and 4.7 kOhm with 3.3 nF before it: 7 Hz to 10 kHz."""
    return (
        Netlist()
        .resistor("in", "a", 4.7e3)
        .capacitor("a", "gnd", 3.3e-9)
        .capacitor("a", "out", 470e-9)
        .resistor("out", "gnd", 47e3)
        .transfer("out")
    )
