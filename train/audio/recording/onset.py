"""The first frame at which a device answers: a delay told by cause and effect, where a phase leaves it open.

A device answers what was played, never what will be. So filters that may look ahead are fitted to static curves of the
dry, latest frame first, and each earlier frame's own share of what is explained then is told: before the answer begins
it is next to nothing, and a device that is not very dark begins within a frame or two. All shares come out of one
Cholesky factor, since every model with fewer frames ahead is the leading part of the whole one. Differences are weighed
by the noise of each frequency, so that a bass that explains most does not decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.linalg import cholesky, solve_triangular

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.recording.activity import active_windows
from gritspace.train.audio.recording.course import Stretch
from gritspace.train.audio.recording.rough_device import CURVES, curves
from gritspace.train.audio.recording.whitening import power_spectrum

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

EARLIEST, LATEST = -96, 127
"""Frames about the assumed delay among which the answer begins."""
RIDGE = 1e-6
ROUND_FRAMES = 4
"""Of so many frames each the shares before and after are compared."""
CLEAR_DB = 7.0
"""The least rise that is a beginning."""
UNCERTAIN_DB = 30.0
"""A rise by so much is sure to a frame, by half of it to two."""
BELOW_PEAK_DB, PEAK_FRAMES = 9.0, 16
"""A rise has ended where a share is so near to the largest of the next few: filters of converters ring a little before
what they pass on, and a dark device takes a while. The answer is taken to begin in the middle of it."""
QUIET_DB = 12.0
"""All that was explained before must be so far below what is explained at the most."""
NOISE_SHARE, NOISE_BINS = 1e-4, 9
CHUNK_FRAMES, MOST_CHUNKS, FEWEST_CHUNKS = SAMPLE_RATE, 12, 3
SAME_FRAMES = 4
"""Two stretches whose answers begin so near to one another have one delay."""


@dataclass(frozen=True)
class Onset:
    """frames: how much later than assumed the device answers first, give or take `uncertain`. rise_db: how clearly;
    slow: how many frames the rise takes.
    """

    frames: int
    rise_db: float
    slow: int

    @property
    def clear(self) -> bool:
        """Whether it begins within a frame or two: of a dark one it is anywhere in a slow rise."""
        return self.rise_db >= CLEAR_DB

    @property
    def uncertain(self) -> float:
        """The steeper, the surer."""
        return max(UNCERTAIN_DB / max(self.rise_db, 1e-9), float(self.slow))


def onset_of(dry: Audio, wet: Audio, made: Audio, part: Stretch, level: float) -> Onset | None:
    """Of a stretch of the whole recording, about its own delay; none where too little is played in it."""
    low, high = max(part.start, -part.lag), min(part.stop, len(wet) - part.lag, len(made))
    starts = [low + s for s in active_windows(dry[low:high], CHUNK_FRAMES, CHUNK_FRAMES // 2)] if high > low else []
    starts = [s for s in starts if s + CHUNK_FRAMES <= high]
    if len(starts) < FEWEST_CHUNKS:
        return None
    spans = [slice(s, s + CHUNK_FRAMES) for s in starts[:: -(-len(starts) // MOST_CHUNKS)]]
    wets = [wet[span.start + part.lag : span.stop + part.lag] for span in spans]
    return onset([dry[span] for span in spans], wets, [made[span] for span in spans], level)


def without_false_jumps(
    dry: Audio, wet: Audio, made: Audio, stretches: Sequence[Stretch], level: float
) -> list[Stretch]:
    """Neighbours in which the device answers after the same time made one: what a turned knob does to the phase is no
    lost buffer. Only of steps that are small enough for filters to hide them in."""
    kept = [stretches[0]]
    for part in stretches[1:]:
        before, told = kept[-1], None
        if abs(part.lag - before.lag) <= -EARLIEST:
            told = [onset_of(dry, wet, made, one, level) for one in (before, part)]
        if told and all(one is not None and one.clear for one in told):
            late = [one.lag + begins.frames for one, begins in zip((before, part), told, strict=True) if begins]
            if abs(late[1] - late[0]) <= SAME_FRAMES:
                nearer = min(zip((before, part), told, strict=True), key=lambda pair: abs(pair[1].frames))[0]  # type: ignore[union-attr]
                kept[-1] = Stretch(before.start, part.stop, nearer.lag)
                continue
        kept.append(part)
    return kept


def onset(dries: Sequence[Audio], wets: Sequence[Audio], mades: Sequence[Audio], level: float) -> Onset:
    """Chunks (frames,), equally long, the wet of each taken at the assumed delay; mades: what a rough device makes of
    them. Raises ValueError without a chunk."""
    shares = _shares(dries, wets, mades, level)
    logs = 10 * np.log10(shares / max(float(shares.sum()), 1e-30) + 1e-12)
    means = np.convolve(logs, np.ones(ROUND_FRAMES) / ROUND_FRAMES, "valid")
    rises = means[ROUND_FRAMES:] - means[:-ROUND_FRAMES]
    places = np.arange(len(rises)) + ROUND_FRAMES
    before = np.maximum.accumulate(means)[: len(rises)]
    rises = np.where(before < logs.max() - QUIET_DB, rises, 0.0)
    steepest = int(rises.argmax())
    place = int(places[steepest])
    heard = logs[place : place + PEAK_FRAMES]
    slow = int(np.flatnonzero(heard >= heard.max() - BELOW_PEAK_DB)[0])
    return Onset(EARLIEST + place + slow // 2, float(rises[steepest]), slow)


def _shares(dries: Sequence[Audio], wets: Sequence[Audio], mades: Sequence[Audio], level: float) -> Floats:
    """(LATEST - EARLIEST + 1,), earliest first: what each frame adds to what all later ones explain."""
    if len(dries) == 0:
        raise ValueError("no chunk to tell an onset by")
    width, frames = len(dries[0]), LATEST - EARLIEST + 1
    size = next_fast_len(width + 2 * frames, real=True)
    gain = _gain(wets, mades, size)
    taper = np.hanning(width).astype(np.float32)
    within = np.zeros((CURVES, CURVES, size // 2 + 1), np.complex128)
    across = np.zeros((CURVES, size // 2 + 1), np.complex128)
    for dry, wet in zip(dries, wets, strict=True):
        ours = rfft((curves(dry, level) * taper).astype(np.float64), size) * gain
        across += ours.conj() * (rfft((wet * taper).astype(np.float64), size) * gain)
        for one in range(CURVES):
            within[one, one:] += ours[one].conj() * ours[one:]
    late = np.arange(LATEST, EARLIEST - 1, -1)
    apart = late[:, None] - late[None]
    matrix = np.empty((frames, CURVES, frames, CURVES))
    for one in range(CURVES):
        for other, row in enumerate(irfft(within[one, one:], size), one):
            matrix[:, one, :, other] = row[apart]
            matrix[:, other, :, one] = matrix[:, one, :, other].T
    square, target = matrix.reshape(frames * CURVES, -1), irfft(across, size)[:, late].T.reshape(-1)
    size_of = np.sqrt(np.diag(square)) + 1e-30
    square /= size_of[:, None]
    square /= size_of
    square[np.diag_indices_from(square)] += RIDGE
    factor = cholesky(square, lower=True, overwrite_a=True, check_finite=False)
    found = solve_triangular(factor, target / size_of, lower=True, check_finite=False)
    return np.square(found).reshape(frames, CURVES).sum(1)[::-1]


def _gain(wets: Sequence[Audio], mades: Sequence[Audio], size: int) -> Floats:
    """Of every frequency of a spectrum of `size`: one over the size of what the rough device leaves there."""
    left = np.mean([power_spectrum(wet - made) for wet, made in zip(wets, mades, strict=True)], 0)
    left = left + NOISE_SHARE * np.mean([power_spectrum(wet) for wet in wets], 0) + 1e-30
    smooth = np.ones(NOISE_BINS) / NOISE_BINS
    left = np.exp(np.convolve(np.pad(np.log(left), NOISE_BINS // 2, mode="edge"), smooth, "valid"))
    left = np.maximum(left, 1e-8 * left.max())
    hz = np.linspace(0, 1, size // 2 + 1)
    return np.asarray(1 / np.sqrt(np.interp(hz, np.linspace(0, 1, len(left)), left)), np.float64)
