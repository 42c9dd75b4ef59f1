"""Pictures of a sweep: what devices make of it, and below each what the engine makes of it at its position.

`python -m gritspace.host_tools.spaces.sweep_pictures SPACE.pt --model SPACE.grit -o docs/sweeps/NAME.png` draws
those of docs/space.md. A line that rises is an overtone; one that falls has been folded at half the sample rate.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.signal import ShortTimeFFT

from gritspace.host_tools.hil.figures import STYLE
from gritspace.host_tools.models.model_files import read_space
from gritspace.host_tools.spaces.evaluation import model_of
from gritspace.host_tools.spaces.playing import IntegerPlayer
from gritspace.train.audio import signals
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.device import Device, label
from gritspace.train.devices.finding import find_devices
from gritspace.train.errors import InputError
from gritspace.train.output_file import written_whole
from gritspace.train.space.between import known_settings
from gritspace.train.space.space import Space

Audio = NDArray[np.float32]

SECONDS, FROM_HZ, TO_HZ, PEAK = 3.0, 40.0, 20_000.0, 10 ** (-6 / 20)
FRAMES, HOP = 1024, 256
FLOOR_DB = -90.0
"""Below the loudest spot of each picture."""
COLOURS = 96
MOST = 6
LONGEST_TITLE = 20


def middle_setting(space: Space, device: Device) -> NDArray[np.float32]:
    """Of those that the space knows, (knobs,): the one whose aliasing `gritspace evaluate` tells."""
    known = known_settings(space, device)
    return np.asarray(known[len(known) // 2])


def both(space: Space, player: IntegerPlayer, device: Device) -> tuple[Audio, Audio]:
    """The sweep through the device and through the engine at its position, (frames,) each."""
    dry = signals.sweep(SECONDS, FROM_HZ, TO_HZ, PEAK)
    setting = middle_setting(space, device)
    place = np.asarray(space.positions[label(device, setting.tolist())], np.float64)
    return device.render(dry[None], setting[None])[0], player.at_rest(dry, place)


def spectrogram_db(sound: Audio) -> NDArray[np.float64]:
    """(bins, frames): dB below the loudest spot, from FLOOR_DB to 0; all of it FLOOR_DB for silence."""
    window = np.hanning(FRAMES)
    power = ShortTimeFFT(window, HOP, SAMPLE_RATE).spectrogram(sound.astype(np.float64))
    loudest = float(power.max(initial=0.0))
    if loudest == 0:
        return np.full(power.shape, FLOOR_DB)
    return np.asarray(10 * np.log10(np.maximum(power / loudest, 10 ** (FLOOR_DB / 10))))


def drawn(pairs: Sequence[tuple[str, Audio, Audio]]) -> bytes:
    """A PNG: a column a device (name, its sound, the engine's), the device above."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(2, len(pairs), figsize=(1.75 * len(pairs), 3.6), sharey=True, squeeze=False)
        for column, (name, *sounds) in zip(axes.T, pairs, strict=True):
            for axis, sound in zip(column, sounds, strict=True):
                picture = spectrogram_db(sound)
                extent = (0.0, SECONDS, 0.0, SAMPLE_RATE / 2_000)
                axis.imshow(picture, origin="lower", aspect="auto", extent=extent, vmin=FLOOR_DB, vmax=0, cmap="magma")
                axis.set(xticks=[])
            column[0].set_title(name if len(name) <= LONGEST_TITLE else f"{name[:LONGEST_TITLE]}…", fontsize=8)
        for axis, name in zip(axes[:, 0], ("device", "model"), strict=True):
            axis.set_ylabel(f"{name}, kHz")
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=100)
        plt.close(figure)
    few = Image.open(file).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small = io.BytesIO()
    few.save(small, format="png", optimize=True)
    return small.getvalue()


def chosen(space: Space, devices: Sequence[Device], names: Sequence[str]) -> list[Device]:
    """Those of the names, else up to MOST spread over the space's own.

    Raises InputError for a name that the space does not know, or if none of the devices is the space's.
    """
    known = {device.name: device for device in devices if len(known_settings(space, device))}
    if not known:
        raise InputError(f"none of these devices is in the space, which knows {', '.join(sorted(space.gains))}.")
    for name in names:
        if name not in known:
            raise InputError(f"{name}: there is no such device in the space; there are {', '.join(known)}.")
    if names:
        return [known[name] for name in names]
    picked = np.linspace(0, len(known) - 1, min(MOST, len(known))).round().astype(int)
    return [list(known.values())[i] for i in picked]


def main() -> None:
    """Reads a space, plays, draws, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("space", type=Path)
    parser.add_argument("--model", type=Path, required=True, help="the space's .grit")
    parser.add_argument("--captures", type=Path, action="append", default=[])
    parser.add_argument("--device", action="append", default=[], help="up to six spread over the space's without")
    parser.add_argument("-o", "--out", type=Path, required=True, help="a .png")
    options = parser.parse_args()
    space = read_space(options.space)
    player = IntegerPlayer(model_of(options.model, options.space))
    devices = chosen(space, find_devices(options.captures), options.device)
    picture = drawn([(device.name, *both(space, player, device)) for device in devices])
    with written_whole(options.out) as beside:
        beside.write_bytes(picture)


if __name__ == "__main__":
    main()
