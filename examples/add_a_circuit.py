"""A circuit of your own as a device like any other: volts in, volts out, knobs from 0 to 1.

A class like this in train/devices/, with a line in circuits.py, is found by every command (CONTRIBUTING.md).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from gritspace.host_tools.audio_sources import riff
from gritspace.train.audio.audio_file import write_audio
from gritspace.train.devices.circuit import Circuit, Floats, by_setting, logarithmic
from gritspace.train.devices.netlist import Netlist, filtered


class SoftClipper(Circuit):
    """A gain stage into a tanh, and a low-pass of one resistor and one capacitor behind it."""

    name, knobs = "soft_clipper", ("drive", "tone")
    oversampling = 8  # the nonlinear part runs at 384 kHz, so that it does not alias

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """drive: gain 1 to 100; tone: the low-pass from 500 Hz to 20 kHz."""
        drive, tone = settings.T
        clipped = np.tanh(volts * logarithmic(1.0, 100.0, drive)[:, None])
        return by_setting(clipped, tone, lambda stage, knob: filtered(stage, self.low_pass(knob), rate))

    @staticmethod
    def low_pass(knob: float) -> tuple[Floats, Floats]:
        """10 nF behind a resistor: numerator and denominator in the unit circle's s (netlist.py)."""
        ohms = 1.0 / (2 * np.pi * float(logarithmic(500.0, 20e3, knob)) * 10e-9)
        return Netlist().resistor("in", "out", ohms).capacitor("out", "gnd", 10e-9).transfer("out")


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("wet", type=Path, help="the WAV file to write: four settings, one after the other")
arguments = parser.parse_args()

settings = np.array([[0.2, 0.8], [0.8, 0.8], [0.2, 0.2], [0.8, 0.2]], np.float32)
wet = SoftClipper().render(np.repeat(riff(2.0)[None], len(settings), axis=0), settings)
write_audio(arguments.wet, wet.reshape(-1))
for (drive, tone), audio in zip(settings, wet, strict=True):
    print(f"drive {drive:.1f}, tone {tone:.1f}: {20 * np.log10(np.sqrt(np.mean(audio**2))):.1f} dBFS")
