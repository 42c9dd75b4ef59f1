"""Sounds inside a page: one excerpt in several versions, equally loud, as MP3 that a browser plays without a file."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyloudnorm
import soundfile
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SAMPLE_RATE

Audio = NDArray[np.floating]

LOUDNESS_LUFS, LARGEST_PEAK = -20.0, 0.95
MOST_BYTES = 3_500_000
"""Of sounds in one page: with figures it stays below five million."""


@dataclass(frozen=True)
class Sound:
    """One version, as an address with everything in it."""

    name: str
    address: str


@dataclass(frozen=True)
class Comparison:
    """One excerpt: its versions in the order of listening; esr of the last against the one before, where known."""

    title: str
    sounds: tuple[Sound, ...]
    esr: float | None = None
    remark: str = ""

    @property
    def bytes(self) -> int:
        """Of the page."""
        return sum(len(sound.address) for sound in self.sounds)


def comparison(title: str, versions: Mapping[str, Audio], esr: float | None = None, remark: str = "") -> Comparison:
    """versions: name -> (frames,), all of one excerpt. All are brought to one loudness, below full scale."""
    matched = equally_loud(list(versions.values()))
    sounds = tuple(Sound(name, embedded(audio)) for name, audio in zip(versions, matched, strict=True))
    return Comparison(title, sounds, esr, remark)


def equally_loud(versions: Sequence[Audio]) -> list[Audio]:
    """Each (frames,) at LOUDNESS_LUFS (ITU-R BS.1770), or, if that would clip one of them, all as much below it.

    What is too short for that measure, or silent, is matched by its power.
    """
    matched = [audio * 10 ** ((LOUDNESS_LUFS - _loudness(audio)) / 20) for audio in versions]
    largest = max((float(np.abs(audio).max(initial=0.0)) for audio in matched), default=0.0)
    return [audio * min(1.0, LARGEST_PEAK / max(largest, 1e-9)) for audio in matched]


def _loudness(audio: Audio) -> float:
    found = -np.inf
    if len(audio) >= 0.4 * SAMPLE_RATE:
        found = float(pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(np.asarray(audio, np.float64)))
    if np.isfinite(found):
        return found
    power = float(np.mean(np.square(audio, dtype=np.float64))) if len(audio) else 0.0
    return 10 * np.log10(power) if power > 1e-9 else LOUDNESS_LUFS


def embedded(audio: Audio) -> str:
    """Audio (frames,), full scale ±1, as a data address that a browser plays: MP3."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(audio, -1, 1), SAMPLE_RATE, format="MP3")
    return "data:audio/mpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def as_many_as_fit(comparisons: Sequence[Comparison], most: int = MOST_BYTES) -> list[Comparison]:
    """From the first on, as long as there is room in a page."""
    kept: list[Comparison] = []
    for one in comparisons:
        if sum(other.bytes for other in kept) + one.bytes > most and kept:
            break
        kept.append(one)
    return kept
