"""What a snapshot is fitted to: a recording's own two parts, or a device played to two different sets of dry audio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.recording.recording import Recording
from gritspace.train.devices.device import Device, Settings
from gritspace.train.errors import InputError

Audio = NDArray[np.float32]

HELD_OUT_SHARE, HELD_OUT_SECONDS = 0.1, (3.0, 30.0)
PLACES = 12
"""Where a held-out stretch may lie; of these the one nearest to the whole in level is taken."""


@dataclass(frozen=True)
class Source:
    """dry, wet (frames,) to learn from; held_dry, held_wet (frames,) to measure on; never the same audio twice.

    licence: of the device, an SPDX name.
    """

    name: str
    licence: str
    dry: Audio
    wet: Audio
    held_dry: Audio
    held_wet: Audio


def from_recording(recording: Recording, name: str) -> Source:
    """A stretch of a tenth, 3 to 30 s, is held out; what lies before and after it is learnt from, joined."""
    frames = len(recording.dry)
    shortest, longest = (int(s * SAMPLE_RATE) for s in HELD_OUT_SECONDS)
    held = int(np.clip(HELD_OUT_SHARE * frames, shortest, longest))
    level = np.square(recording.wet, dtype=np.float64)
    starts = np.linspace(0, frames - held, PLACES).astype(int)
    apart = [abs(np.log10(level[s : s + held].mean() + 1e-12) - np.log10(level.mean() + 1e-12)) for s in starts]
    start = int(starts[int(np.argmin(apart))])

    def rest(audio: Audio) -> Audio:
        return np.concatenate([audio[:start], audio[start + held :]])

    parts = slice(start, start + held)
    return Source(
        name, "NOASSERTION", rest(recording.dry), rest(recording.wet), recording.dry[parts], recording.wet[parts]
    )


def from_device(device: Device, settings: Settings, dry: Audio, held_dry: Audio) -> Source:
    """The device at settings (1, knobs) plays both; dry and held_dry (frames,) should come from different files.

    Raises InputError if it gives silence or numbers that are not finite.
    """
    gap = np.zeros(SAMPLE_RATE // 2, np.float32)
    wet = device.render(np.concatenate([dry, gap, held_dry])[None], settings)[0]
    if not np.isfinite(wet).all():
        raise InputError(f"{device.name}: it gives numbers that are not finite; it cannot be fitted.")
    return Source(device.name, device.licence, dry, wet[: len(dry)], held_dry, wet[len(dry) + len(gap) :])
