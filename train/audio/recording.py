"""One recording: dry audio and what a device made of it, brought into line, with plain verdicts on what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio import alignment
from gritspace.train.audio.audio_file import SAMPLE_RATE, read_audio
from gritspace.train.audio.recording_delay import LEAST_PROMINENCE, find_delay
from gritspace.train.errors import InputError

Audio = NDArray[np.float32]

SHORTEST_SECONDS = 10.0
SILENT_DBFS, QUIET_PEAK_DBFS = -80.0, -40.0
FULL_SCALE, CLIPPED_RUN = 0.995, 3
"""So many samples in a row at the loudest level there is, and that near full scale: clipped."""
MOST_CLIPPED = 1e-3
MOST_DRIFT_FRAMES = 6
NOTABLE_SECONDS = 0.25


@dataclass(frozen=True)
class Recording:
    """dry, wet (frames,) at 48 kHz: aligned, equally long, the same way up.

    delay_frames: how late wet was. inverted: whether it was upside down. remarks: sentences for a person.
    """

    dry: Audio
    wet: Audio
    delay_frames: int
    inverted: bool
    remarks: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """How much there is of it."""
        return len(self.dry) / SAMPLE_RATE


def read_recording(
    dry_path: Path, wet_path: Path, force: bool = False, shortest_seconds: float = SHORTEST_SECONDS
) -> Recording:
    """Reads, checks and aligns. force: go on with what is clipped or not surely the same performance.

    Raises InputError that names the file and what is wrong with it.
    """
    return align(read_audio(dry_path), read_audio(wet_path), str(dry_path), str(wet_path), force, shortest_seconds)


def align(
    dry: Audio,
    wet: Audio,
    dry_name: str,
    wet_name: str,
    force: bool = False,
    shortest_seconds: float = SHORTEST_SECONDS,
) -> Recording:
    """dry (frames,), wet (other frames,) at 48 kHz -> the recording. Raises InputError as read_recording does."""
    remarks: list[str] = []
    for name, audio in ((dry_name, dry), (wet_name, wet)):
        remarks += _verdicts(name, audio, force, shortest_seconds)
    delay = find_delay(dry, wet)
    if delay.prominence < LEAST_PROMINENCE:
        doubt = f"{wet_name}: this does not seem to be what was played in {dry_name}"
        if not force:
            raise InputError(f"{doubt}; record both at once, or --force if you are sure that they belong together.")
        remarks.append(f"{doubt}; taken all the same.")
    if abs(delay.drift_frames) > MOST_DRIFT_FRAMES:
        raise InputError(
            f"{wet_name}: it runs away from {dry_name}, by {abs(delay.drift_frames)} frames over the recording; "
            "record both with one interface, so that one clock times them."
        )
    apart = abs(len(dry) - len(wet)) / SAMPLE_RATE
    if apart > NOTABLE_SECONDS:
        longer = dry_name if len(dry) > len(wet) else wet_name
        remarks.append(f"{longer} is {apart:.1f} s longer; what only it has is left out.")
    early, late = max(0, -delay.frames), max(0, delay.frames)
    frames = min(len(dry) - early, len(wet) - late)
    if frames < shortest_seconds * SAMPLE_RATE:
        raise InputError(
            f"{wet_name}: only {max(frames, 0) / SAMPLE_RATE:.1f} s of it and {dry_name} belong together; "
            f"at least {shortest_seconds:g} s are needed, and three minutes are good."
        )
    dry, wet = dry[early : early + frames], wet[late : late + frames]
    if delay.frames:
        word = "late" if delay.frames > 0 else "early"
        milliseconds = abs(delay.frames) / SAMPLE_RATE * 1e3
        remarks.append(f"{wet_name} was {abs(delay.frames)} frames ({milliseconds:.1f} ms) {word}; moved.")
    inverted = _upside_down(dry, wet)
    if inverted:
        remarks.append(f"{wet_name} was upside down; turned over.")
        wet = -wet
    return Recording(np.ascontiguousarray(dry), np.ascontiguousarray(wet), delay.frames, inverted, tuple(remarks))


def _verdicts(name: str, audio: Audio, force: bool, shortest_seconds: float) -> list[str]:
    """What is to be said of a file's level. Raises InputError for silence, for much clipping, for too little."""
    if len(audio) < shortest_seconds * SAMPLE_RATE:
        raise InputError(
            f"{name}: {len(audio) / SAMPLE_RATE:.1f} s are too little to learn from; at least {shortest_seconds:g} s "
            "are needed, and three minutes are good."
        )
    peak, rms = float(np.abs(audio).max()), float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))
    if _dbfs(rms) < SILENT_DBFS:
        raise InputError(f"{name}: it is silent ({_dbfs(rms):.0f} dBFS); check the cables and record it again.")
    said = []
    if _dbfs(peak) < QUIET_PEAK_DBFS:
        said.append(f"{name} is quiet (peak {_dbfs(peak):.0f} dBFS); a louder recording has less noise.")
    clipped = clipped_share(audio)
    if clipped > MOST_CLIPPED and not force:
        raise InputError(
            f"{name}: {clipped:.1%} of it is clipped at {_dbfs(peak):.1f} dBFS; record it with less level, or --force "
            "to learn the clipping too."
        )
    if clipped:
        said.append(f"{name} is clipped in places ({clipped:.3%} of it, at {_dbfs(peak):.1f} dBFS).")
    return said


def clipped_share(audio: Audio) -> float:
    """Which share of samples (frames,) lies in runs of CLIPPED_RUN or more at one peak near full scale."""
    peak = float(np.abs(audio).max())
    if peak < FULL_SCALE:
        return 0.0
    flat = (np.abs(audio) >= peak * (1 - 1e-4)).astype(np.int8)
    edges = np.flatnonzero(np.diff(flat, prepend=0, append=0))
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= CLIPPED_RUN].sum()) / len(audio)


def _upside_down(dry: Audio, wet: Audio) -> bool:
    span = 1 << min(20, len(dry).bit_length() - 1)  # frames; lengths that a Fourier transform is quick at
    start = (len(dry) - span) // 2
    return alignment.polarity(dry[None, start : start + span], wet[None, start : start + span]) < 0


def _dbfs(level: float) -> float:
    return float(20 * np.log10(max(level, 1e-10)))
