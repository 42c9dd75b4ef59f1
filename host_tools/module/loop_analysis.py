"""The analog path measured: a known signal goes out through converters and cables and comes back; what became of it?

The signal has a silence, a burst of noise to find the latency by, a sine for the distortion, and music for the error
against a model. Everything is measured after the best delay, to fractions of a sample, and the best gain are taken out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.signal import fftconvolve, firwin

from gritspace.train.errors import InputError

SAMPLE_RATE = 48000
SILENCE_SECONDS, BURST_SECONDS, SINE_SECONDS = 1.0, 0.25, 1.0
GAP_SECONDS = 0.25
SINE_HZ = 1000.0
SINE_LEVEL, BURST_LEVEL = 0.5, 0.25
BAND_HZ = (20.0, 20000.0)
MAX_LATENCY_SECONDS = 1.0

_TAPS = 128
"""Of the fractional delay, to either side."""

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class LoopReport:
    """What the path does. latency_ms: to a hundredth of a sample; gain_db: of the burst; thd_n: a share of the sine."""

    latency_ms: float
    latency_frames: float
    gain_db: float
    inverted: bool
    noise_floor_dbfs: float
    thd_n: float
    thd_n_db: float
    esr: float | None

    def as_values(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def signal(music: NDArray[np.float32] | None = None, seed: int = 1) -> NDArray[np.float32]:
    """What to play: silence, a burst of noise, a sine, and the music behind them; gaps between. (frames,), peak 0.5."""
    rng = np.random.default_rng(seed)
    burst = _band_limited(rng.normal(size=_frames(BURST_SECONDS)))
    burst *= BURST_LEVEL / np.abs(burst).max()
    time = np.arange(_frames(SINE_SECONDS)) / SAMPLE_RATE
    sine = SINE_LEVEL * np.sin(2 * np.pi * SINE_HZ * time)
    gap = np.zeros(_frames(GAP_SECONDS))
    parts = [np.zeros(_frames(SILENCE_SECONDS)), burst, gap, sine, gap, np.asarray([] if music is None else music)]
    return np.concatenate([*parts, np.zeros(_frames(GAP_SECONDS))]).astype(np.float32)


def analyse(
    sent: NDArray[np.float32], received: NDArray[np.float32], expected: NDArray[np.float32] | None = None
) -> LoopReport:
    """sent: from `signal`; received: (frames,) at 48 kHz, what came back, begun within a second of it.

    expected: (frames,), as long as sent: what the path's model makes of it; None: the path should change nothing. Its
    music, and what came back of that, give the ESR. Raises InputError if the signal cannot be found in what came back.
    """
    out, back = np.asarray(sent, np.float64), np.asarray(received, np.float64)
    wanted = out if expected is None else np.asarray(expected, np.float64)
    if len(wanted) != len(out):
        raise InputError(
            f"the model's sound has {len(wanted)} frames and the signal {len(out)}; make it from the signal."
        )
    start, stop = _frames(SILENCE_SECONDS), _frames(SILENCE_SECONDS + BURST_SECONDS)
    least = stop + _frames(GAP_SECONDS + SINE_SECONDS + GAP_SECONDS)
    if len(out) < least:
        raise InputError(
            f"the signal that was played has {len(out) / SAMPLE_RATE:.1f} s, and none has less than "
            f"{least / SAMPLE_RATE:.1f}; give what `gritspace loop signal` wrote."
        )
    if len(back) < stop:
        raise InputError(f"what came back ends after {len(back) / SAMPLE_RATE:.1f} s; record the signal to its end.")
    latency, gain = align(wanted[start:stop], back[start : stop + _frames(MAX_LATENCY_SECONDS)])
    moved = delayed(back, -latency)[: len(out)]
    moved = np.pad(moved, (0, len(out) - len(moved)))
    quiet = moved[_frames(0.2) : start - _frames(0.1)]
    sine_at = stop + _frames(GAP_SECONDS)
    sine = moved[sine_at + _frames(0.2) : sine_at + _frames(SINE_SECONDS - 0.1)]
    music = slice(sine_at + _frames(SINE_SECONDS + GAP_SECONDS), len(out) - _frames(GAP_SECONDS))
    distortion = thd_n(sine, SINE_HZ)
    return LoopReport(
        latency_ms=round(latency / SAMPLE_RATE * 1000, 5),
        latency_frames=round(latency, 3),
        gain_db=round(20 * np.log10(abs(gain)), 3),
        inverted=gain < 0,
        noise_floor_dbfs=round(level_dbfs(quiet), 1),
        thd_n=distortion,
        thd_n_db=round(20 * np.log10(max(distortion, 1e-12)), 1),
        esr=esr_after_alignment(wanted[music], back, music.start, latency) if music.stop > music.start else None,
    )


def align(sent: Samples, received: Samples) -> tuple[float, float]:
    """Where `sent` lies in `received`: (delay in frames, to fractions of one, gain; below 0: inverted).

    received: at least as long. Raises InputError where there is nothing like it.
    """
    size = 1 << int(np.ceil(np.log2(len(sent) + len(received))))
    spectrum = np.fft.rfft(received, size) * np.conj(np.fft.rfft(sent, size))
    places = len(received) - len(sent) + 1
    coarse = int(np.argmax(np.abs(np.fft.irfft(spectrum, size)[:places])))
    turns = 2j * np.pi * np.arange(len(spectrum)) / size
    weights = np.where((np.arange(len(spectrum)) == 0) | (np.arange(len(spectrum)) == size // 2), 1.0, 2.0)

    def correlation(delay: float) -> float:
        return float(np.sum(weights * (spectrum * np.exp(turns * delay)).real) / size)

    sign = 1.0 if correlation(coarse) > 0 else -1.0
    found = minimize_scalar(
        lambda delay: -sign * correlation(delay),
        bounds=(coarse - 1, coarse + 1),
        method="bounded",
        options={"xatol": 1e-5},
    )
    energy = float(np.sum(sent**2))
    gain = correlation(found.x) / energy if energy else 0.0
    piece = received[coarse : coarse + len(sent)]
    likeness = abs(gain) * np.sqrt(energy / max(float(np.sum(piece**2)), 1e-30))
    if likeness < 0.3:
        raise InputError(
            "the signal's burst of noise is not in what came back; is the cable in, was it recorded from the beginning?"
        )
    return float(found.x), gain


def delayed(samples: Samples, frames: float) -> Samples:
    """The same, later by any number of frames (earlier, where below 0); zeros come in.

    The fraction is a windowed sinc's: exact to 100 dB up to 20 kHz, and what it does to an edge stays near the edge.
    """
    whole = int(np.floor(frames))
    at = np.arange(-_TAPS, _TAPS + 1) - (frames - whole)
    taps = np.sinc(at) * np.i0(10.0 * np.sqrt(1 - (at / (_TAPS + 1)) ** 2)) / np.i0(10.0)  # Kaiser's window, moved too
    late = fftconvolve(samples, taps)[_TAPS : _TAPS + len(samples)]
    shifted = np.zeros_like(late)
    if whole >= 0:
        shifted[whole:] = late[: max(len(late) - whole, 0)]
    else:
        shifted[:whole] = late[-whole:]
    return shifted


def thd_n(samples: Samples, hz: float) -> float:
    """Everything from 20 Hz to 20 kHz but the sine, over the sine (rms). Raises InputError if there is no sine."""
    window = np.blackman(len(samples))
    spectrum = np.abs(np.fft.rfft((samples - samples.mean()) * window)) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    width = 4 * SAMPLE_RATE / len(samples)  # the main lobe of the window, and a little
    sine = np.abs(frequencies - hz) <= width
    band = (frequencies >= BAND_HZ[0]) & (frequencies <= BAND_HZ[1])
    fundamental = float(spectrum[sine].sum())
    if fundamental <= 0.01 * float(spectrum[band].sum()):
        raise InputError(
            f"the sine of {hz:g} Hz is not where it should be in what came back; record all of the signal."
        )
    return float(np.sqrt(spectrum[band & ~sine].sum() / fundamental))


def level_dbfs(samples: Samples) -> float:
    """Root mean square, without the mean, 0 dB being that of a square wave at full scale."""
    rms = float(np.std(samples)) if len(samples) else 0.0
    return float(20 * np.log10(max(rms, 1e-10)))


def esr_after_alignment(wanted: Samples, received: Samples, start: int, latency: float) -> float:
    """Error-to-signal ratio of `received`, moved by the latency and with the best gain, against `wanted` at `start`.

    Both up to 20 kHz: what lies above, converters do not carry.
    """
    band = firwin(2 * _TAPS + 1, BAND_HZ[1], fs=SAMPLE_RATE)
    piece = delayed(received, -latency)[start : start + len(wanted)]
    piece = fftconvolve(np.pad(piece, (0, len(wanted) - len(piece))), band, "same")
    wanted = fftconvolve(wanted, band, "same")
    energy = float(np.sum(piece**2))
    gain = float(np.sum(piece * wanted)) / energy if energy else 0.0
    signal_energy = float(np.sum(wanted**2))
    if signal_energy == 0:
        raise InputError("the music is silent; play something.")
    return float(np.sum((wanted - gain * piece) ** 2)) / signal_energy


def _frames(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def _band_limited(noise: Samples) -> Samples:
    """Noise from 100 Hz to 10 kHz, so that no converter's filters bend it, faded in and out."""
    spectrum = np.fft.rfft(noise)
    frequencies = np.fft.rfftfreq(len(noise), 1 / SAMPLE_RATE)
    spectrum[(frequencies < 100) | (frequencies > 10000)] = 0
    return np.fft.irfft(spectrum, len(noise)) * np.hanning(len(noise))
