"""`gritspace enroll`: recordings in, a preset out; what was found on the way, as plain values."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gritspace.host_tools.models.made_from import file_sha256
from gritspace.host_tools.models.model_files import read_space
from gritspace.host_tools.outputs import refuse_unwritable
from gritspace.host_tools.pages.page import write_text
from gritspace.train.audio.audio_file import SAMPLE_RATE, SHORTEST_TO_ENROLL_SECONDS, read_audio
from gritspace.train.audio.recording.recording import Recording, read_recording
from gritspace.train.audio.recording.sound_file import CHANNELS
from gritspace.train.errors import InputError
from gritspace.train.space.enroll import Enrolment, enroll, guess_from_wet, with_offsets
from gritspace.train.space.space import PLAYED, Space, save_space

Tell = Callable[[float, float, str], None]

STORED_PLACES = 12
LOUDEST_LEVEL = 7.99
"""What a preset's level can be at most."""


@dataclass(frozen=True)
class EnrollRequest:
    """The options of `gritspace enroll`. model: the .grit file that the module will run; without, its factory model."""

    space: Path
    wet: Path
    out: Path
    dry: Path | None = None
    refine: bool = False
    model: Path | None = None
    place: int = 1
    force: bool = False
    seed: int = 0
    channel: str | None = None


def enroll_as_requested(request: EnrollRequest, tell: Tell) -> dict[str, Any]:
    """Finds the position, writes the preset, with refine a space too. Raises InputError for unusable input."""
    if request.out.suffix.lower() != ".json":
        raise InputError(f"{request.out}: a preset is written as JSON; name it .json.")
    refuse_unwritable(request.out)
    if request.model is not None:
        file_sha256(request.model)
    space = read_space(request.space)
    remarks: list[str] = []
    recording = None
    if request.channel not in (None, *CHANNELS):
        raise InputError(f"--channel {request.channel}: there is no such; there are {', '.join(CHANNELS)}.")
    if request.dry is None:
        found = guess_from_wet(space, read_audio(request.wet, SHORTEST_TO_ENROLL_SECONDS), request.seed)
        remarks.append("without the dry audio this is only the encoder's guess; nothing was measured.")
    else:
        recording = read_recording(request.dry, request.wet, request.force, SHORTEST_TO_ENROLL_SECONDS, request.channel)
        remarks += recording.remarks
        wet = -recording.wet if recording.inverted else recording.wet  # enroll finds the polarity itself
        found = enroll(
            space,
            recording.dry,
            wet,
            request.refine,
            lambda step, steps: tell(step, steps, "looking for it"),
            request.seed,
            aligned=True,
        )
    files = [str(request.out)]
    write_text(request.out, json.dumps(as_preset(found, request), indent=2) + "\n")
    if found.offsets is not None:
        refined = request.out.with_suffix(".pt")
        save_space(refined_space(space, found, request.wet.stem), refined)
        files.append(str(refined))
        remarks.append(f"{refined}: a space of this one device; `gritspace quantize` makes its model.")
    return as_values(found, recording, remarks, files)


def as_preset(found: Enrolment, request: EnrollRequest) -> dict[str, Any]:
    """What `gritspace presets put` reads."""
    position = [float(x) for x in found.position]
    stored = position[len(PLAYED) :]
    model: Any = (
        "factory" if request.model is None else {"name": request.model.stem, "sha256": file_sha256(request.model)}
    )
    return {
        "presets": [
            {
                "place": request.place,
                "played": dict(zip(PLAYED, position, strict=False)),
                "stored": stored + [0.0] * (STORED_PLACES - len(stored)),
                "level": min(found.level, LOUDEST_LEVEL),
                "model": model,
            }
        ]
    }


def refined_space(space: Space, found: Enrolment, name: str) -> Space:
    """The space bent to one device, which is all it calls its own."""
    assert found.offsets is not None
    bent = with_offsets(space, found.offsets)
    bent.positions = {name: [float(x) for x in found.position]}
    bent.gains, bent.attributes = {name: found.gain}, {}
    bent.licences = dict(space.licences)
    return bent


def as_values(found: Enrolment, recording: Recording | None, remarks: list[str], files: list[str]) -> dict[str, Any]:
    """For JSON; what was not measured is null."""
    delay = recording.delay_frames if recording is not None else 0

    def known(value: float) -> float | None:
        return float(value) if np.isfinite(value) else None

    return {
        "files": files,
        "guess": found.guess,
        "position": [float(x) for x in found.position],
        "delay_frames": delay + found.latency_frames,
        "delay_seconds": (delay + found.latency_frames) / SAMPLE_RATE,
        "inverted": found.gain < 0,
        "recording": None if recording is None else recording.as_values(),
        "gain_db": 20 * float(np.log10(abs(found.output_gain))),
        "level": found.level,
        "esr": known(found.esr),
        "esr_of_position": known(found.esr_of_position),
        "esr_of_guess": known(found.esr_of_guess),
        "learned_seconds": found.learned_seconds,
        "checked_seconds": found.checked_seconds,
        "esr_low": known(found.esr_low),
        "esr_high": known(found.esr_high),
        "remarks": remarks,
    }
