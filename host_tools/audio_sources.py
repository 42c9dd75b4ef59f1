"""Dry audio for the commands: a riff to play through a module, and what integers are calibrated with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio import signals

SAMPLE_RATE = 48000
CALIBRATION_SECONDS = 40.0
LEVEL_SECONDS = (2.4, 3.6)
"""Of the riff, what levels are held with: behind what `evaluate` hears."""
BEAT_SECONDS = 0.3
RIFF = (
    # beat, semitones above low E, beats it rings, loudness
    (0.0, (0,), 1.0, 1.0),
    (1.0, (0,), 0.5, 0.6),
    (1.5, (3,), 0.5, 0.8),
    (2.0, (5,), 1.0, 0.9),
    (3.0, (0,), 0.5, 0.7),
    (3.5, (10,), 0.5, 0.8),
    (4.0, (0, 7, 12), 2.5, 0.9),
    (7.0, (12,), 0.5, 0.5),
    (7.5, (15,), 0.5, 0.6),
    (8.0, (17, 22), 1.5, 0.8),
    (9.5, (15,), 0.5, 0.4),
    (10.0, (12,), 1.0, 0.5),
    (11.0, (10,), 1.0, 0.3),
    (12.0, (0, 7, 12, 16), 3.5, 1.0),
)
RIFF_BEATS = 16


def riff(seconds: float, peak: float = 0.5, seed: int = 5) -> NDArray[np.float32]:
    """Plucked strings in a riff that ends in a chord and starts again: (frames,) at 48 kHz, the same for a seed."""
    rng = np.random.default_rng(seed)
    frames = int(seconds * SAMPLE_RATE)
    out = np.zeros(frames + 4 * SAMPLE_RATE)
    low_e_hz = 82.407
    for turn in range(int(np.ceil(seconds / (RIFF_BEATS * BEAT_SECONDS)))):
        for beat, semitones, beats, loudness in RIFF:
            start = int((turn * RIFF_BEATS + beat) * BEAT_SECONDS * SAMPLE_RATE)
            for late, semitone in enumerate(semitones):
                note = signals.pluck(low_e_hz * 2 ** (semitone / 12), beats * BEAT_SECONDS + 0.08, 0.75, rng)
                at = start + late * 380  # a strum
                end = min(at + len(note), len(out))
                if at < end:
                    out[at:end] += loudness * note[: end - at]
    out = out[:frames]
    return (out * peak / max(float(np.abs(out).max()), 1e-9)).astype(np.float32)


def level_phrases() -> list[NDArray[np.float32]]:
    """What a space's loudness is held with, (frames,) each: the training's phrase, and what of a riff lies behind what
    `evaluate` hears.
    """
    from gritspace.train.space import loudness

    return [loudness.phrase(), riff(LEVEL_SECONDS[1])[int(LEVEL_SECONDS[0] * SAMPLE_RATE) :]]


def calibration_audio(
    paths: Sequence[Path], seconds: float = CALIBRATION_SECONDS, seed: int = 0
) -> NDArray[np.float32]:
    """(frames,): synthetic signals, and a riff, or phrases made of the audio under `paths` where some are given.

    Raises InputError for a path that is missing or holds no usable audio.
    """
    built_in = signals.synthetic(seconds / 2, seed)
    if not paths:
        return np.concatenate([built_in, riff(seconds / 2)])
    notes = [note for path in paths for note in signals.read_folder(path, "train")]
    return np.concatenate([built_in, signals.phrases_from(notes, seconds / 2, seed)])
