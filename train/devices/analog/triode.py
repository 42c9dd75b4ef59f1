"""Triodes by Koren's equations, with the current that a positive grid draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HALVINGS = 50


@dataclass(frozen=True)
class Triode:
    """Koren's parameters: amplification, exponent, and Kg1, Kp, Kvb; grid_ohms: of a grid above its cathode.

    Source: Koren, "Improved vacuum tube models for SPICE simulations", Glass Audio 8(5), 1996.
    """

    amplification: float
    exponent: float
    kg1: float
    kp: float
    kvb: float
    grid_ohms: float = 2e3

    def plate_amperes(self, plate: Floats, grid: Floats) -> Floats:
        """Of voltages above the cathode, any shapes that go together."""
        across = np.maximum(plate, 0.0)
        inner = self.kp * (1 / self.amplification + grid / np.sqrt(self.kvb + across**2))
        driving = across / self.kp * np.logaddexp(0.0, inner)
        return np.asarray(2 * driving**self.exponent / self.kg1)

    def plate_volts(self, supply: Floats, grid: Floats, ohms: float) -> Floats:
        """Behind a resistor from the supply: (supply - v) / ohms = plate current, by halving."""
        supply, grid = np.broadcast_arrays(supply, grid)
        low, high = np.zeros(supply.shape), supply.copy()
        for _ in range(HALVINGS):
            v = (low + high) / 2
            above = (supply - v) / ohms > self.plate_amperes(v, grid)
            low, high = np.where(above, v, low), np.where(above, high, v)
        return (low + high) / 2

    def grid_volts(self, source: Floats, ohms: float) -> Floats:
        """Behind a resistor: what is above the cathode is divided."""
        return np.asarray(np.minimum(source, source * self.grid_ohms / (self.grid_ohms + ohms)))


ECC82 = Triode(21.5, 1.3, 1180.0, 84.0, 300.0)
"""12AU7, Koren's own values."""
