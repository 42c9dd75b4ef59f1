"""What a space is examined with: audio it was not trained on through devices, settings and positions of three kinds.

- seen: devices and settings that it was trained at, at the positions in its file;
- held_out_settings: the same devices at knobs between; the position between those of the settings around, and nothing
  is heard of the device there;
- held_out_devices: devices it has never heard, at positions found by `enroll` from training audio.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.device import Audio, Device, label
from gritspace.train.errors import InputError
from gritspace.train.space.between import known_settings, position_between
from gritspace.train.space.data import splits
from gritspace.train.space.data.pairs import render_pairs
from gritspace.train.space.enroll import Enrolment, enroll
from gritspace.train.space.senses.head_row import held_gain
from gritspace.train.space.space import Space

SPLITS = ("seen", "held_out_settings", "held_out_devices")
SETTINGS_OF_A_STRANGER = 2
Tell = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Clip:
    """One setting of one device: dry and wet (frames,), wet as loud as in training; where in the space, how loud.

    enrolment: how the position was found, for held_out_devices.
    """

    split: str
    device: str
    label: str
    dry: Audio
    wet: Audio
    position: NDArray[np.float32]
    level: float = 1.0
    enrolment: Enrolment | None = None


def seen_clips(space: Space, devices: Sequence[Device], dry: Audio, seconds: float) -> list[Clip]:
    """Every setting that the space has a position for. Raises InputError if it knows none of the devices."""
    settings = {device.name: known_settings(space, device) for device in devices if device.name in space.gains}
    known = [device for device in devices if len(settings.get(device.name, []))]
    if not known:
        names = ", ".join(sorted(space.gains)) or "none"
        raise InputError(f"none of these devices is in the space, which was trained on {names}; give those.")
    return _played("seen", space, known, settings, dry, seconds)


def between_clips(space: Space, devices: Sequence[Device], dry: Audio, seconds: float) -> list[Clip]:
    """The held-out settings of every device of the space that has knobs and was trained around them."""
    known = [device for device in devices if device.name in space.gains and device.knobs]
    known = [device for device in known if len(known_settings(space, device)) > len(device.knobs)]
    settings = {device.name: splits.held_out_settings(device) for device in known}
    return _played("held_out_settings", space, known, settings, dry, seconds) if known else []


def stranger_clips(
    space: Space, devices: Sequence[Device], dry: Audio, seconds: float, learn_from: Audio, tell: Tell | None = None
) -> list[Clip]:
    """Test devices (`splits`) that the space does not know, each setting enrolled from learn_from (frames,)."""
    strangers = [d for d in devices if d.name not in space.gains and splits.split_of_device(d.name) == splits.HELD_OUT]
    found: list[Clip] = []
    for i, device in enumerate(strangers):
        chosen = splits.held_out_settings(device)[1 : 1 + SETTINGS_OF_A_STRANGER] if device.knobs else np.zeros((1, 0))
        for setting in chosen.astype(np.float32):
            name = label(device, setting)
            if tell is not None:
                tell(i, len(strangers), name)
            enrolment = enroll(space, learn_from, device.render(learn_from[None], setting[None])[0])
            pairs = render_pairs(
                [device],
                dry,
                seconds,
                gains={device.name: enrolment.gain},
                with_attributes=False,
                settings={device.name: setting[None]},
            )
            if not pairs.wet[0].any():
                continue
            place = enrolment.position.numpy()
            clip = Clip("held_out_devices", device.name, name, pairs.dry[0].numpy(), pairs.wet[0].numpy(), place)
            found.append(Clip(**{**vars(clip), "level": enrolment.level, "enrolment": enrolment}))
    return found


def _played(
    split: str,
    space: Space,
    devices: Sequence[Device],
    settings: dict[str, NDArray[np.float32]],
    dry: Audio,
    seconds: float,
) -> list[Clip]:
    if len(dry) < seconds * SAMPLE_RATE:
        seconds = len(dry) / SAMPLE_RATE
    pairs = render_pairs(
        devices,
        dry,
        seconds,
        gains=space.gains,
        with_attributes=False,
        settings=settings,
        equally_loud=bool(space.levels),
    )
    where = [
        np.array(space.positions[label(device, setting)], np.float32)
        if split == "seen"
        else position_between(space, device, setting)
        for device in devices
        for setting in settings[device.name]
    ]
    held = held_gain(space, np.array(where)).astype(np.float32)
    return [
        Clip(split, pairs.device_of[i], name, pairs.dry[i].numpy(), held[i] * pairs.wet[i].numpy(), where[i])
        for i, name in enumerate(pairs.labels)
        if bool(pairs.wet[i].any())  # a rest in the audio: nothing to be wrong about
    ]
