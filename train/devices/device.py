"""Devices: anything that turns dry audio into wet audio. Finds the built-in circuits, and captures in folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gritspace.train.errors import InputError

Audio = NDArray[np.float32]
Settings = NDArray[np.float32]


class Device(Protocol):
    """A circuit, a capture or a chain. A knob is a number in [0, 1]."""

    @property
    def name(self) -> str:
        """Unique among the devices found."""
        ...

    @property
    def knobs(self) -> tuple[str, ...]:
        """The knobs' names; settings have one column each."""
        ...

    @property
    def kind(self) -> str:
        """What it is: circuit, capture or chain."""
        ...

    @property
    def licence(self) -> str:
        """Under which licence its sound may be used, as an SPDX name."""
        ...

    def render(self, dry: Audio, settings: Settings) -> Audio:
        """dry (batch, frames) at 48 kHz, settings (batch, n_knobs) in [0, 1] -> wet (batch, frames), aligned."""
        ...


def label(device: Device, setting: Sequence[float]) -> str:
    """How a device at a setting is called in a space: `rat@distortion=0.5,filter=0`, or only its name without knobs."""
    knobs = ",".join(f"{knob}={float(value):.4g}" for knob, value in zip(device.knobs, setting, strict=True))
    return f"{device.name}@{knobs}" if knobs else device.name


def checked(device: Device, dry: Audio, settings: Settings) -> tuple[Audio, Settings]:
    """Both as float32 of the right shapes. Raises ValueError if shapes or ranges are wrong: a caller's mistake."""
    dry, settings = np.asarray(dry, np.float32), np.asarray(settings, np.float32)
    if dry.ndim != 2:
        raise ValueError(f"dry must be (batch, frames), and is {dry.shape}")
    if settings.shape != (len(dry), len(device.knobs)):
        raise ValueError(
            f"settings must be {(len(dry), len(device.knobs))} for {device.name}, and are {settings.shape}"
        )
    if settings.size and not (settings.min() >= 0 and settings.max() <= 1):
        raise ValueError(f"a knob of {device.name} is outside [0, 1]")
    return dry, settings


def find_devices(paths: Sequence[Path] = ()) -> list[Device]:
    """The built-in circuits, then what lies under the paths: captures in files and folders (searched whole, in order of
    name), and chains in .toml files.

    Raises InputError if a path does not exist, holds no capture, or a capture is damaged.
    """
    from gritspace.train.devices.chains.chain_file import read_chain
    from gritspace.train.devices.circuits import CIRCUITS

    devices: list[Device] = list(CIRCUITS)
    for path in paths:
        if Path(path).suffix == ".toml":
            devices.append(read_chain(Path(path)))
        else:
            devices.extend(_captures_under(Path(path)))
    names = [device.name for device in devices]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{name}: two devices have this name; rename one file or give fewer folders.")
    return devices


def _captures_under(path: Path) -> list[Device]:
    """.json and .nam captures; a folder's .nam files that are no WaveNets of the first kind are passed over."""
    from gritspace.train.devices.recurrent_capture import find_captures

    if path.suffix.lower() == ".nam":
        return [_nam_capture(path)]
    from gritspace.train.devices.wavenet_capture import is_wavenet, read_wavenet

    found: list[Device] = []
    if path.is_dir():
        found += [read_wavenet(file) for file in sorted(path.rglob("*.nam")) if is_wavenet(file)]
    if not found or any(path.rglob("*.json")):
        found = [*find_captures(path), *found]
    return found


def _nam_capture(path: Path) -> Device:
    from gritspace.train.devices.recurrent_nam import read_nam_lstm
    from gritspace.train.devices.wavenet_capture import is_wavenet, read_wavenet

    return read_wavenet(path) if is_wavenet(path) else read_nam_lstm(path)


def device_named(name: str, paths: Sequence[Path] = ()) -> Device:
    """One of `find_devices`; a capture or a chain (TOML) may also be named by its file.

    Raises InputError if there is none such.
    """
    if name.endswith(".json"):
        from gritspace.train.devices.recurrent_capture import read_capture

        return read_capture(Path(name))
    if name.endswith(".nam"):
        return _nam_capture(Path(name))
    if name.endswith(".toml"):
        from gritspace.train.devices.chains.chain_file import read_chain

        return read_chain(Path(name))
    devices = find_devices(paths)
    for device in devices:
        if device.name == name:
            return device
    known = ", ".join(device.name for device in devices)
    raise InputError(f"{name}: no device has this name; there are {known}.")
