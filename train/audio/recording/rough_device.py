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


class RoughFitting:
    """Devices fitted to chunks of one dry audio, any number of times: what needs no wet audio is worked out once.

    dry (frames,); width: frames of a chunk; level: what its curves divide by.
    """

    def __init__(self, dry: Audio, width: int, level: float) -> None:
        self.width, self.level, self._dry = width, level, dry
        self._size = next_fast_len(width + 2 * TAPS, real=True)
        self._spectra: dict[int, NDArray[np.complex64]] = {}
        self._factors: dict[tuple[int, ...], tuple[Floats, bool]] = {}

    def fit(self, starts: Sequence[int], wets: Sequence[Audio]) -> tuple[RoughDevice, float]:
        """Where chunks start, and the wet of each, aligned to within a few frames -> the device; which share of the
        wets it leaves unsaid. Chunks weigh by their energy. Raises ValueError without a chunk.
        """
        if len(starts) == 0:
            raise ValueError("no chunk to fit a device to")
        across, energy = np.zeros((CURVES, self._size // 2 + 1), np.complex128), 0.0
        for start, wet in zip(starts, wets, strict=True):
            across += self._played(start).conj() * rfft(wet.astype(np.float32), self._size)
            energy += float(np.square(wet, dtype=np.float64).sum())
        inner = irfft(across, self._size)[:, np.arange(FIRST_LAG, FIRST_LAG + TAPS)].astype(np.float64).reshape(-1)
        found = cho_solve(self._factor(tuple(starts)), inner, check_finite=False)
        unsaid = 1 - float(found @ inner) / max(energy, 1e-30)
        return RoughDevice(found.reshape(CURVES, TAPS), self.level), float(np.clip(unsaid, 0.0, 1.0))

    def _played(self, start: int) -> NDArray[np.complex64]:
        if start not in self._spectra:
            self._spectra[start] = rfft(curves(self._dry[start : start + self.width], self.level), self._size)
        return self._spectra[start]

    def _factor(self, starts: tuple[int, ...]) -> tuple[Floats, bool]:
        """Of what each curve at each lag has in common with each other one: symmetric, of Toeplitz blocks.

        In double precision, though the spectra are not: of held notes all is nearly the same, and what single precision
        drops is more than the ridge, so that no factor would exist.
        """
        if starts not in self._factors:
            matrix = np.empty((CURVES, TAPS, CURVES, TAPS))
            for one in range(CURVES):
                within = np.zeros((CURVES - one, self._size // 2 + 1), np.complex128)
                for start in starts:
                    played = self._played(start)
                    within += played[one].conj().astype(np.complex128) * played[one:]
                between = irfft(within, self._size)
                near = np.concatenate([between[:, 1 - TAPS :], between[:, :TAPS]], -1)  # lags 1 - TAPS to TAPS - 1
                for other, row in enumerate(near, one):
                    block = np.lib.stride_tricks.sliding_window_view(row[::-1], TAPS)[::-1]
                    matrix[one, :, other], matrix[other, :, one] = block, block.T
            square = matrix.reshape(CURVES * TAPS, CURVES * TAPS)
            square[np.diag_indices_from(square)] += RIDGE * np.trace(square) / len(square) + 1e-12
            self._factors[starts] = cho_factor(square, overwrite_a=True, check_finite=False)
        return self._factors[starts]
