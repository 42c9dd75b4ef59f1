"""Pairs to train from: every device at a grid of settings, each with its own excerpt of dry audio.

Devices differ by 40 dB in level. Each device's wet audio is multiplied by one gain, the same for all its settings, so
that over all of them its RMS is LEVEL_RMS; what a knob does to the level stays. A device that turns the waveform
upside down, which nobody hears, has a negative gain. The gains go into the space's file.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import qmc
from torch import Tensor

from gritspace.train import alignment, attributes
from gritspace.train.audio_file import SAMPLE_RATE
from gritspace.train.devices import Audio, Device, label
from gritspace.train.errors import InputError

LEVEL_RMS = 0.15
ONE_KNOB_LEVELS, TWO_KNOB_LEVELS, MANY_KNOB_SETTINGS = 5, 3, 12


@dataclass
class PairSet:
    """n settings, each with one excerpt: dry and wet (n, frames), wet as loud as in training.

    measured (n, 4): the attributes of each setting, in their units; empty where they were not asked for.
    """

    labels: list[str]
    device_of: list[str]
    dry: Tensor
    wet: Tensor
    gains: dict[str, float]
    measured: Tensor = field(default_factory=lambda: torch.zeros(0, 4))

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def frames(self) -> int:
        """Per setting."""
        return int(self.dry.shape[1])


def grid(device: Device) -> NDArray[np.float32]:
    """The settings to train a device at, (n, knobs): 1 without knobs, 5 of one knob, 3 x 3 of two, 12 of more."""
    knobs = len(device.knobs)
    if knobs <= 2:
        levels = np.linspace(0, 1, (1, ONE_KNOB_LEVELS, TWO_KNOB_LEVELS)[knobs])
        return np.array(list(itertools.product(levels, repeat=knobs)), np.float32).reshape(len(levels) ** knobs, knobs)
    return qmc.Sobol(knobs, seed=0).random(16)[:MANY_KNOB_SETTINGS].astype(np.float32)


def render_pairs(
    devices: Sequence[Device],
    dry: Audio,
    seconds: float,
    gains: dict[str, float] | None = None,
    with_attributes: bool = True,
    settings: dict[str, NDArray[np.float32]] | None = None,
) -> PairSet:
    """Each setting of each device with its own `seconds` of dry (frames,), taken in turn and around.

    gains: those of an earlier set, or None to find them. settings: by device, instead of the grid.
    Raises InputError if dry is shorter than `seconds`, or a device gives silence or numbers that are not finite.
    """
    frames = int(seconds * SAMPLE_RATE)
    if len(dry) < frames:
        raise InputError(
            f"the dry audio: {len(dry) / SAMPLE_RATE:.1f} s are too short, {seconds:g} s are needed; give more audio."
        )
    around = np.concatenate([dry, dry[:frames]])
    found = PairSet([], [], torch.zeros(0, frames), torch.zeros(0, frames), {})
    values = [grid(device) if settings is None else settings[device.name] for device in devices]
    firsts = np.cumsum([0, *(len(one) for one in values)])

    def played(i: int) -> tuple[Audio, Audio, list[list[float]]]:
        starts = [n * frames % len(dry) for n in range(firsts[i], firsts[i + 1])]
        excerpts = np.stack([around[start : start + frames] for start in starts])
        found_here = attributes.measure(devices[i], values[i]) if with_attributes else []
        return excerpts, devices[i].render(excerpts, values[i]), [one.as_list() for one in found_here]

    drys, wets, measured = [], [], []
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # numpy, SciPy and PyTorch leave Python's lock while they work
        for i, (excerpts, wet, of_device) in enumerate(pool.map(played, range(len(devices)))):
            name = devices[i].name
            found.gains[name] = gains[name] if gains else gain_of(devices[i], excerpts, wet)
            wets.append(torch.from_numpy(wet) * found.gains[name])
            drys.append(torch.from_numpy(excerpts))
            found.labels += [label(devices[i], value) for value in values[i]]
            found.device_of += [name] * len(values[i])
            measured += of_device
    found.dry, found.wet = torch.cat(drys), torch.cat(wets)
    if with_attributes:
        found.measured = torch.tensor(measured)
    return found


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
