"""The delay to the frame, and which way up the wet audio is: by the phase at the highest frequencies that agree.

A device's own filters turn the phase too, but by a quarter of a turn a pole at most: one frame and a half at 8 kHz,
seven at 1.7 kHz. What their amplitude tells of their phase (they have the least there can be, Bode's relation) is taken
out first; a turn that is the same at all frequencies is no delay. A distortion does to the phase next to nothing, once
each frequency is looked for in the static curve of the dry audio that agrees best with the wet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.ndimage import gaussian_filter1d

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.recording.rough_device import CURVES, curves

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

SPECTRUM = 4096
LOWEST_HZ, HIGHEST_HZ = 60.0, 15_000.0
AGREES, AGREES_LITTLE = 0.5, 0.12
"""Of the coherence: a band that agrees; one that will do where there is none, and for amplitudes."""
MAX_WEIGHT = 10.0
"""Of one frequency, against one that agrees half: a held note's few are not to outvote all others."""
DECADE_SHARE = 0.3
"""The band starts at so much of its highest frequency."""
TURNS_UNKNOWN = 0.15
"""Turns of phase at the band's end that a device's filters may still be responsible for."""
LEAST_UNCERTAIN = 2.0
NONE_AS_GOOD, POOR, NONE_NEARLY = 0.85, 0.8, 0.6


@dataclass(frozen=True)
class Fine:
    """frames: how much later than assumed (a fraction too), give or take `uncertain`. fit: how well the phases agree on
    that, from 0 to 1; fit_of_none: and on no delay but the assumed one. up: 1, or -1 if the wet is upside down.
    """

    frames: float
    uncertain: float
    fit: float
    fit_of_none: float
    up: int

    @property
    def none_will_do(self) -> bool:
        """Whether no delay agrees about as well, or nothing agrees well and no delay not much worse."""
        share = self.fit_of_none / max(self.fit, 1e-9)
        return abs(self.frames) <= self.uncertain or share >= NONE_AS_GOOD or (self.fit < POOR and share >= NONE_NEARLY)


def fine_delay(dries: Sequence[Audio], wets: Sequence[Audio], level: float, reach: int = 600) -> Fine:
    """Chunks (frames,), the wet of each taken at the assumed delay; the true one lies within `reach` of it."""
    straight, cross, of_curve, of_wet, count = _spectra(dries, wets, level)
    coherence = np.square(np.abs(cross)) / (of_curve * of_wet + 1e-30)
    coherence = np.clip(coherence - (1 - coherence) / max(count, 2), 0, 0.9999)  # few spectra agree by chance
    hz = np.fft.rfftfreq(SPECTRUM, 1 / SAMPLE_RATE)
    agrees = gaussian_filter1d(coherence, 4.0, axis=-1).max(0)
    low, high = _band(hz, agrees)
    inside = (hz >= low) & (hz <= high)
    weights = np.minimum(coherence / (1 - coherence), MAX_WEIGHT)
    best = int((weights * inside).sum(1).argmax())
    amplitude = np.abs(cross[best]) / (of_curve[best] + 1e-30)
    turned = cross[best] * np.exp(-1j * _least_phase(amplitude, hz, _highest(hz, agrees)))
    unit = weights[best] * turned / (np.abs(turned) + 1e-30)
    turns, heard = 2j * np.pi * hz[inside] / SAMPLE_RATE, unit[inside]
    late = np.arange(-reach, reach + 1.0)
    fit = np.abs(np.exp(np.outer(late, turns)) @ heard)
    late = np.concatenate([late, late[int(fit.argmax())] + np.arange(-0.9, 1.0, 0.1)])
    fit = np.abs(np.exp(np.outer(late, turns)) @ heard)
    frames = float(late[int(fit.argmax())])
    fit /= max(float(weights[best][inside].sum()), 1e-12)
    none = float(fit[np.abs(late) <= LEAST_UNCERTAIN].max())
    uncertain = max(LEAST_UNCERTAIN, TURNS_UNKNOWN * SAMPLE_RATE / high)
    return Fine(frames, uncertain, float(fit.max()), none, _way_up(straight, hz, frames, high))


def _spectra(
    dries: Sequence[Audio], wets: Sequence[Audio], level: float
) -> tuple[NDArray[np.complex128], NDArray[np.complex128], Floats, Floats, int]:
    """Cross spectrum of the dry itself; of each curve; power of each; of the wet; how many went into the means."""
    window = np.hanning(SPECTRUM).astype(np.float32)
    cross: NDArray[np.complex128] = np.zeros((CURVES, SPECTRUM // 2 + 1), np.complex128)
    of_curve, of_wet = np.zeros(cross.shape), np.zeros(cross.shape[1])
    count = 0
    for dry, wet in zip(dries, wets, strict=True):
        if len(dry) < SPECTRUM:
            continue
        bent = curves(dry, level)
        for start in range(0, len(dry) - SPECTRUM + 1, SPECTRUM // 2):
            ours = rfft(bent[:, start : start + SPECTRUM] * window)
            theirs = rfft(wet[start : start + SPECTRUM].astype(np.float32) * window)
            loud = 1 / (np.square(np.abs(theirs)).mean() + 1e-12) ** 0.5  # soft passages tell as much as loud ones
            cross += ours.conj() * theirs * loud
            of_curve += np.square(np.abs(ours)) * loud
            of_wet += np.square(np.abs(theirs)) * loud
            count += 1
    return cross[0], cross, of_curve, of_wet, count


def _band(hz: Floats, agrees: Floats) -> tuple[float, float]:
    """The highest decade or so in which the two agree."""
    usable = (hz >= LOWEST_HZ) & (hz <= HIGHEST_HZ)
    for least in (AGREES, AGREES_LITTLE):
        good = np.flatnonzero(usable & (agrees >= least))
        if len(good) >= 8:
            high = float(hz[good[-1]])
            return max(LOWEST_HZ, DECADE_SHARE * high), high
    return LOWEST_HZ, 1000.0


def _highest(hz: Floats, agrees: Floats) -> float:
    """Up to where amplitudes are worth something."""
    good = np.flatnonzero((hz >= LOWEST_HZ) & (hz <= 20_000) & (agrees >= AGREES_LITTLE))
    return float(hz[good[-1]]) if len(good) else 1000.0


def _least_phase(amplitude: Floats, hz: Floats, highest: float) -> Floats:
    """The phase that a filter of this amplitude has at least: the Hilbert transform of its logarithm (Bode)."""
    logs = np.log(gaussian_filter1d(amplitude, 6.0) + 1e-9 * amplitude.max() + 1e-30)
    last = int(np.searchsorted(hz, highest))
    octave = max(1, 2 * last // 3)
    slope = min(0.0, (logs[last] - logs[octave]) / np.log(hz[last] / hz[octave]))
    logs[last:] = logs[last] + slope * np.log(hz[last:] / hz[last])
    first = int(np.searchsorted(hz, LOWEST_HZ))
    logs[:first] = logs[first]
    cepstrum = irfft(logs.astype(np.complex128), SPECTRUM)
    half = SPECTRUM // 2
    fold = np.concatenate([[0.0], np.ones(half - 1), [0.0], -np.ones(half - 1)])
    return np.asarray(rfft(cepstrum * fold).imag, np.float64)


def _way_up(straight: NDArray[np.complex128], hz: Floats, frames: float, highest_hz: float) -> int:
    """By the sign of the dry's own response, delay taken out, where it is strongest; dark ones take their time."""
    response = irfft(straight * np.exp(2j * np.pi * hz * frames / SAMPLE_RATE) * (hz > LOWEST_HZ), SPECTRUM)
    reach = max(48, int(0.5 * SAMPLE_RATE / highest_hz))
    near = np.concatenate([response[-reach:], response[: reach + 1]])
    return 1 if near[int(np.abs(near).argmax())] > 0 else -1
