"""A device: anything that turns dry audio into wet audio. What every one offers; `finding` knows which there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

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
