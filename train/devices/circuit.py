"""What every simulated circuit shares: knobs, volts, oversampling."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio import oversampling
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.device import Audio, Settings, checked

Floats = NDArray[np.float64]

SECONDS_AT_ONCE = 40.0


class Circuit:
    """A device computed from its parts. A subclass says its name and knobs, and turns volts into volts."""

    kind = "circuit"
    licence = "MIT"
    name: str
    knobs: tuple[str, ...]
    volts_in: float = 1.0
    """What digital full scale is at the input jack."""
    volts_out: float = 1.0
    """What at the output jack is digital full scale."""
    oversampling: int = 8

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """volts (batch, frames) at the oversampled rate, settings (batch, knobs) -> volts (batch, frames)."""
        raise NotImplementedError

    def render(self, dry: Audio, settings: Settings) -> Audio:
        """dry (batch, frames) at 48 kHz, settings (batch, knobs) in [0, 1] -> wet (batch, frames), aligned."""
        dry, settings = checked(self, dry, settings)
        rows = max(1, int(SECONDS_AT_ONCE * SAMPLE_RATE / max(dry.shape[1], 1)))
        parts = [dry[:0]]
        for start in range(0, len(dry), rows):
            volts = oversampling.up(dry[start : start + rows].astype(np.float64) * self.volts_in, self.oversampling)
            wet = self.process(
                volts, settings[start : start + rows].astype(np.float64), float(SAMPLE_RATE * self.oversampling)
            )
            parts.append((oversampling.down(wet, self.oversampling) / self.volts_out).astype(np.float32))
        return np.concatenate(parts)


def by_setting(volts: Floats, column: Floats, stage: Callable[[Floats, float], Floats]) -> Floats:
    """A stage whose parts depend on one knob: rows with the same value go through together. volts (batch, frames)."""
    out = np.empty_like(volts)
    for value in np.unique(column):
        same = column == value
        out[same] = stage(volts[same], float(value))
    return out


def logarithmic(low: float, high: float, knob: Floats | float) -> Floats:
    """A knob's exponential travel from low at 0 to high at 1.

    >>> logarithmic(100.0, 10_000.0, np.array([0.0, 0.5, 1.0]))
    array([  100.,  1000., 10000.])
    """
    return low * (high / low) ** np.asarray(knob, dtype=np.float64)


def columns(knobs: tuple[str, ...], settings: Floats) -> Mapping[str, Floats]:
    """settings (batch, knobs) by name."""
    return {knob: settings[:, i] for i, knob in enumerate(knobs)}
