"""Whether wet audio is what a device made of dry audio, where no linear measure tells: strong distortion, few notes.

A rough device is fitted at a delay to every other second and measured on the seconds between. The same is done with
wet audio that surely does not belong: the wet itself backwards, and from another place. Held notes are alike at many
delays, and anything can be learnt by heart; only what was really played explains what was not learnt from, several
times better than those. The device: high-passes, clippers of many strengths, odd and even, and after each the first few
Laguerre filters (Wahlberg, "System identification using Laguerre models", IEEE Trans. Automatic Control 36(5), 1991).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.signal import butter, lfilter

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.recording.activity import STEP_FRAMES, step_power
from gritspace.train.audio.recording.rough_device import loud_level

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

RATE = SAMPLE_RATE // 2
HIGH_PASSES_HZ, GAINS = (0, 150, 700, 1800), (1, 5, 30, 200)
FILTERS, POLE = 6, 0.5
RIDGE = 0.03
TREBLE_HZ = 300.0
"""Below it a held note's fundamental is, which says little and would weigh most."""
LEVEL_SECONDS = 0.1
MOST_SECONDS = 8
SECOND = RATE
BELONGS, AS_GOOD = 0.5, 1.6
"""What belongs leaves at most so much unsaid of what others leave; a delay within so much of the best is as good."""
STEPS_FRAMES = (128, 64, 32, 16, 8, 4, 2)
SAME_WAY = 0.5


@dataclass(frozen=True)
class Belonging:
    """lag: the likeliest of the delays asked about, 0 wherever that is as good. unsaid: what share of the wet's energy
    is not explained there, on seconds that were not learnt from; of_others: the least of wets that do not belong.
    """

    lag: int
    unsaid: float
    of_others: float

    @property
    def sure(self) -> bool:
        """Whether the wet is surely what was played."""
        return self.unsaid < BELONGS * min(self.of_others, 2.0)


def belonging(dry: Audio, wet: Audio, lags: Sequence[int]) -> Belonging:
    """dry (frames,), wet (other frames,) at 48 kHz; lags: delays of the wet to choose from, no delay among them."""
    start, stop = _loudest(dry, MOST_SECONDS * SAMPLE_RATE)
    features = _features(_halved(dry[start:stop]), loud_level(dry))
    heard = np.asarray(lfilter(*_treble(), _halved(wet)), np.float32)
    first = start // 2
    unsaid = {lag: _unsaid(features, heard, first + round(lag / 2)) for lag in {0, *lags}}
    best = min(unsaid, key=lambda lag: unsaid[lag])
    for step in STEPS_FRAMES:
        for lag in (best - step, best + step):
            unsaid[lag] = _unsaid(features, heard, first + round(lag / 2))
        best = min(unsaid, key=lambda lag: unsaid[lag])
    lag = 0 if unsaid[0] <= AS_GOOD * unsaid[best] else best
    place = first + round(lag / 2)
    span = features.shape[1]
    part = heard[max(0, place) : place + span]
    others = [part[::-1], np.roll(part, len(part) // 2), np.roll(part[::-1], len(part) // 3)]
    return Belonging(lag, unsaid[lag], min(_unsaid(features, other, min(0, place)) for other in others))


def way_up(dry: Audio, wet: Audio, lag: int) -> int:
    """-1 where what was played comes out surely upside down through any of the odd curves; 1 where not, or unsure."""
    low, high = max(0, -lag), min(len(dry), len(wet) - lag)
    ours = _bent(_halved(dry[low:high]), loud_level(dry))
    theirs = _halved(wet[low + lag : high + lag])
    size = min(ours.shape[1], len(theirs))
    ours, theirs = ours[:, :size], theirs[:size] - theirs[:size].mean()
    told = ours @ theirs / (np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs) + 1e-20)
    best = float(told[int(np.abs(told).argmax())])
    return -1 if best < -SAME_WAY else 1


def _halved(audio: Audio) -> Audio:
    return np.asarray(soxr.resample(audio, SAMPLE_RATE, RATE), np.float32)


def _treble() -> tuple[Floats, Floats]:
    above, below = butter(1, TREBLE_HZ, "high", fs=RATE)
    return above, below


def _bent(dry: Audio, level: float, even: bool = False) -> Audio:
    """(frames,) -> (curves, frames)."""
    straight = dry / np.float32(level)
    rows = []
    for hz in HIGH_PASSES_HZ:
        high = lfilter(*butter(1, hz, "high", fs=RATE), straight) if hz else straight
        rows += [high] if hz == 0 else []
        for gain in GAINS:
            curve = np.tanh(gain * high)
            rows += [curve, np.abs(curve)] if even and gain > 1 else [curve]
    return np.array(rows, np.float32)


def _features(dry: Audio, level: float) -> Audio:
    """(frames,) -> (curves * FILTERS, frames), treble raised as the wet's is."""
    rows = lfilter(*_treble(), _bent(dry, level, even=True))
    rows = lfilter([np.sqrt(1 - POLE**2)], [1, -POLE], rows)
    out = []
    for _ in range(FILTERS):
        out.append(rows.astype(np.float32))
        rows = lfilter([-POLE, 1], [1, -POLE], rows)
    return np.concatenate(out)


def _unsaid(features: Audio, heard: Audio, place: int) -> float:
    """heard from `place` on against features: the share of its energy that a device fitted to every other second leaves
    unsaid of the seconds between; soft passages weigh nearly as much as loud ones. Infinite where too little meets.
    """
    low, high = max(0, -place), min(features.shape[1], len(heard) - place)
    if high - low < 2 * SECOND:
        return float("inf")
    ours, theirs = features[:, low:high], heard[low + place : high + place]
    around = np.ones(int(LEVEL_SECONDS * RATE), np.float32)
    level = np.sqrt(np.convolve(np.square(theirs), around / len(around), "same"))
    weight = (1 / np.sqrt(level + 1e-3 * np.abs(theirs).max() + 1e-9)).astype(np.float32)
    ours, theirs = ours * weight, theirs * weight
    turn = np.arange(high - low) // SECOND % 2
    error = energy = 0.0
    for of in (0, 1):
        learnt, asked = turn == of, turn != of
        found = _least_squares(ours[:, learnt], theirs[learnt])
        error += float(np.square(theirs[asked] - found @ ours[:, asked], dtype=np.float64).sum())
        energy += float(np.square(theirs[asked], dtype=np.float64).sum())
    return error / (energy + 1e-30)


def _least_squares(rows: Audio, target: Audio) -> Audio:
    within = (rows @ rows.T).astype(np.float64)
    diagonal = np.diag_indices_from(within)
    within[diagonal] *= 1 + RIDGE
    within[diagonal] += 1e-9 * np.trace(within) / len(within) + 1e-20
    return np.asarray(cho_solve(cho_factor(within), (rows @ target).astype(np.float64)), np.float32)


def _loudest(dry: Audio, frames: int) -> tuple[int, int]:
    """The part of at most so many frames that has the most energy."""
    if len(dry) <= frames:
        return 0, len(dry)
    power = np.concatenate([[0.0], np.cumsum(step_power(dry))])
    span = frames // STEP_FRAMES
    start = int((power[span:] - power[:-span]).argmax()) * STEP_FRAMES
    return start, start + frames
