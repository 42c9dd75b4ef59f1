"""The diode ladder: a resonant low-pass whose every rung bends."""

from __future__ import annotations

import numpy as np

from gritspace.train.audio import chunks
from gritspace.train.devices.circuit import Circuit, Floats, logarithmic

RESONANCE = 10.0
"""Of 17, at which it sings by itself."""
SHARES = np.array([[1.0], [0.5], [0.5], [0.5]])
LEAD_IN_SECONDS, ROWS = 0.06, 1024
UNIT_VOLTS = 0.15
"""What bends a rung by one unit of tanh's argument, at the input."""


class DiodeLadder(Circuit):
    """Four capacitors with diodes between them, the first half as large, fed back.

    x1' = w (tanh(u - r x4) - tanh(x1 - x2)), x2' = w/2 (tanh(x1 - x2) - tanh(x2 - x3)), and so on to tanh(x4).
    Source: Zavalishin, "The art of VA filter design", rev. 2.1, section 5.10, with tanh for the diodes' pairs.
    """

    oversampling = 4
    name, knobs = "diode_ladder", ("drive", "cutoff")
    volts_in = 1.0
    volts_out = 0.3

    def process(self, volts: Floats, settings: Floats, rate: float) -> Floats:
        """drive: 40 dB of travel before the ladder; cutoff: 200 Hz to 8 kHz."""
        drive, cutoff = settings.T
        driven = volts * (logarithmic(0.3, 30.0, drive) / UNIT_VOLTS)[:, None]
        return ladder(driven, 2 * np.pi * logarithmic(200.0, 8000.0, cutoff), rate)


def slopes(state: Floats, u: Floats, step: Floats) -> Floats:
    """d/dt of the four rungs, (4, rows), for inputs u (rows,)."""
    through = np.tanh(state - np.concatenate([state[1:], np.zeros_like(state[:1])]))
    given = np.concatenate([np.tanh(u - RESONANCE * state[3])[None], through[:3]])
    return np.asarray(SHARES * step * (given - through))


def ladder(driven: Floats, rad_per_s: Floats, rate: float) -> Floats:
    """driven (batch, frames), rad_per_s (batch,) -> the last rung (batch, frames), by Runge and Kutta's fourth order.

    Rows are cut into chunks that run side by side after a lead-in, by which a wrong start has died away.
    """
    batch, frames = driven.shape
    lead_in = int(LEAD_IN_SECONDS * rate)
    length = min(frames, max(2 * lead_in, -(-batch * frames // ROWS)))
    u = np.ascontiguousarray(chunks.split(driven, length, lead_in).T)
    step = np.repeat(rad_per_s, u.shape[1] // batch) / rate
    state, out = np.zeros((4, u.shape[1])), np.empty_like(u)
    before = np.zeros(u.shape[1])
    for n, now in enumerate(u):
        middle = (before + now) / 2
        a = slopes(state, before, step)
        b = slopes(state + a / 2, middle, step)
        c = slopes(state + b / 2, middle, step)
        state = state + (a + 2 * b + 2 * c + slopes(state + c, now, step)) / 6
        out[n], before = state[3], now
    return chunks.join(out.T, frames, lead_in)
