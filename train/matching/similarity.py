"""`gritspace devices --similar`: which devices sound most like a recording, whatever is played on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.devices.device import Audio, Device, label
from gritspace.train.errors import InputError
from gritspace.train.matching.clips import QUIET_RMS, dry_stream, excerpts, levelled, render_at
from gritspace.train.matching.contrastive import (
    PICTURE,
    EffectsEncoder,
    load_encoder,
    save_encoder,
    train_effects_encoder,
)
from gritspace.train.matching.kept_places import KeptPlaces
from gritspace.train.matching.mel import log_mel
from gritspace.train.space.data.pairs import grid

FRAMES = SAMPLE_RATE
EXCERPTS = 2
CLIPS, STEPS = 10, 400
VERSION = 1


@dataclass(frozen=True)
class Similar:
    """A device at a setting, and its likeness: 1 is the same, 0 nothing in common."""

    device: str
    setting: tuple[float, ...]
    label: str
    likeness: float


def settings_of(device: Device) -> NDArray[np.float32]:
    """The training grid of a circuit; a capture, a chain or a device of many knobs stands at half."""
    if device.kind == "circuit":
        return grid(device)
    return np.full((1, len(device.knobs)), 0.5, np.float32)


def embed_devices(
    encoder: EffectsEncoder, devices: Sequence[Device], folder: Path | None = None
) -> tuple[list[Similar], NDArray[np.float64]]:
    """Every device at its settings, likeness 0 still, and its place on the sphere (n, size): a mean over excerpts.

    folder: where places are kept from call to call, for an encoder and a device that sounds as it did.
    """
    source = excerpts(dry_stream((), 30.0, 77, "train"), FRAMES)
    rng = np.random.default_rng(77)
    dry = np.stack([source(rng)[0] for _ in range(EXCERPTS)])
    settings = [settings_of(device) for device in devices]
    places: dict[int, NDArray[np.float64]] = {}
    keep = KeptPlaces(folder, encoder, dry) if folder else None
    if keep:
        keys = keep.keys(devices, settings)
        places = {i: found for i, key in enumerate(keys) if (found := keep.read(key, len(settings[i]))) is not None}
    for i, found in _embedded(encoder, devices, settings, dry, [i for i in range(len(devices)) if i not in places]):
        places[i] = found
        if keep:
            keep.write(keys[i], found)
    listed = [(device, setting) for device, of_device in zip(devices, settings, strict=True) for setting in of_device]
    found_all = [Similar(d.name, tuple(map(float, s)), label(d, s.tolist()), 0.0) for d, s in listed]
    return found_all, np.concatenate([places[i] for i in range(len(devices))])


def _embedded(
    encoder: EffectsEncoder, devices: Sequence[Device], settings: Sequence[Audio], dry: Audio, wanted: Sequence[int]
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """(device's index, its places) of those wanted, all rendered at once."""
    rows = [(i, setting) for i in wanted for setting in settings[i]]
    if not rows:
        return
    most = max(len(setting) for _, setting in rows)
    padded = np.stack([np.pad(setting, (0, most - len(setting))) for _, setting in rows])
    index = np.repeat([i for i, _ in rows], len(dry))
    wet = render_at(devices, np.tile(dry, (len(rows), 1)), index, np.repeat(padded, len(dry), axis=0))
    if not np.isfinite(wet).all():
        bad = devices[int(index[~np.isfinite(wet).all(1)][0])]
        raise InputError(f"{bad.name}: it gives numbers that are not finite; leave this device out.")
    heard = encoder.embed(log_mel(torch.from_numpy(levelled(wet)), PICTURE)).reshape(len(rows), len(dry), -1).mean(1)
    whole = heard / np.linalg.norm(heard, axis=1, keepdims=True)
    of_row = np.array([i for i, _ in rows])
    for i in wanted:
        yield i, whole[of_row == i]


def embed_recording(encoder: EffectsEncoder, wet: Audio) -> NDArray[np.float64]:
    """A recording's place on the sphere (size,): the mean of its loud seconds.

    Raises InputError if it is shorter than half a second, or silent.
    """
    if len(wet) < FRAMES // 2:
        raise InputError(f"the recording: {len(wet) / SAMPLE_RATE:.2f} s are too short; at least 0.5 s are needed.")
    whole = np.pad(wet, (0, max(0, FRAMES - len(wet))))
    pieces = np.lib.stride_tricks.sliding_window_view(whole, FRAMES)[:: FRAMES // 2]
    loud = np.sqrt(np.mean(np.square(pieces, dtype=np.float64), axis=1))
    if loud.max() < QUIET_RMS / 10:
        raise InputError("the recording: this is silence, or nearly; give audio in which something is played.")
    chosen = np.ascontiguousarray(pieces[loud > loud.max() / 30][:60])
    place = encoder.embed(log_mel(torch.from_numpy(levelled(chosen)), PICTURE)).mean(0)
    return np.asarray(place / np.linalg.norm(place))


def most_similar(
    encoder: EffectsEncoder, wet: Audio, devices: Sequence[Device], count: int = 10, folder: Path | None = None
) -> list[Similar]:
    """wet (frames,) -> the devices nearest to it, the nearest first. folder: as in `embed_devices`."""
    place = embed_recording(encoder, wet)
    found, places = embed_devices(encoder, devices, folder)
    likeness = places @ place
    order = np.argsort(-likeness)[:count]
    return [Similar(found[i].device, found[i].setting, found[i].label, float(likeness[i])) for i in order]


def train_on_circuits(seed: int = 0, clips: int = CLIPS, steps: int = STEPS) -> EffectsEncoder:
    """An encoder from the built-in circuits at their grids' settings, so that it may be kept under this licence."""
    listed = [(device, setting) for device in CIRCUITS for setting in grid(device)]
    source = excerpts(dry_stream((), 120.0, seed + 60, "train"), FRAMES)
    rng = np.random.default_rng([seed, 61])
    index = np.repeat(np.arange(len(listed)), clips)
    dry = np.stack([source(rng)[0] for _ in index])
    settings = np.stack([setting for _, setting in listed])[index]
    wet = render_at([d for d, _ in listed], dry, index, settings)
    return train_effects_encoder(log_mel(torch.from_numpy(levelled(wet)), PICTURE), index, steps, seed)


def ready_encoder(folder: Path, told: Callable[[str], None] = lambda words: None) -> EffectsEncoder:
    """The one in the folder; the first time it is trained and left there."""
    path = folder / f"effects-encoder-{VERSION}.pt"
    if not path.exists():
        told("training the effects encoder on the built-in circuits: a minute or two, this once")
        folder.mkdir(parents=True, exist_ok=True)
        save_encoder(train_on_circuits(), path, ["MIT"])
    return load_encoder(path)
