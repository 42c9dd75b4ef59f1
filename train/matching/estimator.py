"""Which knobs? Wet audio in, settings out, for several devices with different knobs, in three ways.

separate: an encoder and a decoder for each device. joint_separate: one encoder, a decoder for each device.
joint_joint: one encoder and one decoder, whose outputs are as many as the device with the most knobs has.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WAYS = ("separate", "joint_separate", "joint_joint")
DEVICE_WEIGHT = 0.05
"""Of the question "which device?" beside "which settings?", where one encoder hears them all."""


@dataclass(frozen=True)
class EstimatorConfig:
    """knobs: how many each device has."""

    knobs: tuple[int, ...]
    way: str = "joint_separate"
    latent: int = 16
    mels: int = 48
    channels: int = 64

    def __post_init__(self) -> None:
        if self.way not in WAYS:
            raise ValueError(f"way is {self.way!r}, and must be one of {', '.join(WAYS)}")

    @property
    def most(self) -> int:
        """Of the device with the most knobs."""
        return max(self.knobs)


class PictureEncoder(nn.Module):
    """Log-mel pictures (batch, mels, columns) -> (batch, latent): convolutions along time, their mean and deviation.

    Bands are channels: on a processor a quarter of the time of two-dimensional convolutions of as many weights.
    """

    def __init__(self, mels: int, channels: int, latent: int) -> None:
        super().__init__()
        strides = (1, 2, 1)
        widths = (mels, *(channels,) * len(strides))
        self.convolutions = nn.ModuleList(
            nn.Conv1d(a, b, 3, stride=stride, padding=1)
            for (a, b), stride in zip(pairwise(widths), strides, strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(channels) for _ in strides)
        self.hidden = nn.Linear(2 * channels, 64)
        self.out = nn.Linear(64, latent)

    def forward(self, pictures: Tensor) -> Tensor:
        """At least 16 columns."""
        x = pictures
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = F.leaky_relu(norm(convolution(x)), 0.1)
        x = torch.cat([x.mean(-1), x.std(-1)], dim=1)
        return torch.as_tensor(self.out(F.leaky_relu(self.hidden(x), 0.1)))


def knob_decoder(latent: int, knobs: int) -> nn.Sequential:
    """(batch, latent) -> (batch, knobs) in (0, 1); none for what has no knobs."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Initializing zero-element tensors")
        last = nn.Linear(64, knobs)
    return nn.Sequential(nn.Linear(latent, 64), nn.LeakyReLU(0.1), last, nn.Sigmoid())


class Estimator(nn.Module):
    """One of the three ways."""

    def __init__(self, config: EstimatorConfig) -> None:
        super().__init__()
        self.config = config
        count = len(config.knobs)
        encoders = count if config.way == "separate" else 1
        self.encoders = nn.ModuleList(
            PictureEncoder(config.mels, config.channels, config.latent) for _ in range(encoders)
        )
        sizes = (config.most,) if config.way == "joint_joint" else config.knobs
        self.decoders = nn.ModuleList(knob_decoder(config.latent, size) for size in sizes)
        self.which = None if config.way == "separate" else nn.Linear(config.latent, count)

    def forward(self, pictures: Tensor, device: Tensor) -> tuple[Tensor, Tensor | None]:
        """pictures (batch, mels, columns) of known devices (batch,) -> settings (batch, most), 0 where a device has
        no such knob, and the devices' logits (batch, devices), None in the separate way.
        """
        knobs = pictures.new_zeros(len(pictures), self.config.most)
        latent = self.encoders[0](pictures) if self.which is not None else None
        for i, size in enumerate(self.config.knobs):
            rows = torch.nonzero(device == i).squeeze(1)
            if not len(rows):
                continue
            code = self.encoders[i](pictures[rows]) if latent is None else latent[rows]
            decoder = self.decoders[0 if self.config.way == "joint_joint" else i]
            found = F.pad(decoder(code)[:, :size], (0, self.config.most - size))
            knobs = knobs.index_copy(0, rows, found)
        return knobs, None if self.which is None or latent is None else self.which(latent)

    def devices(self, pictures: Tensor) -> Tensor:
        """Chances of every device, (batch, devices). Raises ValueError in the separate way, which knows of no other."""
        if self.which is None:
            raise ValueError("separate estimators cannot tell devices apart")
        return torch.softmax(self.which(self.encoders[0](pictures)), dim=1)


def masked_error(estimate: Tensor, settings: Tensor) -> Tensor:
    """Mean squared error over the knobs there are: (batch, most) twice, NaN in settings where there is none -> ()."""
    there = ~settings.isnan()
    return ((estimate - settings.nan_to_num()).square() * there).sum() / there.sum()


def train_estimator(
    pictures: Tensor,
    device: Tensor,
    settings: Tensor,
    config: EstimatorConfig,
    steps: int,
    seed: int,
    per_device: int = 24,
) -> Estimator:
    """pictures (n, mels, columns), device (n,), settings (n, most) with NaN.

    Every step has `per_device` clips of each device in every way, so that all ways see the same.
    """
    torch.manual_seed(seed)
    estimator = Estimator(config)
    optimizer = torch.optim.AdamW(estimator.parameters(), 3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps, pct_start=max(0.1, 2 / steps))
    of_device = [torch.nonzero(device == i).squeeze(1) for i in range(len(config.knobs))]
    for _ in range(steps):
        rows = torch.cat([those[torch.randint(len(those), (per_device,))] for those in of_device])
        seen = shifted(pictures[rows])
        knobs, logits = estimator(seen, device[rows])
        loss = masked_error(knobs, settings[rows])
        if logits is not None:
            loss = loss + DEVICE_WEIGHT * F.cross_entropy(logits, device[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return estimator.eval()


def shifted(pictures: Tensor) -> Tensor:
    """A random three quarters of the columns, the same ones for all rows: no clip looks twice the same."""
    columns = pictures.shape[2]
    keep = max(16, columns * 3 // 4)
    start = int(torch.randint(max(1, columns - keep + 1), ()))
    return pictures[:, :, start : start + keep]


def knob_counts(knobs: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Of devices' knob names."""
    return tuple(len(names) for names in knobs)
