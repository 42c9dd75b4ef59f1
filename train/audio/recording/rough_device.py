"""What a device roughly makes of its dry audio: a few static curves, each with a short filter, by least squares.

It knows nothing of memory or bias, and still explains most of what any distortion does: enough to say where in the wet
audio each part of the dry is, and whether the device is the same throughout. Source of the idea: Hammerstein models
(Schoukens and Ljung, "Nonlinear system identification", IEEE Control Systems 39(6), 2019), several in parallel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.linalg import cho_factor, cho_solve
from scipy.signal import butter, lfilter

from gritspace.train.audio.audio_file import SAMPLE_RATE

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

FIRST_LAG, TAPS = -64, 160
"""Frames: the filters may look ahead a little, as the delay they are fitted at is not exact."""
CURVES = 8
RIDGE = 1e-5
PRE_EMPHASIS_HZ = 700.0
PRE_EMPHASIS = tuple(x.astype(np.float32) for x in butter(1, PRE_EMPHASIS_HZ, "high", fs=SAMPLE_RATE))
ACTIVE_SHARE = 0.1
BLOCK = 1 << 14


def curves(dry: Audio, level: float) -> Audio:
    """(frames,) -> (CURVES, frames): itself, bent softly and hard, with and without its bass, rectified, and folded.

    level: its loud RMS.
    """
    straight = (dry / np.float32(level)).astype(np.float32)
    high = lfilter(*PRE_EMPHASIS, straight)
    out = np.empty((CURVES, len(dry)), np.float32)
    out[0] = straight
    for row, (gain, of) in enumerate(((2, straight), (8, straight), (40, straight), (4, high), (40, high)), 1):
        np.tanh(np.float32(gain) * of, out=out[row])
    np.abs(out[1], out=out[6])
    np.sin(np.float32(3) * straight, out=out[7])
    return out


def loud_level(audio: NDArray[np.floating]) -> float:
    """RMS of what is not far below the peak of (frames,); at least 1e-9."""
    size = np.abs(audio)
    loud = audio[size > ACTIVE_SHARE * size.max(initial=0.0)]
    return float(np.sqrt(np.mean(np.square(loud, dtype=np.float64)))) if len(loud) and size.max() > 0 else 1e-9


@dataclass(frozen=True)
class RoughDevice:
    """filters: (curves, TAPS), the first tap FIRST_LAG frames after its input. level: what the curves divide by."""

    filters: Floats
    level: float

    def play(self, dry: Audio) -> Audio:
        """(frames,) -> (frames,), block by block: the curves of a long recording would fill the memory."""
        step = BLOCK - TAPS + 1
        spectra = rfft(self.filters.astype(np.float32), BLOCK)
        wet = np.zeros(len(dry) + BLOCK, np.float32)
        for start in range(0, len(dry), step):
            made = irfft((rfft(curves(dry[start : start + step], self.level), BLOCK) * spectra).sum(0), BLOCK)
            wet[start : start + BLOCK] += made
        ahead = -FIRST_LAG
        return wet[ahead : ahead + len(dry)]


def fit_rough(dries: Sequence[Audio], wets: Sequence[Audio], level: float) -> tuple[RoughDevice, float]:
    """Chunks (frames,) all of one length, aligned to within a few frames -> the device; which share of the wets it
    leaves unsaid. Chunks weigh by their energy. Raises ValueError without a chunk.
    """
    if not dries:
        raise ValueError("no chunk to fit a device to")
    size = next_fast_len(len(dries[0]) + 2 * TAPS, real=True)
    within: NDArray[np.complex128] | None = None
    across = np.zeros(0, np.complex128)
    energy = 0.0
    for dry, wet in zip(dries, wets, strict=True):
        played, heard = rfft(curves(dry, level), size), rfft(wet.astype(np.float32), size)
        pairs, with_wet = played.conj()[:, None] * played[None], played.conj() * heard
        within, across = (pairs, with_wet) if within is None else (within + pairs, across + with_wet)
        energy += float(np.square(wet, dtype=np.float64).sum())
    between = irfft(within, size)
    near = np.concatenate([between[..., -TAPS:], between[..., :TAPS]], -1).astype(np.float64)  # lags -TAPS to TAPS - 1
    inner = irfft(across, size)[:, np.arange(FIRST_LAG, FIRST_LAG + TAPS)].astype(np.float64)
    count = len(inner)
    index = np.arange(TAPS)[:, None] - np.arange(TAPS)[None] + TAPS
    matrix = near[:, :, index].transpose(0, 2, 1, 3).reshape(count * TAPS, count * TAPS)
    matrix = 0.5 * (matrix + matrix.T)
    matrix[np.diag_indices_from(matrix)] += RIDGE * np.trace(matrix) / len(matrix) + 1e-12
    found = cho_solve(cho_factor(matrix, check_finite=False), inner.reshape(-1), check_finite=False)
    unsaid = 1 - float(found @ inner.reshape(-1)) / max(energy, 1e-30)
    return RoughDevice(found.reshape(count, TAPS), level), float(np.clip(unsaid, 0.0, 1.0))
