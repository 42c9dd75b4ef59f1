"""A fuzz of two transistor stages, the second of which can be starved until it sputters."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gritspace.train.devices.analog.transistor import SILICON_NPN, Stage
from gritspace.train.devices.circuit import Circuit, Floats, by_setting, logarithmic
from gritspace.train.devices.netlist import Netlist, filtered

SUPPLY_VOLTS = 9.0
LARGEST_VOLTS = 9.0
CURVE_POINTS = 1501


class TransistorFuzz(Circuit):
    """Two common-emitter stages with a resistor from collector to base, as in two-transistor fuzzes of the 1960s.

    First stage: 33 kOhm in, 470 kOhm back, 10 kOhm collector; second: 22 kOhm in, 10 kOhm collector, and 470 kOhm back
    together with up to 4.7 MOhm, which starves its base. 100 nF between them, 22 nF behind, 1 nF over the output.
    """

    name, knobs = "transistor_fuzz", ("fuzz", "bias")
    volts_in = 0.7
    volts_out = 4.0

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """fuzz: 40 dB of travel before the first stage; bias: the second stage's, from the middle to nearly cut off."""
        fuzz, bias = settings.T
        driven = volts * logarithmic(0.03, 3.0, fuzz)[:, None]
        once = np.interp(filtered(driven, coupling(), rate), *curve(first_stage()))
        coupled = filtered(once, coupling(), rate)
        return filtered(
            by_setting(coupled, bias, lambda v, knob: np.interp(v, *curve(second_stage(knob)))), out(), rate
        )


def first_stage() -> Stage:
    """Always the same."""
    return Stage(SILICON_NPN, SUPPLY_VOLTS, 33e3, 10e3, feedback_ohms=470e3)


def second_stage(bias: float) -> Stage:
    """The collector rests at 3 V with bias at 0, and at 7.5 V with bias at 1."""
    return Stage(SILICON_NPN, SUPPLY_VOLTS, 22e3, 10e3, feedback_ohms=float(logarithmic(470e3, 10e6, bias)))


@lru_cache(maxsize=256)
def curve(stage: Stage) -> tuple[Floats, Floats]:
    """Volts in and out, (CURVE_POINTS,) each, densest around 0."""
    volts = LARGEST_VOLTS * np.sinh(np.linspace(-6, 6, CURVE_POINTS)) / np.sinh(6)
    return volts, stage.curve(volts)


def coupling() -> tuple[Floats, Floats]:
    """100 nF into about 30 kOhm."""
    return Netlist().capacitor("in", "out", 100e-9).resistor("out", "gnd", 30e3).transfer("out")


def out() -> tuple[Floats, Floats]:
    """22 nF, 10 kOhm and 1 nF, and the 100 kOhm of the volume pot."""
    return (
        Netlist()
        .capacitor("in", "a", 22e-9)
        .resistor("a", "out", 10e3)
        .capacitor("out", "gnd", 1e-9)
        .resistor("out", "gnd", 100e3)
        .transfer("out")
    )
