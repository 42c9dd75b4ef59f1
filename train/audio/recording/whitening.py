"""One filter for two signals that makes their difference white: then energies of differences are likelihoods."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.signal import firwin2, oaconvolve

Audio = NDArray[np.float32]

SPECTRUM, TAPS = 1024, 513
LEAST_DB = 50.0


def power_spectrum(audio: Audio) -> NDArray[np.float64]:
    """(frames,) -> (SPECTRUM / 2 + 1,): mean over half overlapping windows (Welch)."""
    rows = np.lib.stride_tricks.sliding_window_view(audio, SPECTRUM)[:: SPECTRUM // 2]
    spectra = rfft(rows * np.hanning(SPECTRUM).astype(np.float32))
    return np.asarray(np.square(np.abs(spectra)).mean(0, dtype=np.float64), np.float64)


def whitened(made: Audio, wet: Audio, places: list[tuple[int, int]], width: int) -> tuple[Audio, Audio]:
    """Both through the filter. places: frames of dry at which windows of `width` are compared, and their delays."""
    errors, heard = [], []
    for start, lag in places:
        ours, theirs = made[start : start + width], wet[max(0, start + lag) : start + lag + width]
        if len(ours) == len(theirs) >= SPECTRUM:
            errors.append(power_spectrum(ours - theirs))
            heard.append(power_spectrum(theirs))
    if not errors:
        return made, wet
    power = np.mean(errors, 0) + 1e-3 * np.mean(heard, 0)
    power = np.exp(np.convolve(np.pad(np.log(power + 1e-30), 4, mode="edge"), np.ones(9) / 9, "valid"))
    power = np.maximum(power, power.max() * 10 ** (-LEAST_DB / 10))
    gain = 1 / np.sqrt(power)
    taps = firwin2(TAPS, np.linspace(0, 1, len(gain)), gain / gain.max()).astype(np.float32)
    return oaconvolve(made, taps, mode="same"), oaconvolve(wet, taps, mode="same")
