"""An op-amp overdrive of the whole range, with a tone stack that takes the middle out."""

from __future__ import annotations

import numpy as np

from gritspace.train.devices.circuit import Circuit, Floats, by_setting, logarithmic
from gritspace.train.devices.diodes import SILICON, clipped
from gritspace.train.devices.netlist import Netlist, filtered

SHUNT_OHMS, FEEDBACK_FARADS = 2200.0, 100e-12
SUPPLY_VOLTS = 4.5
MAKE_UP = 12.0


class FullDrive(Circuit):
    """Diodes in the op-amp's feedback at up to 1 MOhm over 2.2 kOhm, from 30 Hz up; a second op-amp to its rails; the
    tone stack of British amplifiers with its middle pot.

    Values of the stack: 470 pF, 22 nF, 22 nF, 33 kOhm, 250 kOhm, 1 MOhm, 25 kOhm (Yeh and Smith, "Discretization of the
    '59 Fender Bassman tone stack", DAFx-06, has its equations), treble at 0.7, bass at 0.7.
    """

    name, knobs = "full_drive", ("drive", "scoop")
    volts_in = 1.0
    volts_out = 4.0

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """drive: the feedback pot, logarithmic; scoop: the middle pot, up at 0, down at 1."""
        drive, scoop = settings.T
        coupled = filtered(volts, coupling(), rate)
        siemens = 1 / logarithmic(4.7e3, 1e6, drive)
        stage = coupled + clipped(coupled / SHUNT_OHMS, siemens, FEEDBACK_FARADS, SILICON, rate)
        limited = np.clip(3.0 * stage, -SUPPLY_VOLTS, SUPPLY_VOLTS)
        return by_setting(limited, scoop, lambda v, knob: MAKE_UP / 4 * filtered(v, tone_stack(1 - knob), rate))


def coupling() -> tuple[Floats, Floats]:
    """1 uF into 4.7 kOhm: 34 Hz."""
    return Netlist().capacitor("in", "out", 1e-6).resistor("out", "gnd", 4.7e3).transfer("out")


def tone_stack(middle: float, treble: float = 0.7, bass: float = 0.7) -> tuple[Floats, Floats]:
    """Pots from 0 to 1, their tracks' ends keeping 50 Ohm."""
    return (
        Netlist()
        .capacitor("in", "top", 470e-12)
        .resistor("top", "out", 250e3 * (1 - treble) + 50.0)
        .resistor("out", "low", 250e3 * treble + 50.0)
        .resistor("in", "slope", 33e3)
        .capacitor("slope", "low", 22e-9)
        .capacitor("slope", "mid", 22e-9)
        .resistor("low", "mid", 1e6 * bass * bass + 50.0)
        .resistor("mid", "gnd", 25e3 * middle + 50.0)
        .resistor("out", "gnd", 1e6)
        .transfer("out")
    )
