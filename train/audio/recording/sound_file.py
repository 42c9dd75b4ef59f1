"""One side of a recording as its file has it: which channel, and whether it was recorded too loud, or not at all.

Flat tops are looked for in the file's own samples: resampled, they are flat no longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SAMPLE_RATE, read_samples, resample
from gritspace.train.errors import InputError

Audio = NDArray[np.float32]

SILENT_DBFS, QUIET_PEAK_DBFS = -80.0, -40.0
FULL_SCALE, CLIPPED_RUN = 0.985, 3
"""So many samples in a row at the loudest level there is, and that near full scale: clipped."""
MAX_CLIPPED, TOLD_CLIPPED = 1e-3, 1e-5
HOT = 1.0
SAME_CHANNELS_DB, SILENT_CHANNEL_DB = -60.0, -60.0
CHANNELS = ("left", "right", "mix")


@dataclass(frozen=True)
class Side:
    """audio: (frames,) at 48 kHz. clipped: share of the file's samples. peak: of the file, 1 is full scale."""

    name: str
    audio: Audio
    clipped: float
    peak: float
    remarks: tuple[str, ...] = ()


def read_side(path: Path, channel: str | None = None) -> Side:
    """A file of any rate and depth. channel: of CHANNELS, where two channels differ.

    Raises InputError if it is missing, empty, no audio, not finite, or its channels differ and none was chosen.
    """
    if not path.is_file() or path.stat().st_size == 0:
        what = "this is a folder; give one of its files" if path.is_dir() else "there is no such file, or it is empty"
        raise InputError(f"{path}: {what}.")
    audio, rate = read_samples(path)
    if not np.isfinite(audio).all():
        first = int(np.flatnonzero(~np.isfinite(audio).all(1))[0])
        raise InputError(f"{path}: frame {first} is not a number or infinite; export it again.")
    if len(audio) == 0:
        raise InputError(f"{path}: there is no audio in it; record or export it again.")
    one, remarks = one_channel(str(path), audio, channel)
    return side(str(path), one, rate, remarks)


def side(name: str, audio: Audio, rate: int = SAMPLE_RATE, remarks: tuple[str, ...] = ()) -> Side:
    """audio (frames,) at its own rate."""
    peak = float(np.abs(audio).max(initial=0.0))
    return Side(name, resample(audio, rate, SAMPLE_RATE), clipped_share(audio), peak, remarks)


def one_channel(name: str, audio: Audio, channel: str | None) -> tuple[Audio, tuple[str, ...]]:
    """(frames, channels) -> (frames,): equal ones are mixed, a silent one is dropped, of two that differ one is chosen.

    Raises InputError where a choice is needed.
    """
    if audio.shape[1] == 1:
        return np.ascontiguousarray(audio[:, 0]), ()
    if audio.shape[1] != 2:
        raise InputError(f"{name}: it has {audio.shape[1]} channels; export the one that is meant.")
    left, right = audio.T
    if channel is not None:
        chosen = {"left": left, "right": right, "mix": 0.5 * (left + right)}[channel]
        return np.ascontiguousarray(chosen, np.float32), ()
    power = [_power(left), _power(right)]
    quiet = max(power) * 10 ** (SILENT_CHANNEL_DB / 10)
    for index, word in ((0, "left"), (1, "right")):
        if power[index] <= quiet < max(power):
            other = audio[:, 1 - index]
            return np.ascontiguousarray(other), (f"{name}: its {word} channel is silent; the other one is taken.",)
    if _power(left - right) <= max(power) * 10 ** (SAME_CHANNELS_DB / 10):
        return np.ascontiguousarray(0.5 * (left + right), np.float32), ()
    raise InputError(f"{name}: its two channels differ; say which is meant: --channel left, right or mix.")


def verdicts(one: Side, force: bool, shortest_seconds: float) -> list[str]:
    """What is to be said of a side's level. Raises InputError for silence, for much clipping, for too little."""
    if len(one.audio) < shortest_seconds * SAMPLE_RATE:
        raise InputError(
            f"{one.name}: {len(one.audio) / SAMPLE_RATE:.1f} s are too little to learn from; at least "
            f"{shortest_seconds:g} s are needed, and three minutes are good."
        )
    rms = float(np.sqrt(_power(one.audio)))
    if dbfs(rms) < SILENT_DBFS:
        raise InputError(f"{one.name}: it is silent ({dbfs(rms):.0f} dBFS); check the cables and record it again.")
    said = list(one.remarks)
    if dbfs(one.peak) < QUIET_PEAK_DBFS:
        said.append(f"{one.name} is quiet (peak {dbfs(one.peak):.0f} dBFS); a louder recording has less noise.")
    if one.peak > HOT + 1e-6:
        said.append(f"{one.name} goes above full scale (peak {dbfs(one.peak):+.1f} dBFS); taken as it is.")
    if one.clipped > MAX_CLIPPED and not force:
        raise InputError(
            f"{one.name}: {one.clipped:.1%} of it is clipped at {dbfs(one.peak):.1f} dBFS; record it with less level, "
            "or --force to learn the clipping too."
        )
    if one.clipped > TOLD_CLIPPED:
        said.append(f"{one.name} is clipped in places ({one.clipped:.3%} of it, at {dbfs(one.peak):.1f} dBFS).")
    return said


def clipped_share(audio: Audio) -> float:
    """Which share of samples (frames,) lies in runs of CLIPPED_RUN or more at the highest or lowest value there is, and
    that near full scale or above; the two may differ."""
    share = 0
    for signed in (audio, -audio):
        peak = float(signed.max(initial=0.0))
        if peak < FULL_SCALE:
            continue
        flat = (signed >= peak - 2e-5).astype(np.int8)
        edges = np.flatnonzero(np.diff(flat, prepend=0, append=0))
        runs = edges[1::2] - edges[::2]
        share += int(runs[runs >= CLIPPED_RUN].sum())
    return share / max(len(audio), 1)


def dbfs(level: float) -> float:
    """20 log10, at least -200."""
    return float(20 * np.log10(max(level, 1e-10)))


def _power(audio: NDArray[np.floating]) -> float:
    return float(np.mean(np.square(audio, dtype=np.float64))) if len(audio) else 0.0
