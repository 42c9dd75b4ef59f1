"""The effects encoder: which device did this go through, whatever was played? Trained by contrast, as SimCLR is.

Two clips of one device are a positive pair, all other devices' clips in the batch are negatives. Sources: Chen,
Kornblith, Norouzi and Hinton, 2020 (SimCLR); Wright, Carson and Juvela, "Open-Amp", 2024 (the pairs, six residual
blocks, 64 dimensions). Ours hears log-mel pictures, bands as channels, so that two cores train it in minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from gritspace.train.errors import InputError
from gritspace.train.matching.mel import MelConfig
from gritspace.train.torch_file import load_torch, save_torch

FORMAT, VERSION = "gritspace effects encoder", 1
BLOCKS = 6
TEMPERATURE = 0.1
PICTURE = MelConfig(mels=64, hop_frames=512, fft_frames=2048)


@dataclass(frozen=True)
class EffectsEncoderConfig:
    """Six residual blocks of `channels`."""

    mels: int = PICTURE.mels
    channels: int = 64
    size: int = 64


class Block(nn.Module):
    """x + two convolutions along time; every other block halves the frame rate."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(channels, channels, 3, stride=stride, padding=1)
        self.second = nn.Conv1d(channels, channels, 3, padding=1)
        self.norms = nn.ModuleList(nn.BatchNorm1d(channels) for _ in range(2))
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, columns) -> (batch, channels, columns / stride, rounded up)."""
        y = self.norms[1](self.second(F.relu(self.norms[0](self.first(x)))))
        past = F.avg_pool1d(x, self.stride, ceil_mode=True) if self.stride > 1 else x
        return F.relu(past + y)


class EffectsEncoder(nn.Module):
    """Log-mel pictures (batch, mels, columns) -> (batch, size). The head after it is for training only."""

    centre: Tensor
    scale: Tensor

    def __init__(self, config: EffectsEncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("centre", torch.zeros(config.mels, 1))
        self.register_buffer("scale", torch.ones(()))
        self.widen = nn.Conv1d(config.mels, config.channels, 1)
        self.blocks = nn.ModuleList(Block(config.channels, 1 + i % 2) for i in range(BLOCKS))
        self.out = nn.Linear(2 * config.channels, config.size)
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(config.size, config.size))
        self.licences: list[str] = []

    def fit_scale(self, pictures: Tensor) -> None:
        """Takes mean (by band) and deviation (one number)."""
        self.centre.copy_(pictures.mean((0, 2)).unsqueeze(1))
        self.scale.copy_((pictures - self.centre).std().clamp(min=1e-6))

    def forward(self, pictures: Tensor) -> Tensor:
        """At least 16 columns."""
        x = self.widen((pictures - self.centre) / self.scale)
        for block in self.blocks:
            x = block(x)
        return torch.as_tensor(self.out(torch.cat([x.mean(-1), x.amax(-1)], dim=1)))

    @torch.no_grad()
    def embed(self, pictures: Tensor, rows: int = 128) -> NDArray[np.float32]:
        """(n, mels, columns) -> (n, size), each of length 1."""
        parts = [F.normalize(self(pictures[start : start + rows])) for start in range(0, len(pictures), rows)]
        return torch.cat(parts).numpy()


def nt_xent(one: Tensor, other: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Row i of both, (batch, size), are a positive pair; all other rows of both are negatives -> ().

    Source: Chen et al., 2020, eq. 1.
    """
    rows = F.normalize(torch.cat([one, other]))
    alike = rows @ rows.T / temperature
    alike.fill_diagonal_(-torch.inf)
    count = len(one)
    partner = torch.cat([torch.arange(count, 2 * count), torch.arange(count)])
    return F.cross_entropy(alike, partner)


def train_effects_encoder(
    pictures: Tensor,
    device: NDArray[np.int64],
    steps: int,
    seed: int,
    config: EffectsEncoderConfig | None = None,
    devices_at_once: int = 64,
    columns: int = 48,
) -> EffectsEncoder:
    """pictures (n, mels, columns) of devices (n,), several of each; a random stretch of `columns` of each is heard."""
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 21])
    encoder = EffectsEncoder(config or EffectsEncoderConfig(pictures.shape[1]))
    encoder.fit_scale(pictures)
    of_device = [np.flatnonzero(device == i) for i in np.unique(device)]
    optimizer = torch.optim.AdamW(encoder.parameters(), 2e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps, pct_start=max(0.1, 2 / steps))
    for _ in range(steps):
        chosen = rng.permutation(len(of_device))[:devices_at_once]
        rows = np.array([rng.choice(of_device[i], 2, replace=False) for i in chosen])
        views = [_stretch(pictures[torch.from_numpy(column)], columns, rng) for column in rows.T]
        loss = nt_xent(*encoder.head(encoder(torch.cat(views))).chunk(2))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return encoder.eval()


def _stretch(pictures: Tensor, columns: int, rng: np.random.Generator) -> Tensor:
    start = int(rng.integers(max(1, pictures.shape[2] - columns + 1)))
    return pictures[:, :, start : start + columns]


def save_encoder(encoder: EffectsEncoder, path: Path, licences: Sequence[str]) -> None:
    """licences: of the devices it was trained on. Whole or not at all."""
    contents = {
        "format": FORMAT,
        "version": VERSION,
        "config": asdict(encoder.config),
        "state": encoder.state_dict(),
        "licences": sorted(set(licences)),
    }
    save_torch(contents, path)


def load_encoder(path: Path) -> EffectsEncoder:
    """Raises InputError if the file is missing, damaged, or something else."""
    contents = load_torch(path, "effects encoder")
    if contents.get("format") != FORMAT or contents.get("version") != VERSION:
        raise InputError(f"{path}: this is no effects encoder of version {VERSION}; make it by `gritspace research`.")
    try:
        encoder = EffectsEncoder(EffectsEncoderConfig(**contents["config"]))
        encoder.load_state_dict(contents["state"])
        encoder.licences = [str(one) for one in contents["licences"]]
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: this encoder is damaged ({str(error).splitlines()[0]}); make it again.") from error
    return encoder.eval()
