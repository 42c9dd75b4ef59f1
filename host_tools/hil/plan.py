"""What a hardware-in-the-loop test plays: a sweep through the space, and every device where it was trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.hil import takes
from gritspace.host_tools.hil.takes import Move, Take
from gritspace.host_tools.models.model_files import rest_position
from gritspace.quantize.model.model import IntegerModel
from gritspace.train.errors import InputError

if TYPE_CHECKING:
    from gritspace.host_tools.hil.measure import Player
    from gritspace.train.devices.device import Device
    from gritspace.train.space.space import Space

PLAYED = 4
"""Dimensions under knobs: a sweep moves these and leaves the stored ones alone."""


def plan(
    model: IntegerModel,
    audio: NDArray[np.float32],
    position: NDArray[np.int16] | None = None,
    space: Space | None = None,
    devices: Sequence[Device] = (),
    device_seconds: float = 4.0,
    settings_each: int = 1,
    update: Callable[[float, float, str], None] = lambda done, total, words: None,
    moves: Sequence[Move] | None = None,
    bend: str = "none",
    gate: int = 0,
) -> list[Take]:
    """The takes of one test. audio: (frames,) at 48 kHz.

    First all the audio: with `moves`, from `position` on, if there are any; else at `position` (Q15) if one is given;
    else with the played dimensions sweeping. Then, for each device, an excerpt at up to `settings_each` of the settings
    that the space was trained at, with the device's own sound as the target. Under a bend all the audio's positions are
    its four knobs. gate: in front of it all, dB below full scale; 0: none.
    """
    rest: Sequence[int] = model.rest_position if bend == "none" else (0,) * PLAYED
    if moves is not None:
        made = [takes.automated(audio, rest if position is None else position.tolist(), moves)]
    elif position is not None:
        made = [takes.held(audio, position, "audio at one position")]
    else:
        made = [takes.sweep(audio, rest, PLAYED)]
    made = [replace(made[0], bend=bend, gate=gate)]
    if space is None:
        return made
    piece = takes.excerpt(audio, device_seconds)
    chosen = [
        (device, label) for device in devices for label in takes.labels_of(space.positions, device.name, settings_each)
    ]
    for done, (device, label) in enumerate(chosen):
        update(done, len(chosen), label)
        made.append(device_take(space, device, label, piece))
    return made


def device_take(space: Space, device: Device, label: str, audio: NDArray[np.float32]) -> Take:
    """Audio at the position of one training setting of a device; the target is the device's sound as trained on."""
    from gritspace.train.space.senses.head_row import held_gain

    knobs = takes.settings_of(label)
    settings = np.array([[knobs[knob] for knob in device.knobs]], np.float32).reshape(1, len(device.knobs))
    heard = takes.whole_blocks(audio).astype(np.float32) / 32768.0
    level = space.levels.get(label, 1.0) * float(held_gain(space, np.array([space.positions[label]], np.float32))[0])
    target = device.render(heard[None], settings)[0] * (space.gains.get(device.name, 1.0) * level)
    position = np.clip(np.round(np.array(space.positions[label]) * 32768), -32768, 32767).astype(np.int16)
    return takes.held(audio, position, label, device.name, target.astype(np.float32))


def devices_of(space: Space, names: Sequence[str], captures: Sequence[Path]) -> list[Device]:
    """The devices a space was trained on that can be found; only those named, where names are given.

    Raises InputError for a name that the space was not trained on, or that cannot be found.
    """
    from gritspace.train.devices.finding import find_devices

    trained = {label.split("@")[0] for label in space.positions}
    found = {device.name: device for device in find_devices(captures)}
    for name in names:
        if name not in trained:
            raise InputError(
                f"--device {name}: the space was not trained on it; it knows {', '.join(sorted(trained))}."
            )
        if name not in found:
            raise InputError(f"--device {name}: it was not found; say where its capture is with --captures PATH.")
    return [found[name] for name in sorted(trained & found.keys()) if not names or name in names]


def player(space: Space) -> Player:
    """The space's decoder as the float model of a test."""
    from gritspace.host_tools.hil import float_model

    return lambda audio, position, moves: float_model.play(space.decoder, audio, position, moves)


def refuse_another_space(space: Space, model: IntegerModel) -> None:
    """Raises InputError if this space cannot be what the model was made from."""
    size = len(rest_position(space))
    if size != model.position_count:
        raise InputError(
            f"the space has {size} dimensions and the model {model.name} {model.position_count}; "
            "give the space that the model was quantized from."
        )
