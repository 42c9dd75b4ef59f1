"""How loud a model is, and the level at which it is as loud as any other: ITU-R BS.1770-4, by pyloudnorm.

Every model is heard with the same phrase, as the module plays it with gain 1 and the model alone. The figure is the
integrated loudness of one channel, gated, in LUFS. A level behind the model brings it to TARGET_LUFS.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pyloudnorm
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import SAMPLE_RATE, riff
from gritspace.host_tools.sound.pair import network_of
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import MAX_TRIM_Q12, IntegerModel

TARGET_LUFS = -18.0
"""Loud, with the peaks of a clean string still below the limiter's knee."""
PHRASE_SECONDS = 4.8
"""The riff once through."""
LEVEL_UNITY = 4096
SILENCE_LUFS = -70.0
"""BS.1770's absolute gate: what is quieter has no loudness."""


@cache
def phrase() -> NDArray[np.int16]:
    """What every model is heard with: int16 (frames,) at 48 kHz, peaks at -6 dBFS."""
    samples: NDArray[np.int16] = np.round(riff(PHRASE_SECONDS) * 32767).astype(np.int16)
    return samples


def lufs(sound: NDArray[np.generic]) -> float:
    """Integrated loudness of one channel, (frames,) at 48 kHz, full scale ±1; -inf for silence.

    At least 0.4 s, else ValueError. Source: ITU-R BS.1770-4, annex 1.
    """
    found = float(pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(np.asarray(sound, np.float64)))
    return found if found > SILENCE_LUFS else -math.inf


def samples_lufs(samples: NDArray[np.int16], output_shift: int) -> float:
    """The same of an engine's samples, int16 (frames,), whose full scale is 2^output_shift."""
    return lufs(samples / 32768.0 * 2.0**output_shift)


def model_lufs(model: IntegerModel, position: NDArray[np.int16] | None = None) -> float:
    """How loud a model plays the phrase at a position (Q15; None: its own)."""
    if model.pair is not None:
        return samples_lufs(network_of(model)(phrase()), model.output_shift)
    return samples_lufs(Engine(to_bytes(model), position).process(phrase()), model.output_shift)


def level_for(loudness: float, target: float = TARGET_LUFS) -> int:
    """The level (4096 is 1) that brings a loudness to the target, within what a level can be: 1..32767 (18 dB).

    What is silent keeps a level of 1.

    >>> level_for(-24.0, target=-18.0) / LEVEL_UNITY  # six decibels up
    1.995361328125
    """
    if not math.isfinite(loudness):
        return LEVEL_UNITY
    return int(np.clip(round(LEVEL_UNITY * 10 ** ((target - loudness) / 20)), 1, MAX_TRIM_Q12))


def level_db(level_q12: int) -> float:
    """A level in decibels; -inf for 0.

    >>> round(level_db(2048), 2)
    -6.02
    """
    return 20 * math.log10(level_q12 / LEVEL_UNITY) if level_q12 > 0 else -math.inf
