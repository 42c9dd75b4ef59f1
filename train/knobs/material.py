"""What a knob model is fitted to: one recording of a device at each setting, or a device played at settings of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import qmc

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.recording.recording import Recording
from gritspace.train.devices.device import Device, label
from gritspace.train.errors import InputError
from gritspace.train.knobs.settings import NEAR, Setting, short_names
from gritspace.train.snapshot.fit import rms
from gritspace.train.snapshot.source import Audio, Source, from_device, from_recording

SAME_INTERFACE_FRAMES = 48
"""Delays of recordings that differ by no more than a millisecond are one interface's, told apart by the device's own
phase at that setting: the knobs must not learn it."""
SEEN_SECONDS, HELD_SECONDS, LEAST_SECONDS = 360.0, 6.0, 40.0
"""What a device is played in all, shared out among its settings, and at each besides, to measure."""
LEAST_RMS = 1e-5


@dataclass(frozen=True)
class Material:
    """settings, sources: to learn from, equally many; the sources' held-out parts are measured. between, beside: other
    settings and their sources, measured only."""

    name: str
    licence: str
    knobs: tuple[str, ...]
    settings: list[Setting]
    sources: list[Source]
    between: list[Setting]
    beside: list[Source]


def one_delay(recordings: Sequence[Recording], names: Sequence[str]) -> tuple[list[Recording], list[str]]:
    """Recordings of one device through one interface -> all late by the same, and the same way up; and remarks.

    A recording that is late by quite another time (it was cut otherwise) keeps its own.
    """
    common = sorted(one.delay_frames for one in recordings)[(len(recordings) - 1) // 2]
    upside_down = sum(one.inverted for one in recordings) * 2 > len(recordings)
    found, remarks = [], []
    for one, name in zip(recordings, names, strict=True):
        moved = one
        apart = common - one.delay_frames
        if apart and abs(apart) <= SAME_INTERFACE_FRAMES:
            moved = replace(moved, wet=_shifted(moved.wet, apart), delay_frames=common)
            remarks.append(f"{name} was moved by {apart} frames more, so that all are late by the same {common}.")
        elif apart:
            remarks.append(f"{name} is late by {one.delay_frames} frames where most are by {common}; each was moved.")
        if one.inverted != upside_down:
            moved = replace(moved, wet=-moved.wet, inverted=upside_down)
            remarks.append(f"{name} seemed to be the other way up than most; it was left as they are.")
        found.append(moved)
    return found, remarks


def from_recordings(
    name: str,
    knobs: tuple[str, ...],
    settings: Sequence[Setting],
    recordings: Sequence[Recording],
    between: Sequence[Setting],
    beside: Sequence[Recording],
    names: Sequence[str],
) -> Material:
    """recordings of settings, beside of between. names: of all files, for errors. Raises InputError for silence."""
    sources = [from_recording(one, stem) for one, stem in zip((*recordings, *beside), names, strict=True)]
    for source in sources:
        _refuse_silence(source)
    count = len(settings)
    return Material(
        name, "NOASSERTION", knobs, list(settings), sources[:count], list(between), [_whole(x) for x in sources[count:]]
    )


def from_a_device(
    device: Device, settings: Sequence[Setting], between: Sequence[Setting], dry: Audio, held: Audio
) -> Material:
    """dry (frames,) is shared out among the settings; of held (frames,) each hears another part, others too.

    Raises InputError for a device without knobs, or one that is silent at a setting.
    """
    if not device.knobs:
        raise InputError(f"{device.name}: it has no knobs; leave --settings out to fit it as it is.")
    piece = min(len(dry), max(len(dry) // len(settings), int(LEAST_SECONDS * SAMPLE_RATE)))
    part = min(len(held), int(HELD_SECONDS * SAMPLE_RATE))

    def cut(audio: Audio, frames: int, index: int, count: int) -> Audio:
        start = (len(audio) - frames) * index // max(count - 1, 1)
        return audio[start : start + frames]

    everywhere, sources = [*settings, *between], []
    for index, setting in enumerate(everywhere):
        learns = index < len(settings)
        heard = cut(held, part, index, len(everywhere))
        mine = cut(dry, piece, index, len(settings)) if learns else heard
        one = from_device(device, np.array([setting], np.float32), mine, heard)
        sources.append(replace(one, name=label(device, setting)))
        _refuse_silence(sources[-1])
    count = len(settings)
    return Material(
        device.name,
        device.licence,
        short_names(device.knobs),
        list(settings),
        sources[:count],
        list(between),
        sources[count:],
    )


def anywhere(knobs: int, count: int, seen: Sequence[Setting], seed: int = 3) -> list[Setting]:
    """Settings all over the box that are none of those seen: where a device is asked how well the model knows it."""
    drawn = qmc.Sobol(knobs, seed=seed).random_base2((2 * count - 1).bit_length())
    known = np.array(seen).reshape(-1, knobs)
    apart = [x for x in drawn if not (np.abs(known - x) < NEAR).all(axis=1).any()]
    return [tuple(float(v) for v in x) for x in apart[:count]]


def held_esr(source: Source, heard: Audio, lead_in: int) -> float:
    """Of heard (frames,), what a model made of the held-out dry audio, pooled over the parts that count, but for the
    first lead_in frames, whose past is not known."""
    wanted = source.held_wet.astype(np.float64)
    apart = np.square(wanted - heard)
    parts = [slice(max(start, lead_in), stop) for start, stop in source.held_clips or ((0, len(wanted)),)]
    power = sum(float(np.square(wanted[part]).sum()) for part in parts)
    return sum(float(apart[part].sum()) for part in parts) / max(power, 1e-20)


def _whole(source: Source) -> Source:
    """All of a recording that nothing is learnt from is measured."""
    return replace(source, held_dry=source.dry, held_wet=source.wet, held_clips=(), joints=())


def _shifted(wet: Audio, frames: int) -> Audio:
    """By so many frames earlier, or later; what is not known there is silence."""
    moved = np.roll(wet, -frames)
    moved[len(wet) - frames :] = 0
    moved[: max(0, -frames)] = 0
    return moved


def _refuse_silence(source: Source) -> None:
    if min(rms(source.wet), rms(source.held_wet)) < LEAST_RMS:
        raise InputError(f"{source.name}: at this setting the device is silent; leave it out, or turn it up a little.")
