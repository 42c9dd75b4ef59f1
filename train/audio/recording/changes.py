"""What changes while a recording runs, told from the residual against time: no static model is right about it.

A rough device is fitted to what was brought into line. How much louder or softer the wet is than it says, frame by
frame, shows a tremolo (a regular beat that the dry has not) and a knob (one step in the middle, in some band); what is
left of the wet and agrees with it some time before, and not some time after, is an echo.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfilt

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.recording.activity import active
from gritspace.train.audio.recording.rough_device import RoughFitting, loud_level

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

STEP_FRAMES = SAMPLE_RATE // 40
STEPS_A_SECOND = SAMPLE_RATE // STEP_FRAMES
FIT_FRAMES, FIT_CHUNKS = SAMPLE_RATE, 24
BEAT_HZ, BEAT_DB, BEAT_TIMES = (0.5, 14.0), 1.0, 9.0
"""A tremolo: its rates; the least amplitude that is told; how far above the middle of the spectrum it must stand."""
ECHO_SECONDS, ECHO_LEAST, ECHO_TIMES = (0.02, 1.5), 0.03, 3.0
"""An echo: how late; of the correlation of phases alone, where no echo has .005 to .02; over the same backwards."""
SMOOTH_BINS, UNPLAYED_SHARE = 257, 1e-5
BANDS_HZ = ((80.0, 400.0), (400.0, 1500.0), (1500.0, 6000.0))
TURNED_DB, TURNED_TIMES = 2.0, 3.5
EDGE_SECONDS = 3.0
PART_SHARE, PART_CHUNKS = 0.45, 12
OTHER_ERROR, OTHER_TIMES = 0.3, 4.0
"""Two devices: what each end's makes of the other end leaves so much unsaid, and so many times what its own does. Of
devices that stay as they are the lesser of the two is below .07 where the times are above 4."""


@dataclass(frozen=True)
class _Compared:
    """Per step of 25 ms: decibels the wet is above what was expected, and where both play."""

    decibels: Floats
    on: NDArray[np.bool_]


def remarks(dry: Audio, wet: Audio, joints: tuple[int, ...], name: str) -> list[str]:
    """dry, wet (frames,), aligned. Sentences for a person; none for a device that stays as it is."""
    if len(dry) < 8 * SAMPLE_RATE:
        return []
    starts = np.linspace(0, len(dry) - FIT_FRAMES, min(FIT_CHUNKS, len(dry) // FIT_FRAMES)).astype(int)
    fitting = RoughFitting(dry, FIT_FRAMES, loud_level(dry))
    device, _ = fitting.fit([int(s) for s in starts], [wet[s : s + FIT_FRAMES] for s in starts])
    made = device.play(dry)
    told = _turned(made, wet) or _another(dry, wet) or _beat(made, wet, dry) or _echo(made, wet)
    return [f"{name}: {told}"] if told else []


def _compared(made: Audio, wet: Audio) -> _Compared:
    steps = min(len(made), len(wet)) // STEP_FRAMES
    power = [np.square(x[: steps * STEP_FRAMES], dtype=np.float64).reshape(steps, -1).mean(1) for x in (made, wet)]
    on = active(made, 30.0)[:steps]
    floor = 1e-5 * float(np.quantile(power[1], 0.95)) + 1e-20
    decibels = 10 * np.log10((power[1] + floor) / (power[0] + floor))
    loud = 10 * np.log10(power[0] + floor)
    if on.sum() > 20:  # what a device does by level is no change: a compressor is one at any time
        bent = np.polyval(np.polyfit(loud[on], decibels[on], 2), loud)
        decibels = decibels - bent
    return _Compared(np.clip(decibels, -12, 12), on)


def _beat(made: Audio, wet: Audio, dry: Audio) -> str:
    """A tremolo's line in the spectrum of the level, that the dry's level does not have."""
    seen = _compared(made, wet)
    if seen.on.sum() < 6 * STEPS_A_SECOND:
        return ""
    series = np.where(seen.on, seen.decibels - seen.decibels[seen.on].mean(), 0.0)
    size = next_fast_len(4 * len(series), real=True)
    hz = np.fft.rfftfreq(size, 1 / STEPS_A_SECOND)
    band = (hz >= BEAT_HZ[0]) & (hz <= BEAT_HZ[1])
    amplitude = 2 * np.abs(np.fft.rfft(series, size))[band] / seen.on.sum()
    top = int(amplitude.argmax())
    middle = float(np.median(amplitude))
    if amplitude[top] < BEAT_DB or amplitude[top] < BEAT_TIMES * middle:
        return ""
    return (
        f"its level beats at {hz[band][top]:.1f} Hz, by {2 * amplitude[top]:.0f} dB, and the dry's does not "
        "(a tremolo?); a network cannot learn what does not come from the sound played."
    )


def _turned(made: Audio, wet: Audio) -> str:
    """One step in some band's level that stays."""
    best = (0.0, 0.0, 0.0)
    for low, high in BANDS_HZ:
        sos = butter(2, (low, high), "band", fs=SAMPLE_RATE, output="sos").astype(np.float32)
        seen = _compared(sosfilt(sos, made).astype(np.float32), sosfilt(sos, wet).astype(np.float32))
        rows = np.where(seen.on, seen.decibels, np.nan)
        seconds = len(rows) // STEPS_A_SECOND
        with np.errstate(all="ignore"):
            level = _medians(rows[: seconds * STEPS_A_SECOND].reshape(seconds, STEPS_A_SECOND))
        known = np.flatnonzero(np.isfinite(level))
        for cut in range(int(EDGE_SECONDS), seconds - int(EDGE_SECONDS)):
            before, after = level[known[known < cut]], level[known[known >= cut]]
            if min(len(before), len(after)) < 4:
                continue
            step = float(np.median(after) - np.median(before))
            spread = float(np.median(np.abs(np.concatenate([before - np.median(before), after - np.median(after)]))))
            sure = abs(step) / (1.48 * spread * (1 / len(before) + 1 / len(after)) ** 0.5 * 1.25 + 0.15)
            if abs(step) > TURNED_DB and abs(step) > 2.0 * spread and sure > TURNED_TIMES and sure > best[0]:
                best = sure, float(cut), step
    if best[0] == 0:
        return ""
    return (
        f"the device changes at about {best[1]:.0f} s, by {abs(best[2]):.0f} dB in a band (a knob?); record one "
        "setting at a time."
    )


def _another(dry: Audio, wet: Audio) -> str:
    """Whether what either end teaches is wrong about the other one: a knob that moves no level."""
    part = int(PART_SHARE * len(dry))
    ends = [slice(0, part), slice(len(dry) - part, len(dry))]
    starts = np.linspace(0, part - FIT_FRAMES, PART_CHUNKS).astype(int)
    fitting = RoughFitting(dry, FIT_FRAMES, loud_level(dry))
    unsaid = np.ones((2, 2))
    for of, end in enumerate(ends):
        device, _ = fitting.fit([end.start + int(s) for s in starts], [wet[end][s : s + FIT_FRAMES] for s in starts])
        for about, other in enumerate(ends):
            heard = wet[other]
            left = np.square(device.play(dry[other]) - heard, dtype=np.float64).sum()
            unsaid[of, about] = float(left) / (float(np.square(heard, dtype=np.float64).sum()) + 1e-20)
    crossed = unsaid[0, 1], unsaid[1, 0]
    times = (crossed[0] * crossed[1] / (unsaid[0, 0] * unsaid[1, 1] + 1e-20)) ** 0.5
    if min(crossed) < OTHER_ERROR or times < OTHER_TIMES:
        return ""
    return "at its end the device is not what it is at its beginning (a knob?); record one setting at a time."


def _medians(rows: Floats) -> Floats:
    """(seconds, steps) with gaps -> (seconds,): the median of each with at least a quarter known, else a gap."""
    out = np.full(len(rows), np.nan)
    for index, row in enumerate(rows):
        known = row[np.isfinite(row)]
        if len(known) >= len(row) // 4:
            out[index] = np.median(known)
    return out


def _echo(made: Audio, wet: Audio) -> str:
    """What is left over agrees with what was expected some time before, and not with what was expected after."""
    left = wet[: len(made)] - made
    size = next_fast_len(2 * len(left), real=True)
    ours, theirs = rfft(made, size), rfft(left, size)
    with_past = irfft(_flat(theirs) * _flat(ours).conj(), size)
    low, high = (int(seconds * SAMPLE_RATE) for seconds in ECHO_SECONDS)
    high = min(high, len(left) // 4)
    past, future = np.abs(with_past[low:high]), np.abs(with_past[-high:-low])
    top = int(past.argmax())
    if past[top] < ECHO_LEAST or past[top] < ECHO_TIMES * future.max():
        return ""
    seconds = (top + low) / SAMPLE_RATE
    return f"what is played comes back after {seconds * 1e3:.0f} ms (an echo?); a network of this size cannot learn it."


def _flat(spectrum: NDArray[np.complex64]) -> NDArray[np.complex128]:
    """A spectrum in which all frequencies that are played count alike, and the others little; of an energy of one."""
    power = uniform_filter1d(np.square(np.abs(spectrum), dtype=np.float64), SMOOTH_BINS)
    flat = spectrum / np.sqrt(power + UNPLAYED_SHARE * power.max(initial=0.0) + 1e-30)
    return np.asarray(flat / np.sqrt(np.square(np.abs(flat)).mean() + 1e-30), np.complex128)
