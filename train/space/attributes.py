"""What can be measured in a device's sound: drive, tone, symmetry, dynamics. They name the played dimensions."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gritspace.train.audio import signals
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.device import Device

Floats = NDArray[np.float64]
Audio = NDArray[np.float32]

SINE_HZ = 220.0
SINE_PEAK = 10 ** (-12 / 20)
SINE_FRAMES, SETTLING_FRAMES = 12_000, 4_800  # 55 whole cycles, after a tenth of a second
HEARD_STEPS = (1.0, 0.05, 1.0, 0.25)
"""dB, octaves, dB, dB: about what an ear tells apart."""
FLOOR = 1e-10
"""Of power ratios: below -100 dB all is one."""


@dataclass(frozen=True)
class Attributes:
    """drive and symmetry in dB, tone in octaves, dynamics in dB: larger is more distorted, brighter, less symmetric,
    more compressed.
    """

    drive: float
    tone: float
    symmetry: float
    dynamics: float

    def as_list(self) -> list[float]:
        """In the order of the played dimensions."""
        return list(astuple(self))


def measure(device: Device, settings: NDArray[np.float32]) -> list[Attributes]:
    """settings (n, knobs) -> n measurements, from one rendering of 1.2 s each."""
    sine, noise, phrase = probes()
    quiet = np.zeros(2400, np.float32)
    dry = np.concatenate([sine, quiet, noise, quiet, phrase])
    wet = device.render(np.repeat(dry[None], len(settings), axis=0), settings).astype(np.float64)
    of_noise = slice(len(sine) + len(quiet), len(sine) + len(quiet) + len(noise))
    of_phrase = slice(len(dry) - len(phrase), len(dry))
    return [
        Attributes(
            drive=distortion_db(row[SETTLING_FRAMES : len(sine)]),
            tone=float(np.log2(spectral_centroid(row[of_noise]) / spectral_centroid(noise.astype(np.float64)))),
            symmetry=even_over_odd_db(row[SETTLING_FRAMES : len(sine)], SINE_HZ),
            dynamics=crest_factor_db(phrase.astype(np.float64)) - crest_factor_db(row[of_phrase]),
        )
        for row in wet
    ]


@cache
def probes() -> tuple[Audio, Audio, Audio]:
    """A -12 dBFS sine, a -18 dBFS noise of falling spectrum, and a plucked phrase, each (frames,)."""
    time = np.arange(SETTLING_FRAMES + SINE_FRAMES) / SAMPLE_RATE
    rng = np.random.default_rng(7)
    white = np.fft.rfft(rng.normal(size=14_400))
    pink = np.fft.irfft(white / np.sqrt(np.arange(len(white)) + 10.0))
    strings = [signals.pluck(hz, 0.4, 0.7, rng) for hz in (110.0, 164.8, 246.9)]
    phrase = np.zeros(24_000)
    for i, string in enumerate(strings):
        phrase[i * 4_800 :][: len(string)] += string[: len(phrase) - i * 4_800]
    return (
        (SINE_PEAK * np.sin(2 * np.pi * SINE_HZ * time)).astype(np.float32),
        (pink / np.sqrt(np.mean(pink**2)) * 10 ** (-18 / 20)).astype(np.float32),
        (phrase / np.abs(phrase).max() * 0.5).astype(np.float32),
    )


def harmonic_powers(audio: Floats, hz: float) -> Floats:
    """Powers of the harmonics 1, 2, ... below 20 kHz; audio (frames,) holds whole cycles of hz."""
    spectrum = np.abs(np.fft.rfft(audio)) ** 2
    cycles = round(hz * len(audio) / SAMPLE_RATE)
    return np.asarray(spectrum[cycles : int(20_000 * len(audio) / SAMPLE_RATE) : cycles])


def distortion_db(sine: Floats) -> float:
    """What drive is measured by: total harmonic distortion of a whole number of SINE_HZ's cycles; -100 dB up."""
    return float(10 * np.log10(total_harmonic_distortion(sine, SINE_HZ) ** 2 + FLOOR))


def total_harmonic_distortion(audio: Floats, hz: float) -> float:
    """Root of the harmonics' power over the fundamental's (THD with respect to the fundamental); at most 1e5."""
    powers = harmonic_powers(audio, hz)
    return float(np.sqrt(powers[1:].sum() / max(powers[0], FLOOR * powers.sum() + 1e-30)))


def even_over_odd_db(audio: Floats, hz: float) -> float:
    """Power of harmonics 2, 4, ... over that of 1, 3, 5, ... in dB, within -100 to 100; 0 for silence."""
    powers = harmonic_powers(audio, hz)
    floor = FLOOR * powers.sum() + 1e-30
    return float(10 * np.log10((powers[1::2].sum() + floor) / (powers[0::2].sum() + floor)))


def spectral_centroid(audio: Floats) -> float:
    """Mean frequency in Hz, weighted by magnitude."""
    magnitude = np.abs(np.fft.rfft(audio * np.hanning(len(audio))))
    hz = np.arange(len(magnitude)) * SAMPLE_RATE / len(audio)
    return float((hz * magnitude).sum() / max(magnitude.sum(), 1e-12)) or 1.0


def crest_factor_db(audio: Floats) -> float:
    """Peak over RMS; 0 for silence."""
    rms = np.sqrt(np.mean(audio**2))
    return float(20 * np.log10(np.abs(audio).max() / rms)) if rms > 0 else 0.0


def audible(measured: Tensor) -> Tensor:
    """Attributes (n, 4) in steps of what can be heard, and no further down than that: what is nearly alike is alike.

    Two symmetric devices are both symmetric, though one has -97 dB and the other -99.
    """
    step, lowest = measured.new_tensor(HEARD_STEPS), measured.new_tensor((-60.0, -10.0, -60.0, -60.0))
    return torch.round(torch.maximum(measured, lowest) / step) * step
