"""The sound of the devices themselves, to compare the module with: the guitar loop through a built-in circuit.

`python -m gritspace.host_tools.web.device_clips` renders generated/devices/*.mp3 anew; half a minute, so they are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from gritspace.host_tools.web import loops
from gritspace.train.devices.device import Device
from gritspace.train.devices.finding import find_devices
from gritspace.train.space.space import load_space

CLIPS = Path(__file__).resolve().parent / "generated" / "devices"
EXTRA_FRAMES = 9600
"""Behind a round: a decoder may begin late, and the page cuts one round out."""
QUALITY = 0.35
"""Of the MP3: about 100 kbit/s."""


@cache
def _circuits() -> dict[str, Device]:
    return {device.name: device for device in find_devices()}


def _setting(label: str) -> tuple[Device, list[float]] | None:
    """A circuit at one of the settings that are worth their bytes: the first knob in the middle or at its end,
    all others in the middle."""
    name, _, knobs = label.partition("@")
    device = _circuits().get(name)
    if device is None or not knobs:
        return None
    values = [float(knob.partition("=")[2]) for knob in knobs.split(",")]
    return (device, values) if values[0] in (0.5, 1.0) and all(value == 0.5 for value in values[1:]) else None


def clip_name(label: str) -> str:
    """The file for a device at a setting."""
    return label.replace("@", "-").replace(",", "-").replace("=", "") + ".mp3"


def round_of(label: str) -> NDArray[np.float32] | None:
    """One round of the guitar loop through a device, in its steady state, and EXTRA_FRAMES more; peak at most 0.9.

    None where there is no such device here, or it is not one of those that are kept.
    """
    found = _setting(label)
    if found is None:
        return None
    device, setting = found
    dry = loops.loop("guitar").astype(np.float32) / 32768
    twice = np.concatenate([dry, dry, dry[:EXTRA_FRAMES]])
    wet = device.render(twice[None], np.array([setting], np.float32))[0][loops.FRAMES :]
    return np.asarray(wet * min(1.0, 0.9 / max(float(np.abs(wet).max()), 1e-9)), np.float32)


def write_clips(labels: Iterable[str]) -> None:
    """The clips of all labels that have one."""
    CLIPS.mkdir(parents=True, exist_ok=True)
    for label in labels:
        wet = round_of(label)
        if wet is not None:
            soundfile.write(
                CLIPS / clip_name(label),
                wet,
                loops.SAMPLE_RATE,
                format="MP3",
                bitrate_mode="VARIABLE",
                compression_level=QUALITY,
            )


if __name__ == "__main__":
    write_clips(load_space(Path(__file__).resolve().parents[2] / "spaces" / "circuits.pt").positions)
