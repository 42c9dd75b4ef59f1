"""What happens to a guitar before it meets a pedal: other pickups, other levels. Only for audio that is trained on."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import lfilter

from gritspace.train.audio.audio_file import SAMPLE_RATE

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

RESONANCE_HZ = (2_000.0, 8_000.0)
QUALITY = (0.7, 4.0)
TILT_DB = 6.0
GAIN_DB = (-12.0, 3.0)
UNTOUCHED_SHARE = 0.35
"""Pieces that stay as they are: players also have the pickup that was recorded."""
HIGHEST_PEAK = 0.98


def played_otherwise(audio: Audio, seed: int, piece_seconds: float = 4.0) -> Audio:
    """audio (frames,) in pieces, each as another pickup at another level would give it: (frames,), the same for a seed.

    A pickup is a resonant low-pass (its coil and cable) and a tilt (its place under the strings). Filters change where
    the pieces meet; their states are kept, over 5 ms the old one fades into the new, so that nothing clicks.
    """
    rng = np.random.default_rng([seed, 4])
    piece, fade = int(piece_seconds * SAMPLE_RATE), int(0.005 * SAMPLE_RATE)
    out = np.zeros(len(audio))
    for start in range(0, len(audio), piece):
        lead_in = min(start, 2_400)
        end = min(start + piece + fade, len(audio))
        heard = _one_pickup(audio[start - lead_in : end].astype(np.float64), rng)[lead_in:]
        ramp = np.ones(len(heard))
        if start:
            ramp[:fade] = np.linspace(0, 1, fade)[: len(ramp)]
        if end < len(audio):
            ramp[-fade:] = np.linspace(1, 0, fade)
        out[start:end] += heard * ramp
    return np.clip(out, -HIGHEST_PEAK, HIGHEST_PEAK).astype(np.float32)


def _one_pickup(audio: Floats, rng: Generator) -> Floats:
    untouched = rng.random() < UNTOUCHED_SHARE
    hz = float(np.exp(rng.uniform(*np.log(RESONANCE_HZ))))
    quality, tilt_db, gain_db = rng.uniform(*QUALITY), rng.uniform(-TILT_DB, TILT_DB), rng.uniform(*GAIN_DB)
    if untouched:
        return audio
    heard = shelf(resonant_low_pass(audio, hz, quality), 800.0, tilt_db) * 10 ** (gain_db / 20)
    peak = float(np.abs(heard).max(initial=0.0))
    return heard * (HIGHEST_PEAK / peak) if peak > HIGHEST_PEAK else heard


def resonant_low_pass(audio: Floats, hz: float, quality: float) -> Floats:
    """Second order, gain 1 at 0 Hz and `quality` at hz. Source: Bristow-Johnson, Audio EQ Cookbook, LPF."""
    w = 2 * np.pi * hz / SAMPLE_RATE
    alpha = np.sin(w) / (2 * quality)
    b = np.array([(1 - np.cos(w)) / 2, 1 - np.cos(w), (1 - np.cos(w)) / 2])
    return np.asarray(lfilter(b, [1 + alpha, -2 * np.cos(w), 1 - alpha], audio))


def shelf(audio: Floats, hz: float, gain_db: float) -> Floats:
    """First order: gain 1 far below hz, gain_db far above it (bilinear transform of (1 + s g) / (1 + s), s at hz)."""
    gain = 10 ** (gain_db / 20)
    k = np.tan(np.pi * hz / SAMPLE_RATE)
    return np.asarray(lfilter([k + gain, k - gain], [k + 1, k - 1], audio))
