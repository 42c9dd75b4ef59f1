"""Which parts of a followed recording are worth learning from: not about a jump, not in a long rest, not unplugged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.recording.activity import STEP_FRAMES, active, runs, step_power
from gritspace.train.audio.recording.course import Stretch

Audio = NDArray[np.float32]

GUARD_FRAMES = SAMPLE_RATE // 10
"""Left out on either side of a jump."""
SHORTEST_FRAMES = SAMPLE_RATE // 2
LONG_REST_SECONDS, KEPT_REST_SECONDS = 5.0, 1.0
DEAD_SECONDS, DEAD_DB, PLAYING_DB = 0.2, -35.0, 30.0
"""The wet is dead where it is so far below what is to be expected, while that is at most so far below loud."""
FLOOR_DB, ABOVE_FLOOR_DB, SILENT_SECONDS = 2.0, 15.0, 0.5
"""And where it is no more than its noise floor for so long, at levels of the dry that are elsewhere so far above it."""
BIN_DB, FEWEST_STEPS = 3.0, 8


def worth_learning(
    dry: Audio, wet: Audio, made: Audio, stretches: list[Stretch], name: str
) -> tuple[list[Stretch], list[str]]:
    """The parts, and what is to be said of the others. made: what the rough device makes of dry."""
    said: list[str] = []
    per_second = SAMPLE_RATE // STEP_FRAMES
    kept: list[Stretch] = []
    for number, part in enumerate(stretches):
        start = max(part.start, -part.lag) + (GUARD_FRAMES if number else 0)
        stop = min(part.stop, len(wet) - part.lag) - (GUARD_FRAMES if number < len(stretches) - 1 else 0)
        if stop - start >= SHORTEST_FRAMES:
            kept.append(Stretch(start, stop, part.lag))
    dead, rests = np.zeros(len(dry) // STEP_FRAMES, bool), np.zeros(len(dry) // STEP_FRAMES, bool)
    expected, sounding = step_power(made), active(made, PLAYING_DB)
    resting = ~active(dry, 55.0)
    for part in kept:
        first, last = -(-part.start // STEP_FRAMES), part.stop // STEP_FRAMES
        heard = step_power(wet[first * STEP_FRAMES + part.lag : last * STEP_FRAMES + part.lag])
        span = slice(first, first + len(heard))
        dead[span] = sounding[span] & (heard < expected[span] * 10 ** (DEAD_DB / 10))
        for a, b in _mute(step_power(dry)[span], heard, int(SILENT_SECONDS * per_second)):
            dead[first + a : first + b] = True
        rests[span] = resting[span] & ~_playing(heard)
    silent = runs(_bridged(dead, per_second // 10), int(DEAD_SECONDS * per_second))
    if silent:
        seconds = sum(last - first for first, last in silent) / per_second
        said.append(
            f"{name} is silent for {seconds:.1f} s while the dry plays, first at {silent[0][0] / per_second:.1f} s "
            "(a cable?); left out."
        )
    long = runs(rests, int(LONG_REST_SECONDS * per_second))
    if long:
        seconds = sum(last - first for first, last in long) / per_second
        said.append(f"nothing is played for {seconds:.1f} s, first at {long[0][0] / per_second:.1f} s; left out.")
    margin = int(KEPT_REST_SECONDS * per_second)
    out = [(first - per_second // 5, last + per_second // 5) for first, last in silent]
    out += [(first + margin, last - margin) for first, last in long]
    return _without(kept, [(first * STEP_FRAMES, last * STEP_FRAMES) for first, last in out]), said


def all_of(dry: Audio, wet: Audio, stretches: list[Stretch]) -> list[Stretch]:
    """What both have, at the longest stretch's delay: of a recording that is taken although it is in doubt."""
    lag = max(stretches, key=lambda part: part.stop - part.start).lag
    return [Stretch(max(0, -lag), max(max(0, -lag), min(len(dry), len(wet) - lag)), lag)]


def joined(dry: Audio, wet: Audio, kept: list[Stretch]) -> tuple[Audio, Audio, tuple[int, ...]]:
    """The parts after one another, and the frames at which they meet."""
    ours = np.concatenate([dry[part.start : part.stop] for part in kept])
    theirs = np.concatenate([wet[part.start + part.lag : part.stop + part.lag] for part in kept])
    joints = np.cumsum([part.stop - part.start for part in kept])[:-1]
    return ours, theirs, tuple(int(x) for x in joints)


def _without(kept: list[Stretch], out: list[tuple[int, int]]) -> list[Stretch]:
    for first, last in out:
        after: list[Stretch] = []
        for part in kept:
            for start, stop in ((part.start, min(part.stop, first)), (max(part.start, last), part.stop)):
                if stop - start >= SHORTEST_FRAMES:
                    after.append(Stretch(start, stop, part.lag))
        kept = after
    return kept


def _mute(played: NDArray[np.float64], heard: NDArray[np.float64], least: int) -> list[tuple[int, int]]:
    """Runs of steps in which nothing comes out although the like of it came out elsewhere, at least so many of them.

    played, heard: powers of the same steps. A gate's silences are no such runs: at those levels it is always silent.
    """
    if len(heard) < 2 * FEWEST_STEPS:
        return []
    floor = float(np.quantile(heard, 0.02)) + 1e-20
    bins = np.round(10 * np.log10(played + 1e-12) / BIN_DB).astype(int)
    expected = np.zeros(len(heard))
    for one in np.unique(bins):
        same = bins == one
        expected[same] = np.median(heard[same]) if same.sum() >= FEWEST_STEPS else 0.0
    missed = expected > floor * 10 ** (ABOVE_FLOOR_DB / 10)
    found = []
    for first, last in runs(_bridged(heard < floor * 10 ** (FLOOR_DB / 10), 2)):
        inside = first + np.flatnonzero(missed[first:last])
        if len(inside) >= least:
            found.append((int(inside[0]), int(inside[-1]) + 1))
    return found


def _playing(heard: NDArray[np.float64]) -> NDArray[np.bool_]:
    loud = float(np.quantile(heard, 0.95)) if len(heard) else 0.0
    return heard > max(loud, 1e-20) * 1e-4


def _bridged(true: NDArray[np.bool_], gap: int) -> NDArray[np.bool_]:
    """Gaps of at most so many steps between true ones are closed."""
    out = true.copy()
    for first, last in runs(~true):
        if first > 0 and last < len(true) and last - first <= gap:
            out[first:last] = True
    return out
