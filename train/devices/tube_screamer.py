"""The Tube Screamer: diodes in an op-amp's feedback, so that what is clipped is added to what is not."""

from __future__ import annotations

from gritspace.train.devices.circuit import Circuit, Floats, by_setting
from gritspace.train.devices.diodes import SILICON, clipped
from gritspace.train.devices.netlist import Netlist, filtered

SHUNT_OHMS, SHUNT_FARADS = 4700.0, 47e-9
FEEDBACK_OHMS, DRIVE_OHMS, FEEDBACK_FARADS = 51e3, 500e3, 51e-12
TONE_OHMS = 20e3


class TubeScreamer(Circuit):
    """TS808: the clipping stage and the tone stage, each from its parts.

    The shunt's current s C / (1 + s R C) flows into 51 pF, 51 kOhm + drive * 500 kOhm and the diodes in parallel; the
    output is the input plus the voltage across them. Source: Yeh, Abel and Smith, DAFx-07, section 5.
    """

    name, knobs = "tube_screamer", ("drive", "tone")

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """drive: the feedback pot; tone: the tone pot, bright at 1."""
        drive, tone = settings.T
        coupled = filtered(volts, coupling(), rate)
        across_shunt = filtered(coupled, shunt(), rate)  # over the resistor: its current times 4.7 kOhm
        siemens = 1 / (FEEDBACK_OHMS + DRIVE_OHMS * drive)
        clipping = coupled + clipped(across_shunt / SHUNT_OHMS, siemens, FEEDBACK_FARADS, SILICON, rate)
        return by_setting(clipping, tone, lambda stage, knob: filtered(stage, tone_stage(knob), rate))


def coupling() -> tuple[Floats, Floats]:
    """Input to the op-amp: 1 uF into 10 kOhm."""
    return Netlist().capacitor("in", "out", 1e-6).resistor("out", "gnd", 10e3).transfer("out")


def shunt() -> tuple[Floats, Floats]:
    """The op-amp's inverting input to ground: 47 nF, then 4.7 kOhm, whose voltage this is."""
    return Netlist().capacitor("in", "out", SHUNT_FARADS).resistor("out", "gnd", SHUNT_OHMS).transfer("out")


def tone_stage(knob: float) -> tuple[Floats, Floats]:
    """1 kOhm and 220 nF, then an op-amp whose two inputs the pot joins; its wiper has 220 Ohm and 220 nF to ground.

    The track's ends keep 50 Ohm each, as a real pot's do.
    """
    above, below = TONE_OHMS * knob + 50.0, TONE_OHMS * (1 - knob) + 50.0
    return (
        Netlist()
        .resistor("in", "plus", 1000.0)
        .resistor("plus", "gnd", 10e3)
        .capacitor("plus", "gnd", 220e-9)
        .resistor("plus", "wiper", above)
        .resistor("minus", "wiper", below)
        .resistor("wiper", "shunt", 220.0)
        .capacitor("shunt", "gnd", 220e-9)
        .resistor("minus", "out", 1000.0)
        .opamp("plus", "minus", "out")
        .transfer("out")
    )
