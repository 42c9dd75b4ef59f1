"""The crusher: few bits and a slow clock, as early samplers had, between two analogue filters."""

from __future__ import annotations

import numpy as np

from gritspace.train.devices.circuit import Circuit, Floats, by_setting, logarithmic

FULL_SCALE_VOLTS = 1.0
"""Of the converter, which clips there."""


class BitCrusher(Circuit):
    """A converter of 12 down to 3.5 bits and a hold of 48 down to 4 kHz.

    The clock starts anew where the wave rises through zero, as a synced oscillator does, so that the same sound comes
    out the same whenever it is played. What is held goes through a low-pass of second order at 0.4 of the clock, at
    most 16 kHz. A rest stays a rest: zero is one of the converter's levels.
    """

    name, knobs = "bit_crusher", ("crush", "rate")
    volts_in = 3.0

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """crush: 12 bits at 0, 3.5 at 1, in between a step of any size; rate: 4 kHz at 0 to 48 kHz at 1."""
        crush, clock = settings.T
        step = FULL_SCALE_VOLTS * 2.0 ** -(11 - 8.5 * crush)
        converted = np.clip(np.round(volts / step[:, None]) * step[:, None], -FULL_SCALE_VOLTS, FULL_SCALE_VOLTS)

        def filtered_at(stage: Floats, knob: float) -> Floats:
            hz = float(logarithmic(4_000.0, 48_000.0, knob))
            from scipy.signal import butter, sosfilt

            section = butter(2, min(0.8 * hz / 2, 16_000.0), fs=rate, output="sos")
            return np.asarray(sosfilt(section, stage, axis=-1))

        period = rate / logarithmic(4_000.0, 48_000.0, clock)
        return by_setting(held(converted, volts, period), clock, filtered_at)


def held(values: Floats, clocked_by: Floats, period_frames: Floats) -> Floats:
    """`values` (batch, frames) held for period_frames (batch,), counted anew where clocked_by rises through 0."""
    frames = np.arange(values.shape[1])
    rising = np.zeros(values.shape, bool)
    rising[:, 1:] = (clocked_by[:, 1:] > 0) & (clocked_by[:, :-1] <= 0)
    begun = np.maximum.accumulate(np.where(rising, frames, 0), axis=1)
    ticks = np.floor((frames - begun) / period_frames[:, None])
    taken = begun + np.ceil(ticks * period_frames[:, None] - 1e-9).astype(int)
    return np.take_along_axis(values, taken, axis=1)
