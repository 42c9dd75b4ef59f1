"""Pairs to train from: every device at a grid of settings, each with its own excerpt of dry audio.

Devices differ by 40 dB in level. Each device's wet audio is multiplied by one gain, the same for all its settings, so
that over all of them its RMS is LEVEL_RMS; what a knob does to the level stays, unless settings are asked for that
are all equally loud (`loudness`): then each has a level besides. A device that turns the waveform upside down, which
nobody hears, has a negative gain. Gains and levels go into the space's file.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import qmc
from torch import Tensor

from gritspace.train.audio import alignment
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.rows import Rows
from gritspace.train.devices.device import Audio, Device, label
from gritspace.train.errors import InputError
from gritspace.train.space import attributes, loudness
from gritspace.train.space.data.renders import RenderCache, Wanted
from gritspace.train.space.data.splits import settings_between

LEVEL_RMS = 0.15
ONE_KNOB_LEVELS, TWO_KNOB_LEVELS, MANY_KNOB_SETTINGS = 5, 3, 12


@dataclass
class PairSet:
    """n settings, each with one excerpt: dry and wet (n, frames), wet as loud as in training.

    measured (n, 4): the attributes of each setting, in their units; empty where they were not asked for.
    levels: by label, what a setting's wet audio was multiplied by besides its device's gain; empty if by nothing.
    """

    labels: list[str]
    device_of: list[str]
    dry: Rows
    wet: Rows
    gains: dict[str, float]
    measured: Tensor = field(default_factory=lambda: torch.zeros(0, 4))
    levels: dict[str, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def frames(self) -> int:
        """Per setting."""
        return self.dry.shape[1]


def grid(device: Device) -> NDArray[np.float32]:
    """The settings to train a device at, (n, knobs): 1 without knobs, 5 of one knob, 3 x 3 of two, 12 of more."""
    knobs = len(device.knobs)
    if knobs <= 2:
        levels = np.linspace(0, 1, (1, ONE_KNOB_LEVELS, TWO_KNOB_LEVELS)[knobs])
        return np.array(list(itertools.product(levels, repeat=knobs)), np.float32).reshape(len(levels) ** knobs, knobs)
    return qmc.Sobol(knobs, seed=0).random(16)[:MANY_KNOB_SETTINGS].astype(np.float32)


def settings_of(device: Device, between: int) -> NDArray[np.float32]:
    """The grid, and `between` settings spread over the rest of the knobs' travel, none near a held-out one."""
    return np.concatenate([grid(device), settings_between(device, between, grid(device))])


def render_pairs(
    devices: Sequence[Device],
    dry: Audio,
    seconds: float,
    gains: dict[str, float] | None = None,
    with_attributes: bool = True,
    settings: dict[str, NDArray[np.float32]] | None = None,
    cache: RenderCache | None = None,
    equally_loud: bool = False,
) -> PairSet:
    """Each setting of each device with its own `seconds` of dry (frames,), from a place told by the device's name.

    gains: those of an earlier set; what it lacks is found. settings: by device, instead of the grid; at least one each.
    cache: where renders are kept and looked for; the audio is then not held in memory.
    Raises InputError if dry is shorter than `seconds`, or a device gives silence or numbers that are not finite.
    """
    frames = int(seconds * SAMPLE_RATE)
    if len(dry) < frames:
        raise InputError(
            f"the dry audio: {len(dry) / SAMPLE_RATE:.1f} s are too short, {seconds:g} s are needed; give more audio."
        )
    around = np.concatenate([dry, dry[:frames]])
    values = {device.name: grid(device) if settings is None else settings[device.name] for device in devices}

    def excerpts_of(device: Device) -> list[Audio]:
        return [around[start : start + frames] for start in starts_of(device.name, values[device.name], frames, dry)]

    def render(device: Device) -> tuple[Audio, dict[str, Any]]:
        excerpts = np.stack(excerpts_of(device))
        wet = device.render(excerpts, values[device.name])
        note: dict[str, Any] = {"gain": gain_of(device, excerpts, wet)}
        if equally_loud:
            note["loudness"] = loudness.loudness_of(device, values[device.name]).tolist()
        if with_attributes:
            note["attributes"] = [one.as_list() for one in attributes.measure(device, values[device.name])]
        return wet, note

    def wanted_of(device: Device) -> Wanted | None:
        if cache is None:
            return None
        noted = (with_attributes, "equally loud") if equally_loud else with_attributes
        return cache.wanted(device, values[device.name], np.stack(excerpts_of(device)), noted)

    def played(device: Device, wanted: Wanted | None) -> tuple[Tensor, dict[str, Any]]:
        if cache is None or wanted is None:
            wet, note = render(device)
            return torch.from_numpy(wet), note
        return cache.get(wanted, lambda: render(device))

    found = PairSet([], [], Rows([]), Rows([]), {})
    drys: list[Tensor] = []
    wets: list[Tensor] = []
    measured: list[list[float]] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # numpy, SciPy and PyTorch leave Python's lock while they work
        wanted = list(pool.map(wanted_of, devices))
        if cache is not None:
            cache.make_room([one for one in wanted if one is not None])
        for device, (wet, note) in zip(devices, pool.map(played, devices, wanted), strict=True):
            found.gains[device.name] = (gains or {}).get(device.name, note["gain"])
            wets += list(wet)
            drys += [torch.from_numpy(excerpt) for excerpt in excerpts_of(device)]
            names = [label(device, value) for value in values[device.name]]
            if equally_loud:
                levels = loudness.levels_for(np.array(note["loudness"]), found.gains[device.name])
                found.levels.update(zip(names, levels.tolist(), strict=True))
            found.labels += names
            found.device_of += [device.name] * len(wet)
            measured += note.get("attributes", [])
    both = zip(found.device_of, found.labels, strict=True)
    found.dry = Rows(drys)
    found.wet = Rows(wets, [found.gains[name] * found.levels.get(text, 1.0) for name, text in both])
    if with_attributes:
        found.measured = torch.tensor(measured)
    return found


def starts_of(name: str, settings: NDArray[np.float32], frames: int, dry: Audio) -> list[int]:
    """Where in dry each setting's excerpt begins: one after the other, around, from a place of the device's own.

    A device's excerpts do not change when other devices come and go.
    """
    first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return [(first + n * frames) % len(dry) for n in range(len(settings))]


def gain_of(device: Device, dry: Audio, wet: Audio) -> float:
    """What makes the device's wet audio (batch, frames) LEVEL_RMS loud; negative if it is upside down.

    Raises InputError on silence and on numbers that are not finite.
    """
    if not np.isfinite(wet).all():
        raise InputError(f"{device.name}: it gives numbers that are not finite; leave this device out.")
    rms = float(np.sqrt(np.mean(np.square(wet, dtype=np.float64))))
    if rms < 1e-6:
        raise InputError(f"{device.name}: it gives silence; give louder dry audio or leave this device out.")
    return alignment.polarity(dry, wet) * LEVEL_RMS / rms
