"""The likeliest course of a delay over a recording: few changes, among delays that windows were sure of."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio.recording.activity import STEP_FRAMES

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

LEAST_JUMP_FRAMES = 8
JUMP_COST = 60.0
"""Of the log likelihood: what a change of delay has to earn."""
MAX_COST, FRAMES_A_DEGREE = 4.0, 150
"""Of one step, per degree of freedom; the error is never quite white: so many frames are taken for one degree."""


@dataclass(frozen=True)
class Stretch:
    """Frames start to stop of the dry audio, in which the wet is `lag` frames late."""

    start: int
    stop: int
    lag: int


def levels_of(late: list[float]) -> list[int]:
    """Delays that differ by LEAST_JUMP_FRAMES and more, the most frequent first."""
    left = np.sort(np.array(late))
    found: list[tuple[int, int]] = []
    while len(left):
        near = np.abs(left[:, None] - left[None]) < LEAST_JUMP_FRAMES / 2
        top = near[int(near.sum(1).argmax())]
        level = float(np.median(left[top]))
        close = np.abs(left - level) < LEAST_JUMP_FRAMES
        found.append((int(close.sum()), round(level)))
        left = left[~(close | top)]
    return [level for _, level in sorted(found, key=lambda pair: -pair[0])]


def likeliest_course(made: Audio, wet: Audio, levels: list[int]) -> list[Stretch]:
    """made, wet: whitened. levels: the delays to choose from. Stretches without a gap, over all of made."""
    if len(levels) == 1 or len(made) < 2 * STEP_FRAMES:
        return [Stretch(0, len(made), levels[0])]
    course = _cheapest(_costs(made, wet, levels))
    changes = [0, *(np.flatnonzero(np.diff(course)) + 1).tolist(), len(course)]
    return [
        Stretch(first * STEP_FRAMES, len(made) if last == len(course) else last * STEP_FRAMES, levels[course[first]])
        for first, last in itertools.pairwise(changes)
    ]


def _costs(made: Audio, wet: Audio, levels: list[int]) -> Floats:
    """(steps, levels): how unlikely each step is at each delay, 0 for the best; nothing to choose in silence."""
    steps = len(made) // STEP_FRAMES
    errors = np.zeros((steps, len(levels)))
    ours = made[: steps * STEP_FRAMES].reshape(steps, STEP_FRAMES)
    power = np.square(ours, dtype=np.float64).mean(1)
    for column, level in enumerate(levels):
        theirs = np.zeros(steps * STEP_FRAMES, np.float32)
        low, high = max(0, -level), min(steps * STEP_FRAMES, len(wet) - level)
        if high > low:
            theirs[low:high] = wet[low + level : high + level]
        errors[:, column] = np.square(ours - theirs.reshape(steps, STEP_FRAMES), dtype=np.float64).mean(1)
    least = errors.min(1, keepdims=True)
    usual = float(np.median(least[power > np.quantile(power, 0.3)]))
    floor = 0.1 * usual + 1e-3 * float(np.quantile(power, 0.95)) + 1e-20
    return STEP_FRAMES / FRAMES_A_DEGREE * np.minimum(np.log((errors + floor) / (least + floor)), MAX_COST)


def _cheapest(costs: Floats) -> NDArray[np.int64]:
    """Viterbi: the course (steps,) of least cost, JUMP_COST a change."""
    steps, count = costs.shape
    back = np.zeros((steps, count), np.int64)
    total = costs[0].copy()
    for step in range(1, steps):
        best = int(total.argmin())
        change = total[best] + JUMP_COST < total
        back[step] = np.where(change, best, np.arange(count))
        total = np.where(change, total[best] + JUMP_COST, total) + costs[step]
    course = np.zeros(steps, np.int64)
    course[-1] = int(total.argmin())
    for step in range(steps - 1, 0, -1):
        course[step - 1] = back[step, course[step]]
    return course
