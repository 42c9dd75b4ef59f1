"""The diode clipper: a gain stage, a resistor, and two diodes beside a capacitor."""

from __future__ import annotations

import numpy as np

from gritspace.train.devices.circuit import Circuit, Floats, by_setting, logarithmic
from gritspace.train.devices.diodes import SILICON, clipped
from gritspace.train.devices.netlist import Netlist, filtered

OHMS, FARADS = 2200.0, 10e-9


class DiodeClipper(Circuit):
    """dv/dt = (u - v) / RC - 2 Is/C sinh(v / Vt), R = 2.2 kOhm, C = 10 nF, then a one-pole tone control.

    Source: Yeh, Abel, Vladimirescu and Smith, "Numerical methods for simulation of guitar distortion circuits",
    Computer Music Journal 32(2), 2008, eq. 2.
    """

    name, knobs = "diode_clipper", ("drive", "tone")

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """drive: 0 to 40 dB before the clipper; tone: a low-pass from 700 Hz to 15 kHz after it."""
        drive, tone = settings.T
        driven = volts * logarithmic(1.0, 100.0, drive)[:, None] / OHMS
        at_diodes = clipped(driven, np.full(len(volts), 1 / OHMS), FARADS, SILICON, rate)

        def low_pass(stage: Floats, knob: float) -> Floats:
            farads = 1 / (2 * np.pi * 10e3 * float(logarithmic(700.0, 15000.0, knob)))
            return filtered(
                stage, Netlist().resistor("in", "out", 10e3).capacitor("out", "gnd", farads).transfer("out"), rate
            )

        return by_setting(at_diodes, tone, low_pass)
