"""What a space must never have heard before it is measured: test devices, test settings and test audio, fixed by name.

Nothing is drawn when a training starts. A device's name, a knob's value and an audio file's name say by themselves on
which side they are, so that two trainings, two machines and two years agree, and nothing leaks from one to another.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from gritspace.train.devices.device import Device

D = TypeVar("D", bound=Device)

DEVICE_SHARE = 0.18
"""Of the families of devices, as many are held out in the long run."""
SALT = "gritspace:"
HELD_OUT_VALUES = (0.125, 0.375, 0.625, 0.875)
"""Of every knob. Between the values that `pairs.grid` trains at, and as far from them as can be."""
REACH = 1 / 16
"""A setting is near a held-out one when every knob is within this of it: none such may be trained at."""
ONE_KNOB_PLACES = 161
"""Of one knob's travel, to choose settings from: ten in the reach of a held-out one."""
MAX_SETTINGS = 8
"""Held-out settings to measure a device of several knobs at."""

SEEN, HELD_OUT = "seen", "held out"


def family(name: str) -> str:
    """The first word of a device's name, in small letters: captures of one amplifier at several settings share it.

    `TS9_DriveKnob` and `TS9_FullD` are one family, and go to one side together.
    """
    return re.split(r"[^A-Za-z0-9]", name.strip(), maxsplit=1)[0].lower() or name.lower()


def split_of_device(name: str) -> str:
    """SEEN or HELD_OUT, by the hash of the name's family alone."""
    digest = hashlib.sha256((SALT + family(name)).encode()).digest()
    return HELD_OUT if int.from_bytes(digest[:4], "big") < DEVICE_SHARE * 2**32 else SEEN


def may_be_trained(setting: Sequence[float]) -> bool:
    """Whether a setting, one value in [0, 1] a knob, is far enough from every held-out one."""
    return not setting or any(min(abs(value - held) for held in HELD_OUT_VALUES) > REACH for value in setting)


def held_out_settings(device: Device) -> NDArray[np.float32]:
    """The settings to test a device at that it was never trained at, (n, knobs); (0, 0) without knobs.

    All four values of one knob; of more knobs eight places of the grid that they span, the same for a name.
    """
    knobs = len(device.knobs)
    if knobs == 0:
        return np.zeros((0, 0), np.float32)
    if knobs == 1:
        return np.array(HELD_OUT_VALUES, np.float32)[:, None]
    if knobs == 2:  # every value of each knob twice, never the same two together
        places = [(a, b) for a, b in itertools.product(range(4), repeat=2) if (a + 2 * b) % 4 in (0, 3)]
        return np.array(HELD_OUT_VALUES, np.float32)[np.array(places)[:MAX_SETTINGS]]
    seed = int.from_bytes(hashlib.sha256((SALT + device.name).encode()).digest()[:4], "big")
    places = np.floor(qmc.Sobol(knobs, seed=seed).random(MAX_SETTINGS) * len(HELD_OUT_VALUES)).astype(int)
    return np.array(HELD_OUT_VALUES, np.float32)[places]


def settings_between(
    device: Device, count: int, besides: NDArray[np.floating] | None = None, seed: int = 0
) -> NDArray[np.float32]:
    """`count` settings to train at, spread evenly over all knobs' travel, none near a held-out one: (count, knobs).

    besides: settings (n, knobs) that are trained at anyway. With one knob each new setting goes where the nearest
    other is furthest; with more they are Sobol points. (0, 0) without knobs, whatever the count.
    """
    knobs = len(device.knobs)
    if knobs == 0 or count == 0:
        return np.zeros((0, knobs), np.float32)
    if knobs == 1:
        places = [place for place in np.linspace(0, 1, ONE_KNOB_PLACES) if may_be_trained([place])]
        chosen = [] if besides is None else [float(value) for value in besides[:, 0]]
        for _ in range(count):
            distance = [min((abs(place - other) for other in chosen), default=1.0) for place in places]
            chosen.append(float(places[int(np.argmax(distance))]))
        return np.array(chosen[-count:], np.float32)[:, None]
    points = qmc.Sobol(knobs, seed=seed).random(1 << (8 * count - 1).bit_length())
    kept = [point for point in points.astype(np.float32) if may_be_trained(point.tolist())]
    return np.array(kept[:count], np.float32)


def parted(devices: Iterable[D]) -> tuple[list[D], list[D]]:
    """(seen, held out), each in the order given."""
    everyone = list(devices)
    held_out = [device for device in everyone if split_of_device(device.name) == HELD_OUT]
    return [device for device in everyone if device not in held_out], held_out
