"""Where in the wet audio the dry is at all: any delay, through any device, by what each band of frequencies does.

Per band the complex envelope of the dry, bent or straight, is correlated with that of the wet. A filter only turns each
band's phase, so it does no harm; a distortion leaves the bands of its own curve in line; a held note agrees with itself
at any delay in its own few bands, and so counts little. The sum over bands of -log(1 - coherence) is what the two tell
of each other. Source of the measure: Carter, "Coherence and time delay estimation", Proc. IEEE 75(2), 1987.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft, ifft, next_fast_len, rfft
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.recording.rough_device import loud_level

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

STEP = 256
"""Frames between envelopes, which is how exact a coarse delay is."""
SPECTRUM = 1024
BANDS = slice(2, 172)  # 94 Hz to 8 kHz
BLOCK_SECONDS, BLOCKS, PEAKS, MAX_CANDIDATES = 6.0, 12, 5, 8
NEAR = 1.01 * STEP
MAX_DRIFT = 400e-6
"""Of two clocks that are not broken."""


@dataclass(frozen=True)
class Candidate:
    """The wet is so many `frames` late at the start, and `drift` frames a frame later; with so many votes."""

    frames: float
    drift: float
    votes: float


def coarse_delays(dry: Audio, wet: Audio, starts: Sequence[int], block_frames: int) -> list[Candidate]:
    """The delays that most blocks of dry agree upon, the likeliest first, exact to about STEP; none in silence.

    dry (frames,), wet (other frames,), starts of blocks of block_frames.
    """
    level = loud_level(dry)
    of_wet = envelopes(wet)
    votes: list[tuple[float, float, float]] = []
    for start in starts:
        piece = dry[start : start + block_frames]
        told = np.zeros(0)
        for ours in (piece, np.tanh(np.float32(8 / level) * piece)):
            agreed = _agreement(envelopes(ours), of_wet)
            told = agreed if len(told) == 0 else told + agreed
        told = gaussian_filter1d(told, 1.0, mode="wrap")
        told = np.roll(told - np.median(told), len(told) - len(of_wet))
        peaks, _ = find_peaks(np.concatenate([[0.0], told, [0.0]]), distance=3)
        peaks = peaks[np.argsort(told[peaks - 1])[::-1][:PEAKS]] - 1
        none = len(told) - len(of_wet) + start // STEP  # no delay stands for election wherever it is not near a peak
        if none < len(told) and np.abs(peaks - none).min(initial=3) >= 3:
            peaks = np.append(peaks, none)
        for peak in peaks:
            place = (peak - (len(told) - len(of_wet))) * STEP
            votes.append((float(start), float(place - start), float(max(told[peak], 0.0) ** 2)))
    return _agreed(np.array(votes), float(len(dry))) if votes else []


def envelopes(audio: Audio) -> NDArray[np.complex64]:
    """(frames,) -> (steps, bands)."""
    if len(audio) < SPECTRUM:
        audio = np.pad(audio, (0, SPECTRUM - len(audio)))
    rows = np.lib.stride_tricks.sliding_window_view(audio.astype(np.float32), SPECTRUM)[::STEP]
    out = np.empty((len(rows), BANDS.stop - BANDS.start), np.complex64)
    window = np.hanning(SPECTRUM).astype(np.float32)
    for start in range(0, len(rows), 512):
        out[start : start + 512] = rfft(rows[start : start + 512] * window)[:, BANDS]
    return out


def _agreement(block: NDArray[np.complex64], whole: NDArray[np.complex64]) -> Floats:
    """For every step that the block may be shifted by (negative ones from the end): what the two tell of each other."""
    size = next_fast_len(len(block) + len(whole))
    told = np.zeros(size)
    for first in range(0, block.shape[1], 34):
        ours, theirs = block[:, first : first + 34], whole[:, first : first + 34]
        cross = ifft(fft(theirs, size, axis=0) * fft(ours, size, axis=0).conj(), axis=0)
        power = np.square(np.abs(theirs)).astype(np.float64)
        total = np.concatenate([np.zeros((1, power.shape[1])), np.cumsum(power, 0)])
        places = np.arange(size)
        places[places >= len(whole)] -= size
        low, high = np.clip(places, 0, len(whole)), np.clip(places + len(block), 0, len(whole))
        heard = np.maximum(total[high] - total[low], 1e-6 * total[-1] + 1e-20)
        coherence = np.square(np.abs(cross)) / (heard * np.square(np.abs(ours)).sum(0) + 1e-20)
        told -= np.log1p(-np.clip(coherence, 0, 0.999)).sum(1)
    overlap = np.clip(places + len(block), 0, len(whole)) - np.clip(places, 0, len(whole))
    return np.where(overlap >= min(len(block), len(whole)) // 2, told, 0.0)


def _agreed(votes: Floats, frames: float) -> list[Candidate]:
    """votes (n, 3): place, delay, weight. Lines through a vote, none too steep: those that most agree upon."""
    slopes = np.linspace(-MAX_DRIFT, MAX_DRIFT, 81) if frames > 30 * SAMPLE_RATE else np.zeros(1)
    best, score = 0.0, -1.0
    for slope in slopes[np.argsort(np.abs(slopes), kind="stable")]:
        level = votes[:, 1] - slope * votes[:, 0]
        top = float(((np.abs(level[:, None] - level[None]) <= NEAR) * votes[None, :, 2]).sum(1).max())
        if top > 1.05 * score:  # a drift must earn its place
            best, score = float(slope), top
    level = votes[:, 1] - best * votes[:, 0]
    found: list[Candidate] = []
    left = np.ones(len(votes), bool)
    while left.any() and len(found) < MAX_CANDIDATES:
        total = ((np.abs(level[:, None] - level[None]) <= NEAR) * left[None] * votes[None, :, 2]).sum(1)
        top_at = int(total.argmax())
        close = left & (np.abs(level - level[top_at]) <= NEAR)
        if not close.any() or total[top_at] <= 0:
            break
        found.append(
            Candidate(float(np.average(level[close], weights=votes[close, 2] + 1e-12)), best, float(total[top_at]))
        )
        left &= np.abs(level - level[top_at]) > 2 * NEAR
    return found
