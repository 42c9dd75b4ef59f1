"""The Buchla 259's wavefolder: five folding cells in parallel, summed with the input."""

from __future__ import annotations

import numpy as np

from gritspace.train.devices.circuit import Circuit, Floats, logarithmic
from gritspace.train.devices.netlist import Netlist, filtered

SUPPLY_VOLTS = 6.0
CELL_OHMS = (
    (10e3, 100e3, 100e3),
    (49.9e3, 100e3, 43.2e3),
    (91e3, 100e3, 56e3),
    (30e3, 100e3, 68e3),
    (68e3, 100e3, 33e3),
)
"""Per cell: input to the op-amp, its feedback, and its output to the summing amplifier."""
CELL_SIGNS = (-1, -1, -1, 1, 1)
STRAIGHT_OHMS, FEEDBACK_OHMS, FEEDBACK_FARADS = 240e3, 1.2e6, 100e-12
DRIVER_VOLTS = 12.0
"""What comes before the folder clips here, at the rack's supply."""


class BuchlaFolder(Circuit):
    """The timbre circuit of the 259 "Complex Wave Generator".

    Source: Esqueda, Pontynen, Valimaki and Parker, "Virtual analog Buchla 259 wavefolder", DAFx-17, section 2. Symmetry
    adds a voltage before the folder, and a capacitor takes the direct voltage out again.
    """

    name, knobs = "buchla_folder", ("fold", "symmetry")
    volts_in = 5.0
    volts_out = 5.0

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """fold: 0.15 to 1.2 times the input; symmetry: 0 to 2 V beside it."""
        fold, symmetry = settings.T
        driven = volts * logarithmic(0.15, 1.2, fold)[:, None] + 2.0 * symmetry[:, None]
        driven = np.clip(driven, -DRIVER_VOLTS, DRIVER_VOLTS)
        folded = folder(driven) - folder(2.0 * symmetry)[:, None]
        return filtered(filtered(folded, output_filter(), rate), blocking(), rate)


def cell_slope_and_threshold(cell: int) -> tuple[float, float]:
    """A cell's gain above its threshold, and the threshold in volts: the op-amp saturates below it."""
    first, second, third = CELL_OHMS[cell]
    slope = second * third / (first * third + second * third + first * second)
    return slope, first / second * SUPPLY_VOLTS


def folder(volts: Floats) -> Floats:
    """The cells' sum, memoryless, any shape."""
    out = volts * (FEEDBACK_OHMS / STRAIGHT_OHMS)
    size = np.abs(volts)
    total = np.zeros_like(size)
    for cell, sign in enumerate(CELL_SIGNS):
        slope, threshold = cell_slope_and_threshold(cell)
        total += sign * FEEDBACK_OHMS / CELL_OHMS[cell][2] * slope * np.maximum(size - threshold, 0)
    return out + np.sign(volts) * total


def output_filter() -> tuple[Floats, Floats]:
    """The summing amplifier's 100 pF over 1.2 MOhm: 1.3 kHz."""
    return Netlist().resistor("in", "out", FEEDBACK_OHMS).capacitor("out", "gnd", FEEDBACK_FARADS).transfer("out")


def blocking() -> tuple[Floats, Floats]:
    """1 uF into 100 kOhm: 1.6 Hz."""
    return Netlist().capacitor("in", "out", 1e-6).resistor("out", "gnd", 100e3).transfer("out")
