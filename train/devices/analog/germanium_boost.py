"""The germanium treble booster: one leaky transistor, driven through a small capacitor."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gritspace.train.devices.analog.transistor import GERMANIUM, Stage
from gritspace.train.devices.circuit import Circuit, Floats, by_setting, logarithmic
from gritspace.train.devices.netlist import Netlist, filtered

STAGE = Stage(GERMANIUM, 9.0, 6.8e3, 10e3, upper_ohms=470e3, lower_ohms=68e3, emitter_ohms=3.9e3)
LARGEST_VOLTS, CURVE_POINTS = 6.0, 1501


class GermaniumBoost(Circuit):
    """Part values of the Dallas Rangemaster as published by ElectroSmash ("Dallas Rangemaster analysis").

    An OC44 with 470 kOhm and 68 kOhm at its base, 3.9 kOhm bypassed at its emitter, 10 kOhm at its collector; the 6.8
    kOhm of a pickup before it. The capacitor at the input is the "range" switch that many makers put there.
    """

    name, knobs = "germanium_boost", ("boost", "range")
    volts_in = 0.7
    volts_out = 4.0

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """boost: 36 dB of travel before the transistor; range: 100 nF, all of it, to 5 nF, treble only."""
        boost, treble = settings.T
        driven = volts * logarithmic(0.05, 3.0, boost)[:, None]
        coupled = by_setting(driven, treble, lambda stage, knob: filtered(stage, coupling(knob), rate))
        return filtered(-np.interp(coupled, *curve()), out(), rate)


@lru_cache(maxsize=1)
def curve() -> tuple[Floats, Floats]:
    """Volts in and out, (CURVE_POINTS,) each, densest around 0."""
    volts = LARGEST_VOLTS * np.sinh(np.linspace(-6, 6, CURVE_POINTS)) / np.sinh(6)
    return volts, STAGE.curve(volts)


def coupling(treble: float) -> tuple[Floats, Floats]:
    """The input's capacitor into the stage's 12 kOhm or so."""
    farads = float(logarithmic(100e-9, 5e-9, treble))
    return Netlist().capacitor("in", "out", farads).resistor("out", "gnd", 12e3).transfer("out")


def out() -> tuple[Floats, Floats]:
    """10 nF into a 500 kOhm input behind 10 kOhm, and 470 pF of cable."""
    return (
        Netlist()
        .resistor("in", "a", 10e3)
        .capacitor("a", "out", 10e-9)
        .resistor("out", "gnd", 500e3)
        .capacitor("out", "gnd", 470e-12)
        .transfer("out")
    )
