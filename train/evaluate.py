"""How well a space plays the devices it was trained on, on audio it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import torch
from torch import Tensor

from gritspace.train.audio_file import SAMPLE_RATE
from gritspace.train.devices import Audio, Device, label
from gritspace.train.errors import InputError
from gritspace.train.metrics import mean_log_spectral_difference, pooled_esr
from gritspace.train.pairs import PairSet, grid, render_pairs
from gritspace.train.space import Space


@dataclass(frozen=True)
class SettingEsr:
    """One setting of one device: error-to-signal ratio and multi-resolution spectral difference."""

    label: str
    device: str
    esr: float
    mrsl: float


@dataclass
class HeldOut:
    """By setting; by device, pooled over its settings; and the median of the devices."""

    settings: list[SettingEsr] = field(default_factory=list)
    devices: dict[str, float] = field(default_factory=dict)

    @property
    def median_esr(self) -> float:
        """Over the devices."""
        return median(self.devices.values())

    @property
    def median_mrsl(self) -> float:
        """Over the settings."""
        return median(setting.mrsl for setting in self.settings)


def held_out_esr(space: Space, devices: Sequence[Device], dry: Audio, seconds: float | None = None) -> HeldOut:
    """Renders the devices at the settings the space has positions for, and compares.

    dry (frames,): audio the space was not trained on; each setting gets its own `seconds` of it, by default all of it.
    Raises InputError if the space knows none of the devices.
    """
    known = [device for device in devices if device.name in space.gains]
    settings = {
        device.name: values[[label(device, value) in space.positions for value in values]]
        for device in known
        for values in [grid(device)]
    }
    known = [device for device in known if len(settings[device.name])]
    if not known:
        names = ", ".join(sorted(space.gains)) or "none"
        raise InputError(f"none of these devices is in the space, which was trained on {names}; give those.")
    length = len(dry) / SAMPLE_RATE if seconds is None else seconds
    pairs = render_pairs(known, dry, length, gains=space.gains, with_attributes=False, settings=settings)
    return compare(space, pairs, torch.tensor([space.positions[name] for name in pairs.labels]))


def compare(space: Space, pairs: PairSet, positions: Tensor) -> HeldOut:
    """The decoder at positions (n, position_size) against n settings' pairs, from the settled part of the audio on."""
    result = HeldOut()
    skipped = min(space.config.decoder.receptive_field, pairs.frames // 2)
    place = next(space.parameters()).device
    by_device: dict[str, list[tuple[Tensor, Tensor]]] = {}
    for i, name in enumerate(pairs.labels):
        estimate = space.render(pairs.dry[i : i + 1].to(place), positions[i : i + 1].to(place)).cpu()[:, skipped:]
        target = pairs.wet[i : i + 1, skipped:]
        if not target.any():  # a rest in the audio: nothing to be wrong about
            continue
        one = [(target, estimate)]
        mrsl = float(mean_log_spectral_difference(target, estimate))
        result.settings.append(SettingEsr(name, pairs.device_of[i], pooled_esr(one), mrsl))
        by_device.setdefault(pairs.device_of[i], []).extend(one)
    result.devices = {name: pooled_esr(clips) for name, clips in by_device.items()}
    return result
