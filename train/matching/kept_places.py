"""Where devices lie on an encoder's sphere, kept from call to call: to hear them all is what takes long."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio import signals
from gritspace.train.devices.device import Audio, Device, Settings
from gritspace.train.errors import InputError
from gritspace.train.matching.clips import render_at
from gritspace.train.matching.contrastive import PICTURE, EffectsEncoder
from gritspace.train.output_file import written_whole

PROBE_SECONDS = 0.05
"""Of sound, by which a device is known again: another circuit or capture under the same name sounds another way."""


class KeptPlaces:
    """A folder of .npy files, one a device: (settings, size) float64. It may be removed at any time.

    A file's name hangs on the encoder's weights, the dry excerpts (n, frames), the device's name, settings and sound.
    """

    def __init__(self, folder: Path, encoder: EffectsEncoder, dry: Audio) -> None:
        self.folder = folder
        digest = hashlib.sha256(repr(PICTURE).encode())
        for name, values in encoder.state_dict().items():
            digest.update(name.encode() + values.numpy().tobytes())
        digest.update(np.ascontiguousarray(dry).tobytes())
        self._common = digest.digest()

    def keys(self, devices: Sequence[Device], settings: Sequence[Settings]) -> list[str]:
        """One a device, which is played a little for it at each of its settings (n, knobs)."""
        rows = np.array([i for i, of_device in enumerate(settings) for _ in of_device], np.int64)
        most = max((of_device.shape[1] for of_device in settings), default=0)
        padded = [np.pad(of_device, ((0, 0), (0, most - of_device.shape[1]))) for of_device in settings]
        probe = np.repeat(signals.synthetic(PROBE_SECONDS, seed=11)[None], len(rows), axis=0)
        wet = render_at(devices, probe, rows, np.concatenate(padded)) if len(rows) else probe
        found = []
        for i, device in enumerate(devices):
            digest = hashlib.sha256(self._common + f"{device.name} {device.knobs}".encode())
            digest.update(np.ascontiguousarray(settings[i]).tobytes() + wet[rows == i].tobytes())
            found.append(re.sub(r"[^A-Za-z0-9]+", "_", device.name)[:40] + "-" + digest.hexdigest()[:24])
        return found

    def read(self, key: str, count: int) -> NDArray[np.float64] | None:
        """The places of `count` settings; None if they are not there, or damaged."""
        try:
            places = np.load(self.folder / f"{key}.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        whole = places.ndim == 2 and len(places) == count and bool(np.isfinite(places).all())
        return np.asarray(places, np.float64) if whole else None

    def write(self, key: str, places: NDArray[np.float64]) -> None:
        """Whole or not at all; where nothing can be written, nothing is kept."""
        with contextlib.suppress(OSError, InputError):
            self.folder.mkdir(parents=True, exist_ok=True)
            with written_whole(self.folder / f"{key}.npy") as beside, open(beside, "wb") as file:
                np.save(file, places)
