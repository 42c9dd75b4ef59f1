"""How late a recording's wet audio is against its dry: by blips, as Neural Amp Modeler's input has, or by correlation.

And whether the two are one performance at all, and were recorded by one clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from scipy.signal import decimate

from gritspace.train.audio import alignment
from gritspace.train.audio.audio_file import SAMPLE_RATE

Audio = NDArray[np.float32]

COARSE_STEP = 8  # frames: delays are looked for at 6 kHz first
COARSE_BAND_HZ = (60.0, 2500.0)
LEAST_PROMINENCE = 18.0
"""Of the correlation's peak over its root mean square: one performance has 60 and more, different ones 9 to 13."""
FINE_SECONDS, FINE_BAND_HZ = 15.0, (60.0, 8000.0)
FINE_REACH, FINE_RISE, FINE_FALL = 240, 48, 16  # frames
BLIP_LEVEL, BLIP_SILENCE, BLIP_QUIET_SECONDS = 0.25, 2e-3, 0.15
BLIP_LOOK_AHEAD, BLIP_LOOK_BACK = 1_000, 10_000  # frames, as Neural Amp Modeler looks


@dataclass(frozen=True)
class Delay:
    """frames: how late wet is, negative if early. how: "blips" or "correlation". prominence: how sure.

    drift_frames: how much later wet is at the end than at the start.
    """

    frames: int
    how: str
    prominence: float
    drift_frames: int


def find_delay(dry: Audio, wet: Audio) -> Delay:
    """dry (frames,), wet (other frames,), both at 48 kHz and neither silent."""
    coarse, prominence = _coarse_delay(dry, wet)
    if prominence < LEAST_PROMINENCE:
        return Delay(coarse, "correlation", prominence, 0)
    early, late = _fine_delay(dry, wet, coarse, 0.25)[0], _fine_delay(dry, wet, coarse, 0.75)[0]
    drift = 2 * (late - early)
    onset = _fine_delay(dry, wet, coarse, 0.5)[1]
    by_blips = _blip_delay(dry, wet)
    if by_blips is not None and abs(by_blips - onset) < SAMPLE_RATE // 50:
        return Delay(by_blips, "blips", prominence, drift)
    causal = 0 if 0 <= onset < alignment.SHORTEST_LATENCY else onset - alignment.MARGIN_FRAMES
    return Delay(causal, "correlation", prominence, drift)


def _coarse_delay(dry: Audio, wet: Audio) -> tuple[int, float]:
    """Within COARSE_STEP frames, at any lag; and the peak's prominence."""
    played, heard = (decimate(x.astype(np.float64), COARSE_STEP, ftype="fir") for x in (dry, wet))
    correlation = _correlation(played, heard, SAMPLE_RATE / COARSE_STEP, COARSE_BAND_HZ)
    peak = int(correlation.argmax())
    prominence = float(correlation[peak] / np.sqrt(np.mean(np.square(correlation))))
    return (peak if peak < len(correlation) // 2 else peak - len(correlation)) * COARSE_STEP, prominence


def _fine_delay(dry: Audio, wet: Audio, coarse: int, place: float) -> tuple[int, int]:
    """From FINE_SECONDS about `place` (0 to 1) of what both have: the correlation's peak; where the response begins.

    The response to an impulse is looked at about the peak alone: in much distortion it has ghosts elsewhere.
    """
    first, last = max(0, -coarse), min(len(dry), len(wet) - coarse)
    span = min(int(FINE_SECONDS * SAMPLE_RATE), (last - first) // 3)  # so that the first and the last share nothing
    start = first + int(place * (last - first - span))
    played, heard = (x.astype(np.float64) for x in (dry[start : start + span], wet[start + coarse :][:span]))
    correlation = np.roll(_correlation(played, heard, SAMPLE_RATE, FINE_BAND_HZ), FINE_REACH)[: 2 * FINE_REACH + 1]
    peak = int(correlation.argmax()) - FINE_REACH
    size = next_fast_len(2 * span, real=True)
    spectrum = np.fft.rfft(played, size)
    power = np.abs(spectrum) ** 2
    response = np.fft.irfft(np.fft.rfft(heard, size) * spectrum.conj() / (power + 0.01 * power.mean() + 1e-30))
    about = np.abs(np.roll(response, FINE_RISE - peak)[: FINE_RISE + FINE_FALL])
    onset = peak - FINE_RISE + int(np.argmax(about >= alignment.ONSET_SHARE * about.max()))
    return coarse + peak, coarse + onset


def _correlation(
    dry: NDArray[np.float64], wet: NDArray[np.float64], rate: float, band_hz: tuple[float, float]
) -> NDArray[np.float64]:
    """|cross-correlation| at lags 0, 1, .. (negative ones from the end), its spectrum flattened by half, in a band."""
    size = 1 << int(np.ceil(np.log2(len(dry) + len(wet))))
    cross = np.fft.rfft(wet, size) * np.fft.rfft(dry, size).conj()
    hz = np.fft.rfftfreq(size, 1 / rate)
    band = (hz > band_hz[0]) & (hz < band_hz[1])
    loud = np.abs(cross)
    floor = 1e-3 * loud[band].max(initial=0.0) + 1e-30
    return np.abs(np.fft.irfft(np.where(band, cross / np.sqrt(loud + floor), 0), size))


def blips(dry: Audio) -> list[int]:
    """Frames of single loud samples with silence around: what a recording is aligned by."""
    quiet = int(BLIP_QUIET_SECONDS * SAMPLE_RATE)
    found: list[int] = []
    for frame in np.flatnonzero(np.abs(dry) > BLIP_LEVEL):
        if found and frame < found[-1] + quiet:
            continue
        before, after = dry[max(0, frame - quiet) : frame], dry[frame + 8 : frame + quiet]
        if len(before) == quiet and len(after) and max(np.abs(before).max(), np.abs(after).max()) < BLIP_SILENCE:
            found.append(int(frame))
    return found


def _blip_delay(dry: Audio, wet: Audio) -> int | None:
    """As Neural Amp Modeler does it: blips averaged, the first frame above the noise before them, less one."""
    places = [f for f in blips(dry) if f >= BLIP_LOOK_AHEAD and f + BLIP_LOOK_BACK <= len(wet)]
    if not places:
        return None
    heard = np.mean([wet[f - BLIP_LOOK_AHEAD : f + BLIP_LOOK_BACK] for f in places], axis=0, dtype=np.float64)
    noise = float(np.abs(heard[: BLIP_LOOK_AHEAD // 2]).max())
    above = np.flatnonzero(np.abs(heard) > max(noise + 3e-4, 1.01 * noise))
    return None if len(above) == 0 else int(above[0]) - BLIP_LOOK_AHEAD - 1
