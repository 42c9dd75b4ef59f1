"""Listening tests made from a report of `gritspace evaluate`: which devices are asked about, and who else answers.

The devices are the report's own, from the best to the worst by their error, so that what listeners say can be held
against the figures. Rivals are captures in float (`.nam`) or rendered files, set beside the items that they answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.web import loops
from gritspace.host_tools.web.evaluation_report import ReportRecord
from gritspace.host_tools.web.listening import Item
from gritspace.quantize.network.nam import read_nam
from gritspace.quantize.network.run import run_float
from gritspace.train.audio.audio_file import read_audio

Audio = NDArray[np.float32]


def space_of(path: Path, report: ReportRecord) -> Path:
    """The space that the report is of, beside it. Raises RigError where it is missing or another."""
    space = path.parent / Path(report.space).name
    if not space.is_file():
        raise RigError(f"{space}: the space that {path.name} is of is not beside it; put it there.")
    if hashlib.sha256(space.read_bytes()).hexdigest() != report.space_sha256:
        raise RigError(f"{space}: this is not the space that {path.name} was made of; evaluate it anew.")
    return space


def devices_by_error(report: ReportRecord, here: Sequence[str], count: int) -> list[str]:
    """`count` of the report's devices that are here, evenly from the best to the worst. Raises RigError for none."""
    errors = {
        name: device.seen.esr
        for name, device in report.devices.items()
        if name in here and device.seen is not None and device.seen.esr is not None
    }
    ordered = sorted(errors, key=lambda name: errors[name])
    if not ordered:
        raise RigError("none of the report's devices is a built-in circuit; name sounds with --sound instead.")
    places = np.unique(np.round(np.linspace(0, len(ordered) - 1, min(count, len(ordered)))).astype(int))
    return [ordered[place] for place in places]


def _played(file: Path, loop: str) -> Audio:
    if file.suffix.lower() != ".nam":
        return read_audio(file)
    dry = loops.loop(loop).astype(np.float32) / 32768
    return np.asarray(run_float(read_nam(file).networks[0], np.concatenate([dry, dry]))[loops.FRAMES :], np.float32)


def add_rivals(items: Sequence[Item], named: Sequence[str], loop: str) -> None:
    """ITEM/NAME=FILE: another answer to every item whose name begins with ITEM; a .nam plays the loop.

    Raises RigError for what is not so named, and for an item that is not in the test.
    """
    for one in named:
        place, equals, file = one.partition("=")
        item, slash, name = place.partition("/")
        if not (equals and slash and item and name and file):
            raise RigError(f"--rival {one}: write ITEM/NAME=FILE, like rat/theirs=rat.nam.")
        meant = [found for found in items if found.name.startswith(item)]
        if not meant:
            raise RigError(f"--rival {one}: the test has no {item}; it has {', '.join(found.name for found in items)}.")
        sound = _played(Path(file), loop)
        for found in meant:
            frames = len(found.sounds["reference"])
            if len(sound) < frames:
                raise RigError(f"{file}: {len(sound)} frames, and the test's sounds have {frames}.")
            found.sounds[name] = sound[:frames]
