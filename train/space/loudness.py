"""How loud a setting is, and the level at which all are equally loud: K-weighted, on one short phrase."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.signal import freqz
from torch import Tensor

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.device import Audio, Device
from gritspace.train.space import attributes

PHRASE_FRAMES = 14_400
"""Three strings, a tenth of a second apart, peaks at -6 dBFS."""
EQUAL_RMS = 0.15
MAX_LEVEL, LEAST_LEVEL = 30.0, 1 / 30
"""Of a setting beside the device's own gain: what is all but silent stays so."""
SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""Of ITU-R BS.1770-4, annex 1, at 48 kHz."""


@cache
def weights(frames: int) -> Tensor:
    """|H|^2 of the K-weighting at the frequencies of a real Fourier transform over `frames`, (frames // 2 + 1,)."""
    hz = np.arange(frames // 2 + 1) * SAMPLE_RATE / frames
    response = freqz(*SHELF, worN=hz, fs=SAMPLE_RATE)[1] * freqz(*HIGH_PASS, worN=hz, fs=SAMPLE_RATE)[1]
    return torch.from_numpy((np.abs(response) ** 2).astype(np.float32))


def weighted_rms(wet: Tensor) -> Tensor:
    """K-weighted root mean square over all frames, (batch, frames) -> (batch,). Differentiable."""
    frames = wet.shape[-1]
    spectrum = torch.fft.rfft(wet)
    power = spectrum.real.square() + spectrum.imag.square()
    return ((power * weights(frames).to(wet.device)).sum(-1) * 2 / frames**2 + 1e-16).sqrt()


def phrase() -> Audio:
    """(PHRASE_FRAMES,): what every setting is heard with."""
    return attributes.probes()[2][:PHRASE_FRAMES]


def loudness_of(device: Device, settings: NDArray[np.float32]) -> NDArray[np.float64]:
    """Weighted RMS of the phrase through a device at settings (n, knobs) -> (n,)."""
    quiet = np.zeros(4_800, np.float32)
    dry = np.concatenate([quiet, phrase()])
    wet = device.render(np.repeat(dry[None], len(settings), axis=0), settings)[:, len(quiet) :]
    return weighted_rms(torch.from_numpy(np.ascontiguousarray(wet))).numpy().astype(np.float64)


def levels_for(loudness: NDArray[np.float64], gain: float) -> NDArray[np.float64]:
    """What makes each setting EQUAL_RMS loud, beside the device's gain: (n,) -> (n,)."""
    return np.clip(EQUAL_RMS / np.maximum(loudness * abs(gain), 1e-9), LEAST_LEVEL, MAX_LEVEL)


def beside_equal_db(wet: Tensor, lead_in: int = 0) -> Tensor:
    """Decibels over EQUAL_RMS of answers to the phrase, (batch, lead_in + PHRASE_FRAMES) -> (batch,)."""
    return 20 * torch.log10(weighted_rms(wet[:, lead_in:]) / EQUAL_RMS)


def probe(lead_in: int) -> Tensor:
    """(lead_in + PHRASE_FRAMES,): the phrase behind a rest."""
    return F.pad(torch.from_numpy(phrase().copy()), (lead_in, 0))
