"""Several short recordings of one device at one setting, such as a player's clips: each aligned apart, then joined."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gritspace.train.audio.audio_file import SHORTEST_TO_LEARN_SECONDS
from gritspace.train.audio.recording.recording import Recording, read_recording
from gritspace.train.errors import InputError

SHORTEST_CLIP_SECONDS = 2.0
SAME_FRAMES = 2


def read_clips(
    dries: Sequence[Path], wets: Sequence[Path], force: bool = False, channel: str | None = None
) -> Recording:
    """As many files of dry audio as of wet, in pairs -> one recording with a joint where two clips meet.

    delay_frames, drift_ppm, jumps: of the longest clip. All end up the way most of the audio is.
    Raises InputError as read_recording does, and if there are not as many of both, or too little in all.
    """
    if len(dries) != len(wets):
        raise InputError(
            f"--dry is given {len(dries)} times and --wet {len(wets)} times; of several clips both belong "
            "together in pairs, in the same order."
        )
    shortest = SHORTEST_TO_LEARN_SECONDS if len(dries) == 1 else SHORTEST_CLIP_SECONDS
    found = [read_recording(*pair, force, shortest, channel) for pair in zip(dries, wets, strict=True)]
    return found[0] if len(found) == 1 else joined_clips(found)


def joined_clips(found: Sequence[Recording]) -> Recording:
    """One after the other."""
    seconds = sum(one.seconds for one in found)
    if seconds < SHORTEST_TO_LEARN_SECONDS:
        raise InputError(
            f"--wet: {seconds:.1f} s in all are too little to learn from; at least {SHORTEST_TO_LEARN_SECONDS:g} s are "
            "needed, and three minutes are good."
        )
    main = max(found, key=lambda one: one.seconds)
    inverted = sum(one.seconds for one in found if one.inverted) > seconds / 2
    remarks = [remark for one in found for remark in one.remarks]
    delays = [one.delay_frames for one in found]
    if max(delays) - min(delays) > SAME_FRAMES:
        remarks.append(f"the clips are late by {', '.join(map(str, delays))} frames; each was moved by its own.")
    if len({one.inverted for one in found}) > 1:
        which = "upside down" if inverted else "upright"
        remarks.append(f"the clips are not all the same way up; taken as {which}, as most are.")
    starts = np.cumsum([0, *(len(one.dry) for one in found)])
    joints = [int(start) + joint for start, one in zip(starts, found, strict=False) for joint in (0, *one.joints)]
    wets = [one.wet if one.inverted == inverted else -one.wet for one in found]
    return Recording(
        np.concatenate([one.dry for one in found]),
        np.concatenate(wets),
        main.delay_frames,
        inverted,
        tuple(remarks),
        main.drift_ppm,
        main.jumps,
        tuple(joint for joint in joints if joint),
    )
