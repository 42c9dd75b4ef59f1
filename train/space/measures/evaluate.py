"""How well a space plays the devices it was trained on, on audio it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.device import Audio, Device
from gritspace.train.network.metrics import mean_log_spectral_difference, pooled_esr
from gritspace.train.space.data.pairs import PairSet
from gritspace.train.space.measures.clips import Clip, seen_clips
from gritspace.train.space.space import Space


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
    clips = seen_clips(space, devices, dry, len(dry) / SAMPLE_RATE if seconds is None else seconds)
    result = HeldOut()
    by_device: dict[str, list[tuple[Tensor, Tensor]]] = {}
    for clip in clips:
        target, estimate = settled(space, clip.wet, played(space, clip))
        result.settings.append(scored(clip.label, clip.device, target, estimate))
        by_device.setdefault(clip.device, []).append((target, estimate))
    result.devices = {name: pooled_esr(found) for name, found in by_device.items()}
    return result


def played(space: Space, clip: Clip, position: NDArray[np.float32] | None = None) -> Audio:
    """The clip's dry audio through the float decoder at its position, or another, (frames,)."""
    place = next(space.parameters()).device
    at = torch.from_numpy(clip.position if position is None else position)[None].to(place)
    return clip.level * space.render(torch.from_numpy(clip.dry)[None].to(place), at)[0].cpu().numpy()


def settled(space: Space, target: Audio, estimate: Audio) -> tuple[Tensor, Tensor]:
    """Both (frames,) as (1, frames'), from where the decoder has heard as much as it remembers."""
    skipped = min(space.config.decoder.receptive_field, len(target) // 2)
    return torch.from_numpy(target[None, skipped:]), torch.from_numpy(estimate[None, skipped:])


def scored(name: str, device: str, target: Tensor, estimate: Tensor) -> SettingEsr:
    """Target, estimate (1, frames) -> both measures."""
    return SettingEsr(
        name, device, pooled_esr([(target, estimate)]), float(mean_log_spectral_difference(target, estimate))
    )


def quantiles(values: Sequence[float]) -> dict[str, float] | None:
    """min, q25, median, q75 and max, by linear interpolation; None of nothing."""
    if not values:
        return None
    found = np.quantile(np.asarray(values, np.float64), (0, 0.25, 0.5, 0.75, 1))
    return dict(zip(("min", "q25", "median", "q75", "max"), found.tolist(), strict=True))


def compare(space: Space, pairs: PairSet, positions: Tensor) -> HeldOut:
    """The decoder at positions (n, position_size) against n settings' pairs, from the settled part of the audio on."""
    result = HeldOut()
    place = next(space.parameters()).device
    by_device: dict[str, list[tuple[Tensor, Tensor]]] = {}
    for i, name in enumerate(pairs.labels):
        dry, target = pairs.dry[i : i + 1], pairs.wet[i].numpy()
        if not target.any():  # a rest in the audio: nothing to be wrong about
            continue
        estimate = space.render(dry.to(place), positions[i : i + 1].to(place))[0].cpu().numpy()
        both = settled(space, target, estimate)
        result.settings.append(scored(name, pairs.device_of[i], *both))
        by_device.setdefault(pairs.device_of[i], []).append(both)
    result.devices = {name: pooled_esr(clips) for name, clips in by_device.items()}
    return result
