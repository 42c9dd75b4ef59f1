"""One recording: dry audio and what a device made of it, brought into line, with plain verdicts on what is wrong."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SAMPLE_RATE, SHORTEST_TO_LEARN_SECONDS
from gritspace.train.audio.recording import blips, changes, pieces
from gritspace.train.audio.recording.belonging import belonging, way_up
from gritspace.train.audio.recording.course import Stretch
from gritspace.train.audio.recording.fine import fine_delay
from gritspace.train.audio.recording.onset import onset_of
from gritspace.train.audio.recording.rough_device import loud_level
from gritspace.train.audio.recording.sound_file import Side, read_side, side, verdicts
from gritspace.train.audio.recording.track import Track, chunks_at, follow
from gritspace.train.errors import InputError

Audio = NDArray[np.float32]

LEAST_EXPLAINED = 0.12
"""Of the wet's energy by the rough device: less, and it is another performance."""
DISTINCT = 4.0
"""A coarse delay that has so many times the votes of any other is no chance, however little is explained; unless
nothing is: what is left where no window is sure, or where a device takes more away than it explains, is chance."""
FEWEST_LAGS = 4
"""Sure windows; with fewer, what was played is asked itself."""
MAX_WANDER_FRAMES = 6.0
AGREE_FRAMES = 2.0
"""A phase and a clear onset that differ by more: the less uncertain of the two is right."""
NOTABLE_SECONDS = 0.25
SHORTEST_END_FRAMES = SAMPLE_RATE * 3 // 4


@dataclass(frozen=True)
class Jump:
    """At so many seconds of the dry audio the wet gets so many frames later (a repeated buffer), or earlier."""

    seconds: float
    frames: int


@dataclass(frozen=True)
class Recording:
    """dry, wet (frames,) at 48 kHz: aligned, equally long, the same way up, parts that tell nothing left out.

    delay_frames: how late wet was, at its start. inverted: whether it was upside down. drift_ppm: by how many
    millionths the wet got later. joints: frames at which something was left out.
    remarks: sentences for a person.
    """

    dry: Audio
    wet: Audio
    delay_frames: int
    inverted: bool
    remarks: tuple[str, ...]
    drift_ppm: float = 0.0
    jumps: tuple[Jump, ...] = ()
    joints: tuple[int, ...] = ()

    @property
    def seconds(self) -> float:
        """How much there is of it."""
        return len(self.dry) / SAMPLE_RATE

    def as_values(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "seconds": round(self.seconds, 2),
            "delay_frames": self.delay_frames,
            "polarity": -1 if self.inverted else 1,
            "drift_ppm": round(self.drift_ppm, 2),
            "jumps": [{"seconds": jump.seconds, "frames": jump.frames} for jump in self.jumps],
            "remarks": list(self.remarks),
        }


def read_recording(
    dry_path: Path,
    wet_path: Path,
    force: bool = False,
    shortest_seconds: float = SHORTEST_TO_LEARN_SECONDS,
    channel: str | None = None,
) -> Recording:
    """Reads, checks and aligns. force: go on with what is clipped or not surely the same performance. channel: of files
    whose two channels differ.

    Raises InputError that names the file and what is wrong with it.
    """
    return aligned(read_side(dry_path, channel), read_side(wet_path, channel), force, shortest_seconds)


def align(
    dry: Audio,
    wet: Audio,
    dry_name: str,
    wet_name: str,
    force: bool = False,
    shortest_seconds: float = SHORTEST_TO_LEARN_SECONDS,
) -> Recording:
    """dry (frames,), wet (other frames,) at 48 kHz -> the recording. Raises InputError as read_recording does."""
    return aligned(side(dry_name, dry), side(wet_name, wet), force, shortest_seconds)


def aligned(dry: Side, wet: Side, force: bool, shortest_seconds: float) -> Recording:
    """The two sides brought together."""
    remarks = [remark for one in (dry, wet) for remark in verdicts(one, force, shortest_seconds)]
    track = follow(dry.audio, wet.audio)
    asked = _asked(track, dry.audio, wet.audio)
    doubts = [] if asked else _doubts(track, dry, wet, force)
    track = asked or track
    remarks += doubts
    apart = abs(len(dry.audio) - len(wet.audio)) / SAMPLE_RATE
    if apart > NOTABLE_SECONDS:
        longer = dry.name if len(dry.audio) > len(wet.audio) else wet.name
        remarks.append(f"{longer} is {apart:.1f} s longer; what only it has is left out.")
    shift, up = (0, way_up(dry.audio, wet.audio, track.stretches[0].lag)) if asked else _exact(track, dry.audio)
    stretches = _long_ends([Stretch(part.start, part.stop, part.lag + shift) for part in track.stretches])
    delay = stretches[0].lag
    if delay:
        word = "late" if delay > 0 else "early"
        remarks.append(f"{wet.name} was {abs(delay)} frames ({abs(delay) / SAMPLE_RATE * 1e3:.1f} ms) {word}; moved.")
    jumps = _jumps(stretches)
    for jump in jumps:
        what = "repeats" if jump.frames > 0 else "lacks"
        remarks.append(
            f"{wet.name} {what} {abs(jump.frames)} frames at {jump.seconds:.2f} s (a lost or repeated audio buffer); "
            "what is before and after was aligned apart."
        )
    if track.drift:
        remarks.append(f"{wet.name} drifts by {track.drift * 1e6:+.1f} ppm (two clocks); resampled to fit.")
    said: list[str] = []
    if doubts:
        kept = pieces.all_of(dry.audio, track.wet, stretches)
    else:
        kept, said = pieces.worth_learning(dry.audio, track.wet, track.made, stretches, wet.name)
    remarks += said
    frames = sum(part.stop - part.start for part in kept)
    if frames < shortest_seconds * SAMPLE_RATE:
        raise InputError(
            f"{wet.name}: only {frames / SAMPLE_RATE:.1f} s of it and {dry.name} belong together; "
            f"at least {shortest_seconds:g} s are needed, and three minutes are good." + "".join(f" {s}" for s in said)
        )
    ours, theirs, joints = pieces.joined(dry.audio, track.wet, kept)
    if up < 0:
        remarks.append(f"{wet.name} was upside down; turned over.")
        theirs = -theirs
    remarks += _told_by_blips(dry.audio, track.wet, delay, wet.name)
    if not doubts:
        remarks += changes.remarks(ours, theirs, joints, wet.name)
    return Recording(ours, theirs, delay, up < 0, tuple(remarks), track.drift * 1e6, tuple(jumps), joints)


def _asked(track: Track, dry: Audio, wet: Audio) -> Track | None:
    """Of a recording whose windows tell little: one delay for all of it, if what was played surely belongs there."""
    little = track.explained < LEAST_EXPLAINED
    if _is_distinct(track) or not (little or len(track.lags) < FEWEST_LAGS):
        return None
    shorter = len(wet) - len(dry)  # one of the two may have been cut at its beginning
    told = belonging(dry, wet, [shorter, *(part.lag for part in track.stretches), *track.coarse])
    if not told.sure:
        return None
    gain = np.sqrt(np.mean(np.square(wet)) / np.mean(np.square(dry)))
    stretches = [Stretch(0, len(dry), told.lag)]
    return replace(
        track, wet=wet, made=(gain * dry).astype(np.float32), stretches=stretches, drift=0.0, explained=1 - told.unsaid
    )


def _is_distinct(track: Track) -> bool:
    """Whether the delay stands out on its own, and something heard there bears it out."""
    return track.distinct >= DISTINCT and track.explained > 0 and bool(track.lags)


def _doubts(track: Track, dry: Side, wet: Side, force: bool) -> list[str]:
    """Whether the two are one performance at all, and run steadily. Raises InputError if not, unless forced."""
    little = track.explained < LEAST_EXPLAINED
    if not _is_distinct(track) and (little or not track.lags):
        doubt = f"{wet.name}: this does not seem to be what was played in {dry.name}"
        if not force:
            raise InputError(f"{doubt}; record both at once, or --force if you are sure that they belong together.")
        return [f"{doubt}; taken all the same."]
    if track.wander > MAX_WANDER_FRAMES:
        doubt = f"{wet.name}: its delay against {dry.name} wanders by {track.wander:.0f} frames, and not steadily"
        if not force:
            raise InputError(f"{doubt}; record both with one interface, so that one clock times them (or --force).")
        return [f"{doubt}; taken all the same."]
    return []


def _exact(track: Track, dry: Audio) -> tuple[int, int]:
    """By how many frames to move every stretch's delay so that it is the interface's alone; which way up the wet is."""
    main = max(track.stretches, key=lambda part: part.stop - part.start)
    inside = dry[main.start : main.stop], track.wet[max(0, main.start + main.lag) : main.stop + main.lag]
    lead = max(0, -(main.start + main.lag))
    chunks = chunks_at(inside[0][lead:], inside[1], 0)
    if not chunks[0]:
        return 0, 1
    fine = fine_delay(*chunks, loud_level(dry), 96)
    if main.lag == 0 and fine.none_will_do:
        return 0, fine.up
    late, uncertain = main.lag + fine.frames, fine.uncertain
    by_blips = blips.heard(dry, track.wet, round(late))
    if by_blips is not None and abs(min(by_blips.delays) - late) < SAMPLE_RATE // 100:
        late = float(min(by_blips.delays))
    else:
        told = onset_of(dry, track.wet, track.made, main, loud_level(dry))
        if told and told.clear and told.uncertain < uncertain and abs(main.lag + told.frames - late) > AGREE_FRAMES:
            late, uncertain = float(main.lag + told.frames), told.uncertain + AGREE_FRAMES
    if abs(late) <= uncertain:
        return -main.lag, fine.up
    return int(np.floor(late)) - main.lag, fine.up


def _long_ends(stretches: list[Stretch]) -> list[Stretch]:
    """Without a first or last stretch that is too short to be sure of, or to be worth learning from."""
    while len(stretches) > 1 and stretches[-1].stop - stretches[-1].start < SHORTEST_END_FRAMES:
        stretches = stretches[:-1]
    while len(stretches) > 1 and stretches[0].stop - stretches[0].start < SHORTEST_END_FRAMES:
        stretches = stretches[1:]
    return stretches


def _jumps(stretches: list[Stretch]) -> list[Jump]:
    return [
        Jump(round(after.start / SAMPLE_RATE, 3), after.lag - before.lag)
        for before, after in itertools.pairwise(stretches)
    ]


def _told_by_blips(dry: Audio, wet: Audio, delay: int, name: str) -> list[str]:
    """Where there are blips: whether they agree with each other."""
    found = blips.heard(dry, wet, delay)
    if found is None or len(found.frames) < 2:
        return []
    said = []
    if max(found.delays) - min(found.delays) > blips.SAME_FRAMES:
        said.append(f"{name}: its blips are late by {', '.join(map(str, found.delays))} frames, and should be alike.")
    told = blips.changed(wet, found)
    if told:
        frame, error = max(told, key=lambda pair: pair[1])
        said.append(
            f"{name}: its blip at {frame / SAMPLE_RATE:.1f} s sounds otherwise than the first (ESR {error:.2g}): "
            "something changed meanwhile, or there is much noise, a gate or an echo."
        )
    return said
