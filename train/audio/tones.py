"""What a rack feeds a distortion, and a guitar does not: held tones, bare waves, sweeps, drums, at any level."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.signals import band_limited_saw, drum, sweep, synth_voice

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

KINDS, SHARES = ("sine", "two", "saw", "pulse", "triangle", "sweep", "voice", "drum"), (6, 2, 4, 4, 2, 3, 3, 4)
SINE_HZ, WAVE_HZ = (60.0, 6_500.0), (30.0, 1_800.0)
PEAK_DBFS, QUIET_DBFS, QUIET_SHARE = (-18.0, -0.5), (-50.0, -18.0), 0.15
SECONDS = (0.3, 1.2)
FADE_SECONDS = 0.002


def bright(seconds: float, seed: int) -> Audio:
    """(frames,) at 48 kHz, the same for a seed: sines and pairs of them, saws, pulses and triangles without any filter,
    sweeps, synth voices, drums, one after the other.
    """
    rng = np.random.default_rng([seed, 6])
    parts: list[Floats] = []
    frames = 0
    while frames < seconds * SAMPLE_RATE:
        piece = _piece(str(rng.choice(KINDS, p=np.array(SHARES) / sum(SHARES))), rng)
        parts.append(piece)
        frames += len(piece)
    return np.concatenate([np.zeros(0), *parts])[: int(seconds * SAMPLE_RATE)].astype(np.float32)


def _piece(kind: str, rng: Generator) -> Floats:
    time = np.arange(int(rng.uniform(*SECONDS) * SAMPLE_RATE)) / SAMPLE_RATE
    hz = float(np.exp(rng.uniform(*np.log(SINE_HZ if kind in ("sine", "two") else WAVE_HZ))))
    phase = hz * time + rng.random()
    pitch = np.full(len(time), hz)
    if kind == "sine":
        wave = np.sin(2 * np.pi * phase)
    elif kind == "two":
        wave = np.sin(2 * np.pi * phase) + rng.uniform(0.2, 1) * np.sin(2 * np.pi * phase * rng.uniform(1.05, 3.0))
    elif kind == "saw":
        wave = band_limited_saw(phase, pitch)
    elif kind == "pulse":
        wave = band_limited_saw(phase, pitch) - band_limited_saw(phase + rng.uniform(0.1, 0.5), pitch)
    elif kind == "triangle":
        wave = 2 * np.abs(2 * (phase % 1.0) - 1) - 1
    elif kind == "sweep":
        wave = sweep(float(rng.uniform(0.5, 2.0)), 40.0, float(rng.uniform(2_000, 12_000))).astype(np.float64)
    elif kind == "voice":
        wave = synth_voice(float(np.exp(rng.uniform(np.log(40), np.log(600)))), float(rng.uniform(*SECONDS)), rng)
    else:
        wave = drum(rng)
    dbfs = rng.uniform(*(QUIET_DBFS if rng.random() < QUIET_SHARE else PEAK_DBFS))
    fade = int(FADE_SECONDS * SAMPLE_RATE)
    wave[:fade] *= np.linspace(0, 1, fade)
    wave[-fade:] *= np.linspace(1, 0, fade)
    return np.asarray(wave * (10 ** (dbfs / 20) / max(float(np.abs(wave).max()), 1e-9)))
