"""The Big Muff: two clipping stages in a row, and a tone control that scoops the middle."""

from __future__ import annotations

import numpy as np

from gritspace.train.devices.circuit import Circuit, Floats, by_setting, logarithmic
from gritspace.train.devices.diodes import SILICON, clipped
from gritspace.train.devices.netlist import Netlist, filtered

STAGE_OHMS, FEEDBACK_OHMS, FEEDBACK_FARADS = 10e3, 470e3, 470e-12
BOOSTER_GAIN = 8.0


class BigMuff(Circuit):
    """Booster, two inverting stages with diodes, 470 pF and 470 kOhm in the feedback, and the passive tone control.

    Part values of the Ram's Head as published by ElectroSmash ("Big Muff Pi analysis"). The transistor stages are taken
    as ideal inverting amplifiers, and the diodes' 1 uF series capacitor as a short.
    """

    name, knobs = "big_muff", ("sustain", "tone")
    volts_in = 0.5

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """sustain: 50 dB of travel before the first clipping stage; tone: dark at 0, bright at 1."""
        sustain, tone = settings.T
        driven = volts * (BOOSTER_GAIN * logarithmic(1 / 300, 1.0, sustain))[:, None]
        once = self._stage(driven, rate)
        return by_setting(self._stage(once, rate), tone, lambda stage, knob: filtered(stage, tone_stage(knob), rate))

    def _stage(self, volts: Floats, rate: float) -> Floats:
        coupled = filtered(volts, coupling(), rate)
        siemens = np.full(len(volts), 1 / FEEDBACK_OHMS)
        return -clipped(coupled / STAGE_OHMS, siemens, FEEDBACK_FARADS, SILICON, rate)


def coupling() -> tuple[Floats, Floats]:
    """100 nF into the stage's 10 kOhm, whose voltage this is."""
    return Netlist().capacitor("in", "out", 100e-9).resistor("out", "gnd", STAGE_OHMS).transfer("out")


def tone_stage(knob: float) -> tuple[Floats, Floats]:
    """A low-pass (39 kOhm, 10 nF) and a high-pass (4 nF, 22 kOhm), a 100 kOhm pot between them, 100 kOhm after it."""
    return (
        Netlist()
        .resistor("in", "low", 39e3)
        .capacitor("low", "gnd", 10e-9)
        .capacitor("in", "high", 4e-9)
        .resistor("high", "gnd", 22e3)
        .resistor("low", "out", 100e3 * knob + 50.0)
        .resistor("high", "out", 100e3 * (1 - knob) + 50.0)
        .resistor("out", "gnd", 100e3)
        .transfer("out")
    )
