"""The RAT: a slow op-amp at up to 67 dB, diodes to ground, and a low-pass that turns the wrong way."""

from __future__ import annotations

import numpy as np

from gritspace.train.devices.circuit import Circuit, Floats, by_setting
from gritspace.train.devices.diodes import SILICON, clamped
from gritspace.train.devices.netlist import CIRCLE_RAD_PER_S, Netlist, filtered

GAIN_BANDWIDTH_HZ = 1e6
SUPPLY_VOLTS = 4.5
CLIPPER_OHMS = 1000.0


class Rat(Circuit):
    """Gain stage of an LM308 with its finite gain-bandwidth product, the supply's clipping, the diodes, the filter.

    Part values of the 1980s' ProCo RAT as published by ElectroSmash ("ProCo RAT analysis"). The filter pot's load on
    the diodes (at least 1.5 kOhm, over 3.3 nF) and the op-amp's slew limit are left out.
    """

    name, knobs = "rat", ("distortion", "filter")
    volts_in = 0.5

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """distortion: the gain pot, taken as logarithmic; filter: 475 Hz at 1 up to 32 kHz at 0, as on the pedal."""
        distortion, tone = settings.T
        amplified = by_setting(volts, distortion, lambda stage, knob: filtered(stage, gain_stage(knob), rate))
        limited = np.clip(amplified, -SUPPLY_VOLTS, SUPPLY_VOLTS)
        at_diodes = np.interp(limited, *_clamp_table())
        return by_setting(at_diodes, tone, lambda stage, knob: filtered(stage, filter_stage(knob), rate))


def gain_stage(knob: float) -> tuple[Floats, Floats]:
    """Non-inverting: 100 kOhm pot and 100 pF over 47 Ohm + 2.2 uF beside 560 Ohm + 4.7 uF.

    With an ideal op-amp the gain is G = n/d; with one of gain w/s it is 1 / (d/n + s/w).
    """
    ohms = 100e3 * knob * knob + 100.0
    n, d = (
        Netlist()
        .opamp("in", "minus", "out")
        .resistor("out", "minus", ohms)
        .capacitor("out", "minus", 100e-12)
        .resistor("minus", "a", 47.0)
        .capacitor("a", "gnd", 2.2e-6)
        .resistor("minus", "b", 560.0)
        .capacitor("b", "gnd", 4.7e-6)
        .transfer("out")
    )
    integrator = np.array([CIRCLE_RAD_PER_S / (2 * np.pi * GAIN_BANDWIDTH_HZ), 0.0])
    return n, np.polyadd(d, np.polymul(integrator, n))


def filter_stage(knob: float) -> tuple[Floats, Floats]:
    """1.5 kOhm and the 100 kOhm pot into 3.3 nF."""
    return Netlist().resistor("in", "out", 1500.0 + 100e3 * knob * knob).capacitor("out", "gnd", 3.3e-9).transfer("out")


def _clamp_table() -> tuple[Floats, Floats]:
    volts = SUPPLY_VOLTS * np.linspace(-1, 1, 20001)
    return volts, clamped(volts, CLIPPER_OHMS, SILICON)
