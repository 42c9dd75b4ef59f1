"""Effects that remember: filters, feedback, octaves, crushers, sag. audio (batch, frames), parameters (batch, 1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

from gritspace.train.devices.chains.effect import Effect, Floats, Parameter, decibels

Values = Mapping[str, Floats]
BLOCKING_HZ = 10.0


def each_row(x: Floats, values: Values, process: Callable[[Floats, dict[str, float]], Floats]) -> Floats:
    """For effects whose equations differ from row to row."""
    rows = [process(row, {k: float(v[i, 0]) for k, v in values.items()}) for i, row in enumerate(x)]
    return np.stack(rows) if rows else x


def gain(x: Floats, values: Values, rate: float) -> Floats:
    """Only a level."""
    return x * decibels(values["gain_db"])


def bit_crush(x: Floats, values: Values, rate: float) -> Floats:
    """Rounded to 2^(bits - 1) steps a side; bits need not be whole."""
    steps = 2.0 ** (values["bits"] - 1)
    return np.round(x * steps) / steps


def rate_reduce(x: Floats, values: Values, rate: float) -> Floats:
    """Sample and hold at a lower rate, without the filter that would keep it clean."""
    held = np.floor(np.arange(x.shape[1]) * values["rate_hz"] / rate)  # the hold's number at every frame
    first = np.minimum(np.ceil(held * rate / values["rate_hz"]), x.shape[1] - 1).astype(np.int64)
    return np.take_along_axis(x, first, axis=1)


def low_pass(x: Floats, values: Values, rate: float) -> Floats:
    """Butterworth, 12 dB an octave."""
    return each_row(
        x, values, lambda row, v: np.asarray(sosfilt(butter(2, v["cutoff_hz"], fs=rate, output="sos"), row))
    )


def high_pass(x: Floats, values: Values, rate: float) -> Floats:
    """Butterworth, 12 dB an octave."""
    return each_row(
        x, values, lambda row, v: np.asarray(sosfilt(butter(2, v["cutoff_hz"], "high", fs=rate, output="sos"), row))
    )


def peak(x: Floats, values: Values, rate: float) -> Floats:
    """A bell of gain_db at centre_hz (R. Bristow-Johnson's cookbook)."""

    def bell(row: Floats, v: dict[str, float]) -> Floats:
        a, w = 10 ** (v["gain_db"] / 40), 2 * np.pi * v["centre_hz"] / rate
        alpha = np.sin(w) / (2 * v["q"])
        b = np.array([1 + alpha * a, -2 * np.cos(w), 1 - alpha * a])
        return np.asarray(lfilter(b, [1 + alpha / a, -2 * np.cos(w), 1 - alpha / a], row))

    return each_row(x, values, bell)


def feedback(x: Floats, values: Values, rate: float) -> Floats:
    """y = tanh(g (x + f y delayed)): a comb that howls when f g is above one."""

    def loop(row: Floats, v: dict[str, float]) -> Floats:
        delay, g = max(1, round(v["delay_ms"] * 1e-3 * rate)), 10 ** (v["drive_db"] / 20)
        y = np.zeros(len(row) + delay)
        for start in range(0, len(row), delay):  # one turn of the loop needs only the turn before
            piece = row[start : start + delay]
            y[start + delay : start + delay + len(piece)] = np.tanh(
                g * (piece + v["feedback"] * y[start:][: len(piece)])
            )
        return y[delay:]

    return each_row(x, values, loop)


def octave_up(x: Floats, values: Values, rate: float) -> Floats:
    """The full-wave rectified sound without its direct voltage, beside the straight one."""
    doubled = np.abs(x)
    blocked = sosfilt(butter(1, BLOCKING_HZ, "high", fs=rate, output="sos"), doubled, axis=-1)
    return (1 - values["amount"]) * x + 2 * values["amount"] * np.asarray(blocked)


def octave_down(x: Floats, values: Values, rate: float) -> Floats:
    """The sound with its sign turned after every second zero crossing upwards: a flip-flop, as in a Boss OC-2."""
    tracked = sosfilt(butter(2, 400.0, fs=rate, output="sos"), x, axis=-1)
    rises = np.diff((np.asarray(tracked) > 0).astype(np.int8), axis=-1, prepend=0) > 0
    flips = np.where(np.cumsum(rises, axis=-1) % 2 == 0, 1.0, -1.0)
    return (1 - values["amount"]) * x + values["amount"] * x * flips


def ring_modulator(x: Floats, values: Values, rate: float) -> Floats:
    """x times a sine."""
    carrier = np.sin(2 * np.pi * values["hz"] / rate * np.arange(x.shape[1]))
    return x * ((1 - values["amount"]) + values["amount"] * carrier)


def sag(x: Floats, values: Values, rate: float) -> Floats:
    """A stage whose supply gives way: loud notes lower the level at which it clips, and it recovers slowly."""

    def supply(row: Floats, v: dict[str, float]) -> Floats:
        driven = 10 ** (v["drive_db"] / 20) * row
        pole = np.exp(-1 / (v["recovery_ms"] * 1e-3 * rate))
        load = np.asarray(lfilter([1 - pole], [1, -pole], np.abs(np.tanh(driven))))
        volts = 1 - v["depth"] * load
        return volts * np.tanh(driven / volts)

    return each_row(x, values, supply)


WITH_MEMORY = (
    Effect("gain", (Parameter("gain_db", -24.0, 48.0, 0.0, "dB"),), "nothing: all of it louder or softer", gain, 1),
    Effect(
        "bit_crush",
        (Parameter("bits", 1.0, 16.0, 6.0, "bits"),),
        "noise that follows the signal, and harmonics of soft notes; aliases, which is its point",
        bit_crush,
        1,
    ),
    Effect(
        "rate_reduce",
        (Parameter("rate_hz", 500.0, 48_000.0, 6_000.0, "Hz", True),),
        "mirror images of the spectrum around multiples of the rate; aliases, which is its point",
        rate_reduce,
        1,
    ),
    Effect(
        "low_pass",
        (Parameter("cutoff_hz", 100.0, 18_000.0, 4_000.0, "Hz", True),),
        "less above the cut-off",
        low_pass,
        1,
    ),
    Effect("high_pass", (Parameter("cutoff_hz", 10.0, 4_000.0, 100.0, "Hz", True),), "less below it", high_pass, 1),
    Effect(
        "peak",
        (
            Parameter("centre_hz", 60.0, 12_000.0, 700.0, "Hz", True),
            Parameter("gain_db", -24.0, 24.0, 12.0, "dB"),
            Parameter("q", 0.3, 8.0, 1.0, "", True),
        ),
        "more or less around one frequency",
        peak,
        1,
    ),
    Effect(
        "feedback",
        (
            Parameter("drive_db", 0.0, 40.0, 12.0, "dB"),
            Parameter("feedback", -0.95, 0.95, 0.5),
            Parameter("delay_ms", 0.1, 20.0, 3.0, "ms", True),
        ),
        "odd harmonics, in the teeth of a comb; may howl on by itself",
        feedback,
        4,
    ),
    Effect("octave_up", (Parameter("amount", 0.0, 1.0, 0.7),), "even harmonics in place of odd ones", octave_up),
    Effect(
        "octave_down", (Parameter("amount", 0.0, 1.0, 0.7),), "halves of the harmonics: an octave below", octave_down, 4
    ),
    Effect(
        "ring_modulator",
        (Parameter("hz", 1.0, 4_000.0, 440.0, "Hz", True), Parameter("amount", 0.0, 1.0, 1.0)),
        "sums and differences with one frequency, mostly inharmonic",
        ring_modulator,
        2,
    ),
    Effect(
        "sag",
        (
            Parameter("drive_db", 0.0, 40.0, 20.0, "dB"),
            Parameter("depth", 0.0, 0.9, 0.5),
            Parameter("recovery_ms", 5.0, 500.0, 80.0, "ms", True),
        ),
        "odd harmonics that swell after an attack; the crest is lost",
        sag,
    ),
)
