"""Which parts of a recording are held out to measure on: whole clips, from all over it, and of every material.

A stretch held out of the middle of what is learnt is more of the same notes: its error is several times better than
that of another clip of the same device. So the recording is cut into clips where it rests, clips are told apart by how
loud and bright they are, and one kind of them is held out altogether.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.stats import t as student

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.recording.activity import STEP_FRAMES, step_power

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

CLIP_SECONDS = (1.5, 4.0)
SHORT_SECONDS = 15.0
"""What is shorter, a recording or a clip given, is cut into as many parts, shorter ones: one part tells no interval."""
SHARE, LARGEST_SHARE, SECONDS = 0.15, 0.3, (2.0, 30.0)
SECTIONS = 5
QUIET_DB = -50.0
BANDS_HZ = (60, 150, 400, 1000, 2500, 6000)
RESAMPLINGS = 2000


@dataclass(frozen=True)
class Clip:
    """Frames start to stop."""

    start: int
    stop: int

    @property
    def frames(self) -> int:
        """How long it is."""
        return self.stop - self.start


def clips_of(wet: Audio, joints: Sequence[int] = ()) -> list[Clip]:
    """The recording (frames,) in pieces of CLIP_SECONDS, parted where it is softest, and at joints."""
    level = step_power(wet)
    found: list[Clip] = []
    edges = [0, *joints, len(wet)]
    for first, last in itertools.pairwise(edges):
        start = first
        scale = min(1.0, (last - first) / (SHORT_SECONDS * SAMPLE_RATE))
        shortest, longest = (max(1, int(scale * seconds * SAMPLE_RATE) // STEP_FRAMES) for seconds in CLIP_SECONDS)
        while last - start > (shortest + longest) * STEP_FRAMES:
            low, high = start // STEP_FRAMES + shortest, start // STEP_FRAMES + longest
            stop = (low + int(level[low:high].argmin())) * STEP_FRAMES
            found.append(Clip(start, stop))
            start = stop
        found.append(Clip(start, last))
    return found


def held_out(dry: Audio, wet: Audio, joints: Sequence[int] = (), share: float = SHARE) -> list[Clip]:
    """Clips to measure on: from every section of the recording, unlike each other; and all clips of one kind.

    dry, wet (frames,), aligned. In order of time; at least one, never all.
    """
    clips = clips_of(wet, joints)
    if len(clips) == 1:
        middle = len(wet) - max(1, int(share * len(wet)))
        return [Clip(middle, len(wet))]
    least = min(SECONDS[0] * SAMPLE_RATE, LARGEST_SHARE * len(wet))
    budget = int(np.clip(share * len(wet), least, SECONDS[1] * SAMPLE_RATE))
    features = np.stack([_sound(dry, wet, clip) for clip in clips])
    power = np.array([float(np.mean(np.square(wet[c.start : c.stop], dtype=np.float64))) for c in clips])
    audible = power > power.max() * 10 ** (QUIET_DB / 10)
    chosen = _kind_apart(features, clips, audible, 0.4 * budget)
    frames = sum(clips[index].frames for index in chosen)
    section = np.array([min(SECTIONS - 1, SECTIONS * (c.start + c.stop) // (2 * len(wet))) for c in clips])
    order = [number for _ in range(len(clips)) for number in range(SECTIONS)]
    for number in order:
        left = [i for i in np.flatnonzero(audible & (section == number)) if i not in chosen]
        if frames >= budget or len(chosen) >= len(clips) - 1:
            break
        if left:
            apart = [
                min((float(np.square(features[i] - features[j]).sum()) for j in chosen), default=0.0) for i in left
            ]
            index = int(left[int(np.argmax(apart))])
            chosen.append(index)
            frames += clips[index].frames
    if not chosen:
        chosen = [int(power.argmax())]
    return [clips[index] for index in sorted(chosen)]


def interval(
    errors: Sequence[float], energies: Sequence[float], share: float = 0.9, seed: int = 0
) -> tuple[float, float]:
    """Error-to-signal ratio pooled over clips: between which values it lies, if other clips had been held out.

    By drawing clips anew (bootstrap of a ratio), widened as Student's t is for so few. One clip tells no interval: it
    is (0, infinity) then.
    """
    error, energy = np.asarray(errors, np.float64), np.asarray(energies, np.float64)
    count = len(error)
    if count < 2 or error.sum() <= 0:
        return 0.0, float("inf")
    drawn = np.random.default_rng([seed, 5]).integers(count, size=(RESAMPLINGS, count))
    logs = np.log(error[drawn].sum(1) + 1e-30) - np.log(energy[drawn].sum(1) + 1e-30)
    middle = float(np.log(error.sum() / energy.sum()))
    wider = (
        float(student.ppf(0.5 + share / 2, count - 1) / student.ppf(0.5 + share / 2, 10_000))
        * (count / (count - 1)) ** 0.5
    )
    low, high = np.quantile(logs, [0.5 - share / 2, 0.5 + share / 2]) - middle
    return float(np.exp(middle + wider * min(low, 0.0))), float(np.exp(middle + wider * max(high, 0.0)))


def _kind_apart(features: Floats, clips: list[Clip], audible: NDArray[np.bool_], budget: float) -> list[int]:
    """The clips of the kind that is most unlike the rest, among kinds that fit the budget."""
    where = np.flatnonzero(audible)
    if len(where) < 8:
        return []
    distance = np.square(features[where][:, None] - features[where][None]).sum(-1)
    best: tuple[float, list[int]] = (0.0, [])
    for seed in range(len(where)):
        near = np.argsort(distance[seed])
        for size in range(1, max(2, len(where) // 4)):
            inside, outside = near[:size], near[size:]
            if sum(clips[where[i]].frames for i in inside) > budget:
                break
            gap = float(distance[np.ix_(inside, outside)].min())
            if gap > best[0]:
                best = gap, [int(where[i]) for i in inside]
    return best[1]


def _sound(dry: Audio, wet: Audio, clip: Clip) -> Floats:
    """What tells clips apart: both sides' levels in bands, each in units of 6 dB."""
    out = []
    for audio in (dry[clip.start : clip.stop], wet[clip.start : clip.stop]):
        power = np.square(np.abs(rfft(audio * np.hanning(len(audio)).astype(np.float32)))) / max(len(audio), 1)
        hz = np.arange(len(power)) * SAMPLE_RATE / max(len(audio), 1)
        bands = [power[(hz >= a) & (hz < b)].sum() for a, b in itertools.pairwise(BANDS_HZ)]
        out += [10 * np.log10(max(float(band), 1e-9)) / 6 for band in bands]
    return np.array(out)
