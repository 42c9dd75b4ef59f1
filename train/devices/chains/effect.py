"""What an effect is: a name, parameters with ranges and units, and a function of audio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.train.errors import InputError

Floats = NDArray[np.float64]
Process = Callable[[Floats, Mapping[str, Floats], float], Floats]
"""audio (batch, frames) at full scale 1, each parameter (batch, 1) in its unit, the sample rate -> (batch, frames)."""

SHAPER_OVERSAMPLING = 8


@dataclass(frozen=True)
class Parameter:
    """One number of an effect, from low to high in `unit`; logarithmic: equal ratios are equal steps of a knob."""

    name: str
    low: float
    high: float
    default: float
    unit: str = ""
    logarithmic: bool = False

    def at(self, knob: Floats, low: float | None = None, high: float | None = None) -> Floats:
        """A knob in [0, 1] (any shape) -> the parameter's value, over the whole range or the given part of it."""
        low, high = self.low if low is None else low, self.high if high is None else high
        if self.logarithmic:
            return np.asarray(low * (high / low) ** knob)
        return np.asarray(low + (high - low) * knob)

    def refuse_outside(self, value: float, where: str) -> None:
        """Raises InputError if value is outside the range."""
        if not self.low <= value <= self.high:
            unit = f" {self.unit}" if self.unit else ""
            raise InputError(
                f"{where}: {self.name} is {value:g}, and must lie from {self.low:g} to {self.high:g}{unit}."
            )


@dataclass(frozen=True)
class Effect:
    """spectrum: what it does to the spectrum, in a few words. oversampling: at how many times 48 kHz it works.

    A waveshaper makes harmonics above half the sample rate, which would come back as inharmonic tones; effects whose
    point is that they alias, and linear ones, work at 1.
    """

    name: str
    parameters: tuple[Parameter, ...]
    spectrum: str
    process: Process
    oversampling: int = SHAPER_OVERSAMPLING

    def parameter(self, name: str, where: str) -> Parameter:
        """Raises InputError if the effect has no such parameter."""
        for one in self.parameters:
            if one.name == name:
                return one
        known = ", ".join(p.name for p in self.parameters) or "none"
        raise InputError(f"{where}: {self.name} has no parameter {name!r}; there are {known}.")


def decibels(db: Floats) -> Floats:
    """A level difference -> a factor of amplitude."""
    return np.asarray(10 ** (db / 20))
