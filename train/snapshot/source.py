"""What a snapshot is fitted to: a recording's own two parts, or a device played to two different sets of dry audio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.held_out import held_out
from gritspace.train.audio.recording.recording import Recording
from gritspace.train.devices.device import Device, Settings
from gritspace.train.errors import InputError

Audio = NDArray[np.float32]

CONTEXT_FRAMES = 1 << 13
"""What was played before each held-out clip, which a network has to hear: as long as any receptive field here."""


@dataclass(frozen=True)
class Source:
    """dry, wet (frames,) to learn from; held_dry, held_wet (frames,) to measure on; never the same audio twice.

    licence: of the device, an SPDX name. joints: frames of dry at which something was cut out. held_clips: the parts of
    held_dry that are measured, (start, stop) each; what is between only leads in to the next.
    """

    name: str
    licence: str
    dry: Audio
    wet: Audio
    held_dry: Audio
    held_wet: Audio
    joints: tuple[int, ...] = ()
    held_clips: tuple[tuple[int, int], ...] = ()


def from_recording(recording: Recording, name: str) -> Source:
    """Clips from all over the recording are held out; the rest is learnt from, joined."""
    clips = held_out(recording.dry, recording.wet, recording.joints)
    edges = [0, *(edge for clip in clips for edge in (clip.start, clip.stop)), len(recording.dry)]
    kept = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    inner = [joint for a, b in kept for joint in recording.joints if a < joint < b]
    before = np.cumsum([0, *(b - a for a, b in kept)])
    joints = {int(x) for x in before[1:-1]}
    joints |= {int(before[i] + joint - a) for i, (a, b) in enumerate(kept) for joint in inner if a < joint < b}
    leads = [max((edge for edge in (0, *recording.joints) if edge <= clip.start), default=0) for clip in clips]
    parts = [(max(lead, clip.start - CONTEXT_FRAMES), clip) for lead, clip in zip(leads, clips, strict=True)]
    measured, at = [], 0
    for first, clip in parts:
        measured.append((at + clip.start - first, at + clip.stop - first))
        at += clip.stop - first

    def learnt(audio: Audio) -> Audio:
        return np.concatenate([audio[a:b] for a, b in kept])

    def held(audio: Audio) -> Audio:
        return np.concatenate([audio[first : clip.stop] for first, clip in parts])

    return Source(
        name,
        "NOASSERTION",
        learnt(recording.dry),
        learnt(recording.wet),
        held(recording.dry),
        held(recording.wet),
        tuple(sorted(joints)),
        tuple(measured),
    )


def from_device(device: Device, settings: Settings, dry: Audio, held_dry: Audio) -> Source:
    """The device at settings (1, knobs) plays both; dry and held_dry (frames,) should come from different files.

    Raises InputError if it gives silence or numbers that are not finite.
    """
    gap = np.zeros(SAMPLE_RATE // 2, np.float32)
    wet = device.render(np.concatenate([dry, gap, held_dry])[None], settings)[0]
    if not np.isfinite(wet).all():
        raise InputError(f"{device.name}: it gives numbers that are not finite; it cannot be fitted.")
    return Source(device.name, device.licence, dry, wet[: len(dry)], held_dry, wet[len(dry) + len(gap) :])
