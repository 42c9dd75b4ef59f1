"""The delay along a recording: steady, drifting, or jumping where a buffer was lost or repeated."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import soxr
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.recording.activity import STEP_FRAMES, active_windows, step_power
from gritspace.train.audio.recording.coarse import BLOCK_SECONDS, BLOCKS, MAX_DRIFT, STEP, Candidate, coarse_delays
from gritspace.train.audio.recording.course import Stretch, levels_of, likeliest_course
from gritspace.train.audio.recording.fine import Fine, fine_delay
from gritspace.train.audio.recording.lags import Lag, lag_of
from gritspace.train.audio.recording.onset import without_false_jumps
from gritspace.train.audio.recording.rough_device import CURVES, RoughDevice, RoughFitting, loud_level
from gritspace.train.audio.recording.whitening import whitened

Audio = NDArray[np.float32]

WINDOW_FRAMES, MAX_WINDOWS = SAMPLE_RATE, 240
REACH_FRAMES = 6_000
"""How far a delay may jump, to either side of most of the recording."""
NEAR_FRAMES, SAME_STRETCH_FRAMES = 16, 6.0
SHORT_FRAMES, SHORT_HOP = SAMPLE_RATE // 4, SAMPLE_RATE // 10
FIT_CHUNKS, FIT_ROUNDS = 16, 2
FINE_FRAMES, FINE_CHUNKS, REACH_FINE = SAMPLE_RATE, 15, 400
LEAST_VOTES, NONE_VOTES = 0.5, 0.6
LEAST_DRIFT_FRAMES = 1.5
"""Over the whole recording: less is no drift that one could tell or mind."""
LEAST_DRIFT, LONG_FRAMES = 3e-6, 60 * SAMPLE_RATE
"""What a device's own ways may pretend in a short recording."""
SMALLEST_BUFFER, CREEPING_STEPS = 32, 4
"""So many steps and more, each less than any audio buffer has: no buffer was lost, the clock crept."""
SHORTEST_DRIFTING = 10 * SAMPLE_RATE


@dataclass
class Track:
    """wet: with drift taken out. made: what the rough device makes of dry. stretches: in order, without a gap.

    drift: frames per frame, positive if the wet gets later. explained: which share of the wet's energy the rough device
    explains, all over the recording. distinct: the coarse delay's votes over those of the next best. wander: by how
    many frames the delay moves about a steady drift. lags: of all windows that were sure, drift taken out.
    """

    wet: Audio
    device: RoughDevice
    made: Audio
    stretches: list[Stretch]
    drift: float
    explained: float
    distinct: float
    wander: float
    lags: list[Lag] = field(default_factory=list)
    coarse: list[int] = field(default_factory=list)


def follow(dry: Audio, wet: Audio) -> Track:
    """dry (frames,), wet (other frames,), both at 48 kHz and neither silent."""
    level = loud_level(dry)
    starts, block = _blocks(dry)
    candidates = coarse_delays(dry, wet, starts, block)
    slope, told = candidates[0].drift if candidates else 0.0, [round(one.frames) for one in candidates]
    if abs(slope) * len(dry) > 64:  # too much for one filter: out with it before anything is fitted
        wet = without_drift(wet, slope)
    else:
        slope = 0.0
    centre, distinct = _settled(dry, wet, candidates, level)
    fitting = RoughFitting(dry, min(WINDOW_FRAMES, len(dry) // 2, len(wet) // 2), level)
    lags, device, made = _fitted(fitting, dry, wet, centre)
    for _ in range(2 if len(dry) >= SHORTEST_DRIFTING else 0):
        rest = steady_drift(lags, len(dry))
        if abs(rest) * len(dry) <= max(LEAST_DRIFT_FRAMES, LEAST_DRIFT * min(len(dry), LONG_FRAMES)):
            break
        wet, slope = without_drift(wet, rest), slope + rest
        lags, device, made = _fitted(fitting, dry, wet, centre)
    if slope:  # there are two clocks: then the last of it is theirs too, and the device need not be fitted anew
        rest = steady_drift(lags, len(dry))
        wet, slope = without_drift(wet, rest), slope + rest
        lags = [replace(lag, frames=lag.frames - rest * lag.frame) for lag in lags]
    stretches = _stretches(dry, wet, made, lags, centre)
    share, wander = _share(wet, made, stretches), _wander(lags, stretches)
    stretches = without_false_jumps(dry, wet, made, stretches, level)
    return Track(wet, device, made, stretches, slope, share, distinct, wander, lags, told)


def _settled(dry: Audio, wet: Audio, candidates: list[Candidate], level: float) -> tuple[int, float]:
    """The candidate on which the phases of dry and wet agree best, to within a few frames; how many votes it has over
    the next. No delay at all is always tried, and taken where nothing speaks against it.
    """
    if not candidates:
        return 0, 0.0
    top = candidates[0].votes
    distinct = top / max([c.votes for c in candidates[1:]], default=1e-9)
    if max([c.votes for c in candidates if abs(c.frames) < 2 * STEP], default=0.0) > NONE_VOTES * top:
        fine = fine_delay(*chunks_at(dry, wet, 0), level)
        if fine.none_will_do:
            return 0, distinct
    tried: list[tuple[float, int]] = []
    for candidate in candidates:
        dries, wets = chunks_at(dry, wet, round(candidate.frames))
        if dries and candidate.votes > LEAST_VOTES * top:
            groups = range(0, max(1, len(dries) - 2), 3)  # a few seconds each: two clocks do not part much in them
            fines = [fine_delay(dries[g : g + 3], wets[g : g + 3], level, REACH_FINE) for g in groups]
            fine = max(fines, key=lambda one: (_company(one, fines), one.fit))
            share = float(np.sqrt(candidate.votes / top))
            tried.append((fine.fit * share, round(candidate.frames + fine.frames)))
    return (max(tried)[1], distinct) if tried else (round(candidates[0].frames), distinct)


def _company(one: Fine, fines: Sequence[Fine]) -> float:
    """How many agree with it, by how well they fit: one that hears a dead cable's noise is alone, however sure."""
    return sum(other.fit for other in fines if abs(one.frames - other.frames) <= SAME_STRETCH_FRAMES)


def chunks_at(dry: Audio, wet: Audio, lag: int) -> tuple[list[Audio], list[Audio]]:
    """Loud chunks from all over the recording, the wet taken `lag` frames later: for the delay's last frames."""
    width = min(FINE_FRAMES, len(dry), len(wet))
    starts = [s for s in active_windows(dry, width, width) if s + lag >= 0 and s + lag + width <= len(wet)]
    if not starts:
        low, high = max(0, -lag), min(len(dry), len(wet) - lag)
        return ([dry[low:high]], [wet[low + lag : high + lag]]) if high - low > width // 4 else ([], [])
    starts = starts[:: max(1, len(starts) // FINE_CHUNKS)]
    return [dry[s : s + width] for s in starts], [wet[s + lag : s + lag + width] for s in starts]


def without_drift(wet: Audio, drift: float) -> Audio:
    """wet (frames,) as a clock would have timed it that is slower by `drift`: its first frame stays where it is."""
    return np.asarray(soxr.resample(wet, SAMPLE_RATE * (1 + drift), SAMPLE_RATE, quality="VHQ"), np.float32)


def steady_drift(lags: Sequence[Lag], frames: int) -> float:
    """Frames per frame: one slope for all stretches between jumps, each with a delay of its own."""
    if len(lags) < 8:
        return 0.0
    place, late = np.array([lag.frame for lag in lags], np.float64), np.array([lag.frames for lag in lags])
    step = np.diff(place)
    near = step <= 3 * SAMPLE_RATE
    if not near.any():
        return 0.0
    slope = float(np.clip(np.median(np.diff(late)[near] / step[near]), -MAX_DRIFT, MAX_DRIFT))
    weight = np.array([1 / (1 + lag.vague) ** 2 for lag in lags])
    for _ in range(3):
        stretch = _stretch_of(late - slope * place)
        off_place, off_late = place.copy(), late - slope * place
        for one in np.unique(stretch):
            off_place[stretch == one] -= np.average(off_place[stretch == one], weights=weight[stretch == one])
            off_late[stretch == one] -= np.median(off_late[stretch == one])
        fair = np.abs(off_late) <= 3 * np.median(np.abs(off_late)) + 0.5
        if np.square(off_place[fair]).sum() < len(lags) * SAMPLE_RATE**2:
            return 0.0
        of_fair = weight[fair] * off_place[fair]
        slope += float((of_fair * off_late[fair]).sum() / (of_fair * off_place[fair]).sum())
    return slope if abs(slope) <= MAX_DRIFT else 0.0


def _stretch_of(late: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which stretch each delay belongs to: the one whose last few are nearest, if near enough; else a new one."""
    found: list[list[float]] = []
    labels = np.zeros(len(late), np.int64)
    for index, value in enumerate(late):
        apart = [abs(value - float(np.median(one[-5:]))) for one in found]
        if apart and min(apart) <= SAME_STRETCH_FRAMES:
            labels[index] = int(np.argmin(apart))
            found[labels[index]].append(float(value))
        else:
            labels[index] = len(found)
            found.append([float(value)])
    return labels


def _blocks(dry: Audio) -> tuple[list[int], int]:
    """Where the delay is looked for: all over the recording, in each part where the dry is loudest; their length."""
    block = int(BLOCK_SECONDS * SAMPLE_RATE)
    if len(dry) <= 2 * block:
        return [0], len(dry)
    power = np.concatenate([[0.0], np.cumsum(step_power(dry))])
    span = block // STEP_FRAMES
    of_block = power[span:] - power[:-span]
    parts = np.array_split(np.arange(len(of_block)), min(BLOCKS, max(4, len(dry) // block)))
    starts = sorted({int(part[int(of_block[part].argmax())]) for part in parts if len(part)})
    return [start * STEP_FRAMES for start in starts if of_block[start] > 1e-5 * of_block.max()], block


def _fitted(fitting: RoughFitting, dry: Audio, wet: Audio, centre: int) -> tuple[list[Lag], RoughDevice, Audio]:
    """The rough device and every sure window's delay, by turns."""
    width = fitting.width
    starts = active_windows(dry, width, max(width // 4, len(dry) // MAX_WINDOWS))
    chosen = starts[:: max(1, len(starts) // FIT_CHUNKS)]
    at = dict.fromkeys(_purest_third(fitting, wet, chosen, centre), centre)
    device, made, lags = RoughDevice(np.zeros((CURVES, 1)), fitting.level), np.zeros_like(dry), list[Lag]()
    least = 1.0
    for turn in range(FIT_ROUNDS + 1):
        inside = {s: lag for s, lag in at.items() if s + lag >= 0 and s + lag + width <= len(wet)}
        if not inside:
            break
        wets = [wet[s + lag : s + lag + width] for s, lag in inside.items()]
        fitted, unsaid = fitting.fit(list(inside), wets)
        if turn > 1 and unsaid > least + 1e-3:  # the delays found are worse than the ones before
            lags = [lag for lag in lags if abs(lag.frames - centre) < NEAR_FRAMES]
            break
        device, least = fitted, unsaid
        made = device.play(dry)
        white = whitened(made, wet, list(inside.items()), width)
        looked = chosen if turn < FIT_ROUNDS else starts
        found = (lag_of(*white, s, centre, REACH_FRAMES, width) for s in looked)
        lags = [lag for lag in found if lag is not None and lag.sure]
        if len(lags) < 4 or turn == FIT_ROUNDS:
            break
        at = {s: round(min(lags, key=lambda lag, s=s: abs(lag.frame - s)).frames) for s in chosen}  # type: ignore[misc]
    return lags, device, made


def _purest_third(fitting: RoughFitting, wet: Audio, starts: list[int], lag: int) -> list[int]:
    """The third of the recording that one device explains best at one delay: no jump is in it, and little drift."""
    thirds = [list(part) for part in np.array_split(np.array(starts, int), 3) if len(part) >= 3]
    if len(starts) < 9 or not thirds:
        return starts
    told: list[tuple[float, list[int]]] = []
    for third in thirds:
        inside = [int(s) for s in third if s + lag >= 0 and s + lag + fitting.width <= len(wet)]
        if len(inside) >= 3:
            wets = [wet[s + lag : s + lag + fitting.width] for s in inside]
            told.append((fitting.fit(inside, wets)[1], inside))
    return min(told)[1] if told else starts


def _stretches(dry: Audio, wet: Audio, made: Audio, lags: list[Lag], centre: int) -> list[Stretch]:
    """The course of the delay over the whole recording."""
    if not lags:
        return [Stretch(0, len(dry), centre)]
    places = [(lag.frame, round(lag.frames)) for lag in lags[:: max(1, len(lags) // FIT_CHUNKS)]]
    white_made, white_wet = whitened(made, wet, places, min(WINDOW_FRAMES, len(dry) // 2, len(wet) // 2))
    main = levels_of([lag.frames for lag in lags])[0]
    short = _short_lags(dry, white_made, white_wet, main)
    levels = levels_of([lag.frames for lag in lags] + short)[:24]
    return likeliest_course(white_made, white_wet, levels)


def _short_lags(dry: Audio, made: Audio, wet: Audio, main: int) -> list[float]:
    """Of a quarter of a second each, where the main delay explains little: pairs of jumps close together."""
    found = []
    for start in active_windows(dry, SHORT_FRAMES, SHORT_HOP):
        ours, theirs = made[start : start + SHORT_FRAMES], wet[max(0, start + main) : start + main + SHORT_FRAMES]
        if len(ours) != len(theirs) or len(ours) < SHORT_FRAMES:
            continue
        cross, power = float(ours @ theirs), float(ours @ ours) * float(theirs @ theirs)
        usual = cross * abs(cross) / max(power, 1e-30)
        if usual > 0.5:
            continue
        lag = lag_of(made, wet, start, main, REACH_FRAMES, SHORT_FRAMES)
        if lag is not None and lag.sure and lag.explained > max(0.2, 2 * usual):
            found.append(lag.frames)
    return found


def _share(wet: Audio, made: Audio, stretches: list[Stretch]) -> float:
    """Which share of the wet's energy the rough device explains, each stretch at its own delay."""
    error = heard = 0.0
    for part in stretches:
        low, high = max(part.start, -part.lag), min(part.stop, len(wet) - part.lag)
        if high > low:
            theirs = wet[low + part.lag : high + part.lag]
            error += float(np.square(theirs - made[low:high], dtype=np.float64).sum())
            heard += float(np.square(theirs, dtype=np.float64).sum())
    return 1 - error / heard if heard > 0 else 0.0


def _wander(lags: list[Lag], stretches: list[Stretch]) -> float:
    """How far sure windows, smoothed, surely leave their stretch's delay: the range of nine tenths of them, frames."""
    off: list[float] = []
    for part in stretches:
        inside = [x for x in lags if part.start <= x.frame and x.frame + WINDOW_FRAMES <= part.stop]
        inside = [x for x in inside if abs(x.frames - part.lag) < 64]
        if len(inside) >= 5:
            late = np.array([x.frames for x in inside])
            late -= np.median(late)
            sure = np.sign(late) * np.maximum(np.abs(late) - [x.vague for x in inside], 0)
            off += list(np.median(np.lib.stride_tricks.sliding_window_view(sure, 5), axis=1))
    steps = [abs(after.lag - before.lag) for before, after in itertools.pairwise(stretches)]
    crept = sum(step for step in steps if step < SMALLEST_BUFFER) if len(steps) >= CREEPING_STEPS else 0.0
    return max(crept, float(np.quantile(off, 0.95) - np.quantile(off, 0.05)) if off else 0.0)
