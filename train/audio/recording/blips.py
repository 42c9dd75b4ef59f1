"""Blips: single loud clicks with silence about them, as Neural Amp Modeler's input files have at their start (v1, v3)
or at start and end (v2), where they say what the delay is, and whether the device is still the same at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SAMPLE_RATE

Audio = NDArray[np.float32]

LEVEL, SILENCE, QUIET_FRAMES, LONGEST_FRAMES = 0.25, 2e-3, SAMPLE_RATE * 15 // 100, SAMPLE_RATE // 100
LOOK_BEFORE, LOOK_AFTER = 1_000, 1_200
ABOVE_NOISE, LEAST_ABOVE = 1.3, 3e-4
SAME_FRAMES, SAME_ESR = 4, 0.05


@dataclass(frozen=True)
class Blips:
    """frames: of the dry audio. delays: how late each is heard, less a frame, so that none is too late."""

    frames: tuple[int, ...]
    delays: tuple[int, ...]


def blips(dry: Audio) -> list[int]:
    """The first frame of each."""
    found: list[int] = []
    loud = np.flatnonzero(np.abs(dry) > LEVEL)
    last = -QUIET_FRAMES
    for frame in loud:
        begins, last = frame - last >= QUIET_FRAMES, frame
        if not begins or frame < QUIET_FRAMES:
            continue
        before, after = dry[frame - QUIET_FRAMES : frame], dry[frame + LONGEST_FRAMES : frame + QUIET_FRAMES]
        if len(after) and max(np.abs(before).max(), np.abs(after).max()) < SILENCE:
            found.append(int(frame))
    return found


def heard(dry: Audio, wet: Audio, assumed: int) -> Blips | None:
    """The blips of dry, and how late the wet answers each: its first frame above the noise before, about `assumed`."""
    places, delays = [], []
    for frame in blips(dry):
        first, last = frame + assumed - LOOK_BEFORE, frame + assumed + LOOK_AFTER
        if first < 0 or last > len(wet):
            continue
        answer = np.abs(wet[first:last])
        noise = float(answer[: LOOK_BEFORE // 2].max())
        above = np.flatnonzero(answer > max(ABOVE_NOISE * noise, noise + LEAST_ABOVE))
        if len(above):
            places.append(frame)
            delays.append(int(above[0]) - LOOK_BEFORE + assumed - 1)
    return Blips(tuple(places), tuple(delays)) if places else None


def changed(wet: Audio, found: Blips) -> list[tuple[int, float]]:
    """Blips that sound otherwise than the first: (frame of dry, error against the first's, as an ESR)."""
    answers = [wet[f + d - 16 : f + d + LOOK_AFTER] for f, d in zip(found.frames, found.delays, strict=True)]
    answers = [a.astype(np.float64) for a in answers if len(a) == LOOK_AFTER + 16]
    told = []
    for frame, answer in zip(found.frames[1:], answers[1:], strict=False):
        error = float(np.square(answer - answers[0]).sum() / max(np.square(answers[0]).sum(), 1e-20))
        if error > SAME_ESR:
            told.append((frame, error))
    return told
