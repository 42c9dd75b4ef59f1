"""A small push-pull valve stage whose supply sags when it is driven."""

from __future__ import annotations

from functools import cache

import numpy as np

from gritspace.train.devices.analog.triode import ECC82
from gritspace.train.devices.circuit import Circuit, Floats, logarithmic
from gritspace.train.devices.netlist import Netlist, filtered

SUPPLY_VOLTS, PLATE_OHMS, GRID_OHMS = 300.0, 12e3, 47e3
BIAS_VOLTS = -11.0
BALANCE = 0.8
"""Of the phase splitter's second output, over its first."""
RESERVOIR_FARADS = 8e-6
LARGEST_VOLTS, GRID_POINTS, SUPPLY_POINTS = 120.0, 1601, 48
LOWEST_SUPPLY_VOLTS = 60.0
BLOCK_SECONDS = 0.5e-3


class TubeSag(Circuit):
    """Both triodes of an ECC82, cold biased, driven in opposite phase through grid stoppers, from one reservoir.

    Each plate has 12 kOhm to the supply, and the output is the difference. The supply is 300 V behind 500 Ohm to 40
    kOhm with 8 uF: C dB/dt = (300 - B) / R - I1 - I2. Cold tubes draw more the louder they play, so B falls with level
    and comes back within a tenth of a second. Solved every half millisecond, in which B barely moves.
    """

    name, knobs = "tube_sag", ("drive", "sag")
    volts_in = 4.0
    volts_out = 160.0

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """drive: 1 to 60 times before the grids; sag: the supply's resistance."""
        drive, sag = settings.T
        driven = filtered(volts * logarithmic(1.0, 60.0, drive)[:, None], coupling(), rate)
        ohms = logarithmic(500.0, 40e3, sag)
        return filtered(push_pull(driven, ohms, rate), transformer(), rate)


def push_pull(driven: Floats, supply_ohms: Floats, rate: float) -> Floats:
    """Difference of the plates, in volts: driven (batch, frames), supply_ohms (batch,) -> (batch, frames)."""
    supply = resting_supply(supply_ohms)
    out = np.empty_like(driven)
    block = max(1, round(BLOCK_SECONDS * rate))
    for start in range(0, driven.shape[1], block):
        v = driven[:, start : start + block]
        one, other = plate(v, supply), plate(-BALANCE * v, supply)
        out[:, start : start + block] = other - one
        amperes = ((2 * supply[:, None] - one - other) / PLATE_OHMS).mean(1)
        # towards where this current would leave it, exactly
        settled = SUPPLY_VOLTS - supply_ohms * amperes
        supply = settled + (supply - settled) * np.exp(-v.shape[1] / rate / (supply_ohms * RESERVOIR_FARADS))
        supply = np.clip(supply, LOWEST_SUPPLY_VOLTS, SUPPLY_VOLTS)
    return out


def resting_supply(supply_ohms: Floats) -> Floats:
    """The reservoir's volts with nothing played, (batch,)."""
    low, high = np.full(len(supply_ohms), LOWEST_SUPPLY_VOLTS), np.full(len(supply_ohms), SUPPLY_VOLTS)
    nothing = np.zeros((len(supply_ohms), 1))
    for _ in range(50):
        supply = (low + high) / 2
        amperes = 2 * (supply - plate(nothing, supply)[:, 0]) / PLATE_OHMS
        above = SUPPLY_VOLTS - supply_ohms * amperes > supply
        low, high = np.where(above, supply, low), np.where(above, high, supply)
    return (low + high) / 2


@cache
def plate_table() -> Floats:
    """Plate volts by supply (SUPPLY_POINTS,) and drive (GRID_POINTS,) at the grids' source."""
    supply = np.linspace(LOWEST_SUPPLY_VOLTS, SUPPLY_VOLTS, SUPPLY_POINTS)[:, None]
    source = np.linspace(-LARGEST_VOLTS, LARGEST_VOLTS, GRID_POINTS)[None] + BIAS_VOLTS
    return ECC82.plate_volts(supply, ECC82.grid_volts(source, GRID_OHMS), PLATE_OHMS)


def plate(volts: Floats, supply: Floats) -> Floats:
    """Plate volts for drives (batch, frames) at supplies (batch,): linear in a table of both."""
    table = plate_table()
    x = np.clip((volts + LARGEST_VOLTS) * ((GRID_POINTS - 1) / (2 * LARGEST_VOLTS)), 0, GRID_POINTS - 1.001)
    scale = (SUPPLY_POINTS - 1) / (SUPPLY_VOLTS - LOWEST_SUPPLY_VOLTS)
    y = np.clip((supply - LOWEST_SUPPLY_VOLTS) * scale, 0, SUPPLY_POINTS - 1.001)
    i, j = x.astype(int), y.astype(int)
    within = (y - j)[:, None]
    rows = table[j] * (1 - within) + table[j + 1] * within  # (batch, GRID_POINTS) at each one's supply
    lower = np.take_along_axis(rows, i, axis=1)
    return np.asarray(lower + (x - i) * (np.take_along_axis(rows, i + 1, axis=1) - lower))


def coupling() -> tuple[Floats, Floats]:
    """22 nF into 470 kOhm: 15 Hz."""
    return Netlist().capacitor("in", "out", 22e-9).resistor("out", "gnd", 470e3).transfer("out")


def transformer() -> tuple[Floats, Floats]:
    """About 40 Hz to 9 kHz, as a small output transformer passes on."""
    return (
        Netlist()
        .capacitor("in", "a", 1e-6)
        .resistor("a", "gnd", 4e3)
        .resistor("a", "out", 100e3)
        .capacitor("out", "gnd", 180e-12)
        .transfer("out")
    )
