"""Clips to learn from: devices at random settings, each with its own short excerpt of dry audio; kept on disk."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from gritspace.train.audio import signals
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.device import Audio, Device
from gritspace.train.errors import InputError
from gritspace.train.output_file import written_whole

CLIP_RMS = 0.1
QUIET_RMS = 3e-3
"""Excerpts softer than this (-50 dBFS) are rests, and nobody could tell a device from them."""


@dataclass
class Clips:
    """n clips. device (n,): index into the devices; settings (n, most knobs): NaN where a device has fewer knobs.

    wet is as the device gives it; share (n,): how harmonic the dry audio is, NaN where that was not set.
    """

    dry: Audio
    wet: Audio
    device: NDArray[np.int64]
    settings: NDArray[np.float32]
    share: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.device)

    def part(self, chosen: NDArray[Any]) -> Clips:
        """Some of them: indices or a mask."""
        return Clips(*(getattr(self, one.name)[chosen] for one in fields(self)))


Source = Callable[[Generator], tuple[Audio, float]]
"""Gives dry audio (frames,) and how harmonic it is, or NaN."""


def excerpts(audio: Audio, frames: int) -> Source:
    """Random excerpts of one long recording, without its rests. Raises InputError if there is nothing but rest."""
    if len(audio) < frames:
        raise InputError(
            f"the dry audio: {len(audio) / SAMPLE_RATE:.2f} s are too short for one clip; give more audio."
        )

    def source(rng: Generator) -> tuple[Audio, float]:
        for _ in range(200):
            start = int(rng.integers(len(audio) - frames + 1))
            piece = audio[start : start + frames]
            if np.sqrt(np.mean(np.square(piece, dtype=np.float64))) > QUIET_RMS:
                return piece, float("nan")
        raise InputError("the dry audio is silence, or nearly; give audio that can be distorted.")

    return source


def harmonic_source(frames: int, shares: Sequence[float]) -> Source:
    """Notes whose share of harmonic power is drawn from `shares`; the rest is noise with the same spectral fall."""

    def source(rng: Generator) -> tuple[Audio, float]:
        share = float(rng.choice(shares))
        time = np.arange(frames) / SAMPLE_RATE
        hz = 80.0 * 2 ** rng.uniform(0, 3)
        count = int(min(40, 16_000 / hz))
        fall = rng.uniform(0.8, 2.0)
        tone = np.zeros(frames)
        for n in range(1, count + 1):
            tone += np.sin(2 * np.pi * (hz * n * time + rng.random())) / n**fall
        spectrum = np.fft.rfft(rng.normal(size=frames))
        bins = np.fft.rfftfreq(frames, 1 / SAMPLE_RATE)
        noise = np.fft.irfft(spectrum / np.maximum(bins / hz, 1) ** fall * (bins > 40), frames)
        mixed = np.sqrt(share) * tone / tone.std() + np.sqrt(1 - share) * noise / noise.std()
        mixed *= np.minimum(1, time / 0.003) * np.exp(-time / rng.uniform(0.2, 2.0))
        peak = 10 ** (rng.uniform(-18, -3) / 20)
        return (peak * mixed / np.abs(mixed).max()).astype(np.float32), share

    return source


def render_clips(devices: Sequence[Device], per_device: int, source: Source, seed: int) -> Clips:
    """`per_device` clips of each device at settings drawn evenly from [0, 1]; the same for a seed.

    Raises InputError if a device gives silence or numbers that are not finite.
    """
    most = max(len(device.knobs) for device in devices)
    dry, settings, share, index = [], [], [], []
    for i in range(len(devices)):
        rng = np.random.default_rng([seed, 11, i])
        for _ in range(per_device):
            audio, harmonic = source(rng)
            knobs = rng.random(most).astype(np.float32)
            knobs[len(devices[i].knobs) :] = np.nan
            dry.append(audio)
            settings.append(knobs)
            share.append(harmonic)
            index.append(i)
    clips = Clips(np.stack(dry), np.stack(dry), np.array(index), np.stack(settings), np.array(share, np.float32))
    clips.wet = render_at(devices, clips.dry, clips.device, clips.settings)
    for i, device in enumerate(devices):
        if not np.isfinite(clips.wet[clips.device == i]).all() or not clips.wet[clips.device == i].any():
            raise InputError(f"{device.name}: it gives silence, or numbers that are not finite; leave this device out.")
    return clips


def render_at(
    devices: Sequence[Device], dry: Audio, device: NDArray[np.int64], settings: NDArray[np.float32], rows: int = 16
) -> Audio:
    """Each row of dry (n, frames) through its device (n,) at its settings (n, most knobs) -> wet (n, frames)."""
    jobs = []
    for i in range(len(devices)):
        of_device = np.flatnonzero(device == i)
        jobs += [(i, of_device[start : start + rows]) for start in range(0, len(of_device), rows)]
    wet = np.zeros_like(dry)

    def one(job: tuple[int, NDArray[np.int64]]) -> None:
        i, chosen = job
        wet[chosen] = devices[i].render(dry[chosen], settings[chosen, : len(devices[i].knobs)])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, jobs))
    return wet


def kept(folder: Path, name: str, options: dict[str, Any], make: Callable[[], Clips]) -> Clips:
    """The clips made from these options, from the folder if they are there."""
    path = folder / f"{name}-{key_of(options)}.npz"
    names = [one.name for one in fields(Clips)]
    try:
        with np.load(path) as file:
            return Clips(*(file[one] for one in names))
    except (OSError, KeyError, ValueError):
        pass
    clips = make()
    folder.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as beside:
        np.savez(beside, **{one: getattr(clips, one) for one in names})
    return clips


def levelled(audio: Audio) -> Audio:
    """Every clip (n, frames) as loud as every other: what is heard is the sound, not the level."""
    rms = np.sqrt(np.mean(np.square(audio, dtype=np.float64), axis=-1, keepdims=True))
    return (audio * (CLIP_RMS / np.maximum(rms, 1e-9))).astype(np.float32)


def dry_stream(audio: Sequence[Path], seconds: float, seed: int, split: str) -> Audio:
    """Phrases of the files' notes (`split` as in signals.read_folder) beside synthetic ones: (frames,)."""
    if not audio:
        return signals.synthetic(seconds, seed)
    notes = [note for path in audio for note in signals.read_folder(path, split)]
    return np.concatenate([signals.phrases_from(notes, seconds / 2, seed), signals.synthetic(seconds / 2, seed + 1)])


def key_of(options: dict[str, Any]) -> str:
    """Twelve hex digits that change whenever an option does."""
    return hashlib.sha256(json.dumps(options, sort_keys=True, default=str).encode()).hexdigest()[:12]
