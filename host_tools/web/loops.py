"""The page's loops: two bars that play round without a seam, by the project's own signals alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.signals import pluck, synth_voice

Floats = NDArray[np.float64]

BEAT_SECONDS = 0.5
BEATS = 8
FRAMES = int(BEATS * BEAT_SECONDS * SAMPLE_RATE)
"""Of every loop: a whole number of the module's blocks."""
PEAK = 0.5


def _add(loop: Floats, beat: float, sound: Floats, level: float = 1.0) -> None:
    """A sound at a beat, round the end to the beginning."""
    at = int(beat * BEAT_SECONDS * SAMPLE_RATE)
    np.add.at(loop, (at + np.arange(len(sound))) % FRAMES, level * sound)


def _hz(semitones: float, root: float) -> float:
    return float(root * 2 ** (semitones / 12))


def guitar(rng: Generator) -> Floats:
    """A riff of fifths and single notes in E."""
    loop = np.zeros(FRAMES)
    chords = [
        (0.0, 0, 0.9),
        (0.75, 0, 0.35),
        (1.5, 3, 0.9),
        (2.5, 5, 0.9),
        (4.0, 0, 0.9),
        (4.75, 0, 0.35),
        (5.5, 3, 0.9),
    ]
    for beat, step, seconds in chords:
        for string in (0, 7, 12):
            late = 0.012 * string / 12
            _add(loop, beat + late, pluck(_hz(step + string, 82.41), seconds, 0.7, rng), 0.8)
    for beat, step in ((3.25, 15), (3.5, 17), (6.5, 10), (6.75, 12), (7.0, 15), (7.25, 17), (7.5, 12)):
        _add(loop, beat, pluck(_hz(step, 164.81), 0.5, 0.9, rng))
    return loop


def bass(rng: Generator) -> Floats:
    """Quavers that walk."""
    loop = np.zeros(FRAMES)
    for n, step in enumerate((0, 0, 12, 0, 3, 3, 5, 7, 0, 0, 12, 10, 7, 5, 3, 2)):
        _add(loop, n / 2, pluck(_hz(step, 41.2), 0.26, 0.35, rng), 1.0 if n % 4 == 0 else 0.75)
    return loop


def drums(rng: Generator) -> Floats:
    """Kick, snare and hat."""
    loop = np.zeros(FRAMES)
    time = np.arange(int(0.3 * SAMPLE_RATE)) / SAMPLE_RATE
    kick = np.sin(2 * np.pi * np.cumsum(50 * (1 + 4 * np.exp(-time / 0.02))) / SAMPLE_RATE) * np.exp(-time / 0.1)
    for beat in (0.0, 1.75, 2.5, 4.0, 5.75, 6.5, 7.25):
        _add(loop, beat, kick, 0.95)
    for beat in (1.0, 3.0, 5.0, 7.0):
        body = np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.05)
        _add(loop, beat, 0.5 * body + rng.normal(0, 0.25, len(time)) * np.exp(-time / 0.08), 0.9)
    bright = butter(2, 6500, "high", fs=SAMPLE_RATE, output="sos")
    for n in range(4 * BEATS):
        hat = sosfilt(bright, rng.normal(0, 0.3, len(time))) * np.exp(-time / (0.12 if n % 8 == 6 else 0.03))
        _add(loop, n / 4, hat, (0.6, 0.2, 0.4, 0.25)[n % 4])
    return loop


def synth(rng: Generator) -> Floats:
    """A sequence of saw voices."""
    loop = np.zeros(FRAMES)
    for n, step in enumerate((0, 12, 7, 10, 3, 15, 7, 12, 5, 17, 12, 8, 10, 3, 7, 14)):
        _add(loop, n / 2, synth_voice(_hz(step, 110.0), 0.24, np.random.default_rng(int(rng.integers(4)) + 40)), 0.8)
    return loop


LOOPS: dict[str, Callable[[Generator], Floats]] = {"guitar": guitar, "bass": bass, "drums": drums, "synth": synth}


def loop(name: str) -> NDArray[np.int16]:
    """A loop by name: int16 (FRAMES,), peak at half of full scale, the same every time."""
    sound = LOOPS[name](np.random.default_rng(7))
    sound -= sound.mean()
    return np.round(sound / np.abs(sound).max() * PEAK * 32767).astype(np.int16)
