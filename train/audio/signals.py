"""Dry audio to play through devices: synthetic phrases from a seed, or the notes of any folder of audio files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

from gritspace.train.audio.audio_file import SAMPLE_RATE, SUFFIXES, read_audio
from gritspace.train.errors import InputError

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]
Source = Callable[[Generator], Floats]

VALIDATION_SHARE = 0.15
PEAK_DBFS = (-24.0, -1.0)
"""Phrases are normalised to a peak drawn from this range: soft and hard playing are both heard."""


def pluck(hz: float, seconds: float, brightness: float, rng: Generator) -> Floats:
    """A plucked string (frames,), about full scale: Karplus-Strong with an averaging loop filter.

    brightness in 0..1 colours the pluck. Source: Karplus and Strong, 1983; tuned by the loop filter's weight.
    """
    frames = int(seconds * SAMPLE_RATE)
    period = SAMPLE_RATE / hz
    delay = int(period - 0.5)
    weight = min(max(period - delay, 0.05), 0.95)  # of the older of two taps: tunes, and damps
    decay = 10 ** (-3 / (hz * rng.uniform(1.5, 6.0)))  # -60 dB after this many seconds
    burst = lfilter([1 - 0.95 * (1 - brightness)], [1, -0.95 * (1 - brightness)], rng.uniform(-1, 1, delay))
    burst -= burst.mean()
    string = np.zeros(frames + 2 * delay + 1)  # a turn of the loop needs only the turn before it
    string[delay + 1 : 2 * delay + 1] = burst
    for start in range(2 * delay + 1, frames + delay + 1, delay):
        newer, older = string[start - delay : start], string[start - delay - 1 : start - 1]
        string[start : start + delay] = decay * ((1 - weight) * newer + weight * older)
    return _faded(string[delay + 1 : delay + 1 + frames], release_seconds=0.01)


def synth_voice(hz: float, seconds: float, rng: Generator) -> Floats:
    """A saw or pulse voice (frames,) with a glide, a filter that opens and closes, and an envelope."""
    frames = int(seconds * SAMPLE_RATE)
    time = np.arange(frames) / SAMPLE_RATE
    pitch = hz * 2 ** (rng.choice([0, 0, rng.uniform(-1, 1)]) * time / seconds)
    phase = np.cumsum(pitch) / SAMPLE_RATE
    width = rng.uniform(0.1, 0.5)
    wave = band_limited_saw(phase, pitch)
    if rng.random() < 0.5:
        wave = wave - band_limited_saw(phase + width, pitch)
    cutoff_hz = float(np.exp(rng.uniform(np.log(300), np.log(8000))))
    dark = sosfilt(butter(2, cutoff_hz, fs=SAMPLE_RATE, output="sos"), wave)
    sweep = np.exp(-time / rng.uniform(0.05, 0.6))
    envelope = np.minimum(1, time / rng.uniform(0.002, 0.05)) * np.exp(-time / rng.uniform(0.2, 3.0))
    return _faded((dark + (wave - dark) * sweep) * envelope, release_seconds=0.02)


def drum(rng: Generator) -> Floats:
    """A kick, a snare or a hat (frames,)."""
    seconds = rng.uniform(0.15, 0.5)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    kind = rng.integers(3)
    noise = rng.normal(0, 0.4, len(time))
    if kind == 0:
        hz = rng.uniform(40, 70) * (1 + rng.uniform(2, 6) * np.exp(-time / 0.02))
        hit = np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE) * np.exp(-time / rng.uniform(0.06, 0.2))
    elif kind == 1:
        body = np.sin(2 * np.pi * rng.uniform(150, 240) * time) * np.exp(-time / 0.06)
        hit = 0.6 * body + noise * np.exp(-time / rng.uniform(0.04, 0.12))
    else:
        hit = sosfilt(butter(2, 6000, "high", fs=SAMPLE_RATE, output="sos"), noise) * np.exp(-time / 0.05)
    return _faded(hit, release_seconds=0.005)


def sweep(seconds: float, from_hz: float, to_hz: float, peak: float = 0.5) -> Audio:
    """A sine whose frequency rises exponentially (frames,)."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    rate = np.log(to_hz / from_hz) / seconds
    phase = 2 * np.pi * from_hz * (np.exp(rate * time) - 1) / rate
    return (peak * np.sin(phase)).astype(np.float32)


def synthetic(seconds: float, seed: int) -> Audio:
    """Plucked phrases and chords, synth voices, drums, noise and sweeps in turn: (frames,), the same for a seed."""
    rng = np.random.default_rng([seed, 1])
    parts: list[Floats] = []
    while sum(map(len, parts)) < seconds * SAMPLE_RATE:
        parts.append(_synthetic_phrase(rng))
    return np.concatenate(parts)[: int(seconds * SAMPLE_RATE)].astype(np.float32)


def _synthetic_phrase(rng: Generator) -> Floats:
    kind = rng.choice(["pluck", "chord", "synth", "drums", "sweep", "noise"], p=[0.34, 0.24, 0.2, 0.12, 0.05, 0.05])
    root = 55.0 * 2 ** (rng.integers(0, 30) / 12)
    scale = np.array([0, 2, 4, 5, 7, 9, 10, 12, 14, 17])

    def string(generator: Generator) -> Floats:
        hz = root * 2 ** (generator.choice(scale) / 12)
        return pluck(hz, generator.uniform(0.2, 1.5), generator.uniform(0.2, 1.0), generator)

    def voice(generator: Generator) -> Floats:
        return synth_voice(root * 2 ** (generator.choice(scale) / 12), generator.uniform(0.15, 1.2), generator)

    if kind == "sweep":
        return _levelled(sweep(2.0, 30.0, float(rng.uniform(2000, 12000))).astype(np.float64), rng)
    if kind == "noise":
        noise = rng.normal(0, 1, SAMPLE_RATE)
        return _levelled(noise * np.exp(-np.arange(len(noise)) / SAMPLE_RATE / rng.uniform(0.1, 1.0)), rng)
    source = {"pluck": string, "chord": string, "synth": voice, "drums": drum}[str(kind)]
    return phrase(source, 3.0, 3 if kind == "chord" else 1, rng)


def phrase(source: Source, seconds: float, voices: int, rng: Generator) -> Floats:
    """Events from source, `voices` at a time, with rests and accents: (frames,) at a drawn level."""
    frames = int(seconds * SAMPLE_RATE)
    out = np.zeros(frames)
    at = 0
    while at < frames:
        for _ in range(voices):
            event = source(rng) * 10 ** (rng.uniform(-12, 0) / 20)
            late = int(rng.uniform(0, 0.02) * SAMPLE_RATE) if voices > 1 else 0
            start, room = at + late, frames - at - late
            if room > 0:
                out[start : start + len(event)] += event[:room]
        at += int(rng.choice([0.12, 0.25, 0.5, 0.75], p=[0.25, 0.4, 0.25, 0.1]) * rng.uniform(0.9, 1.1) * SAMPLE_RATE)
        if rng.random() < 0.1:
            at += int(0.4 * SAMPLE_RATE)
    return _levelled(_faded(out, release_seconds=0.02), rng)


def is_validation(name: str) -> bool:
    """Whether the file of this name is held out: decided by the name's hash alone, so it never changes sides."""
    return hashlib.sha256(name.encode()).digest()[0] < 256 * VALIDATION_SHARE


def read_folder(path: Path | str, split: str = "train") -> list[Audio]:
    """The audio files under a folder (searched whole) of one split, each (frames,), in order of name.

    split: train, validation or all. A file alone is a folder of one, in every split. Raises InputError if there is
    none, or one cannot be read.
    """
    path = Path(path)
    if path.is_file():
        return [read_audio(path)]
    if not path.is_dir():
        raise InputError(f"{path}: there is no such folder; check the path.")
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
    if not files:
        raise InputError(f"{path}: there is no audio file in this folder; it needs {', '.join(SUFFIXES)} files.")
    chosen = [f for f in files if split == "all" or is_validation(f.name) == (split == "validation")]
    return [read_audio(file) for file in chosen or files]


def phrases_from(notes: Sequence[Audio], seconds: float, seed: int) -> Audio:
    """Notes laid over one another into phrases and chords with rests and level changes: (frames,), the same for a seed.

    Longer recordings are cut into events of at most 2.5 s at random places.
    """
    rng = np.random.default_rng([seed, 2])

    def note(generator: Generator) -> Floats:
        whole = notes[int(generator.integers(len(notes)))]
        longest = int(generator.uniform(0.3, 2.5) * SAMPLE_RATE)
        start = int(generator.integers(len(whole) - longest)) if len(whole) > 2 * longest else 0
        event = whole[start : start + longest].astype(np.float64)
        peak = np.abs(event).max()
        return _faded(event / peak if peak > 0 else event, release_seconds=0.01, attack_seconds=0.001 if start else 0.0)

    parts: list[Floats] = []
    while sum(map(len, parts)) < seconds * SAMPLE_RATE:
        parts.append(phrase(note, 4.0, int(rng.choice([1, 2, 3], p=[0.5, 0.25, 0.25])), rng))
    return np.concatenate(parts)[: int(seconds * SAMPLE_RATE)].astype(np.float32)


def shuffled(audio: Audio, seed: int, piece_seconds: float = 1.0) -> Audio:
    """The same audio (frames,) in another order, in pieces faded over 5 ms: any stretch has some of all.

    What is left over at the end stays there.
    """
    piece = int(piece_seconds * SAMPLE_RATE)
    count = len(audio) // piece
    pieces = audio[: count * piece].reshape(count, piece)[np.random.default_rng([seed, 3]).permutation(count)]
    ramp = np.minimum(1, np.arange(piece) / (0.005 * SAMPLE_RATE))
    faded = (pieces * (ramp * ramp[::-1])).astype(np.float32).reshape(-1)
    return np.concatenate([faded, audio[count * piece :]])


def band_limited_saw(phase: Floats, hz: Floats) -> Floats:
    """A saw from its phase in cycles, its step rounded by two samples' polynomial (Valimaki and Huovilainen, 2007)."""
    step = hz / SAMPLE_RATE
    t = phase % 1.0
    saw = 2 * t - 1
    rising, falling = t < step, t > 1 - step
    x = t[rising] / step[rising]
    saw[rising] -= 2 * x - x * x - 1
    x = (t[falling] - 1) / step[falling]
    saw[falling] -= x * x + 2 * x + 1
    return saw


def _faded(audio: Floats, release_seconds: float, attack_seconds: float = 0.0) -> Floats:
    out = np.array(audio, dtype=np.float64)
    release = min(len(out), int(release_seconds * SAMPLE_RATE))
    if release:
        out[-release:] *= np.linspace(1, 0, release)
    attack = min(len(out), int(attack_seconds * SAMPLE_RATE))
    if attack:
        out[:attack] *= np.linspace(0, 1, attack)
    return out


def _levelled(audio: Floats, rng: Generator) -> Floats:
    peak = np.abs(audio).max()
    return audio * (10 ** (rng.uniform(*PEAK_DBFS) / 20) / peak) if peak > 0 else audio
