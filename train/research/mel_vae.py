"""A convolutional beta-VAE of log-mel pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gritspace.train.matching.mel import DB_A_UNIT

WIDTHS = (1, 16, 32, 48)
ACTIVE_VARIANCE = 0.01
"""A dimension whose mean varies less over the data is unused (Burda, Grosse and Salakhutdinov, 2016, section 5.2)."""


@dataclass(frozen=True)
class MelVaeConfig:
    """mels and columns are multiples of 8."""

    mels: int = 64
    columns: int = 64
    latent: int = 16
    hidden: int = 128


class MelVae(nn.Module):
    """Three strided convolutions down to mean and log-variance, and the same way up. Pictures are standardised."""

    centre: Tensor
    scale: Tensor

    def __init__(self, config: MelVaeConfig) -> None:
        super().__init__()
        if config.mels % 8 or config.columns % 8:
            raise ValueError(f"mels and columns must be multiples of 8, not {config.mels} and {config.columns}")
        self.config = config
        self.register_buffer("centre", torch.zeros(config.mels, 1))
        self.register_buffer("scale", torch.ones(()))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise(WIDTHS))
        self.shape = (WIDTHS[-1], config.mels // 8, config.columns // 8)
        flat = math.prod(self.shape)
        self.to_hidden, self.head = nn.Linear(flat, config.hidden), nn.Linear(config.hidden, 2 * config.latent)
        self.from_latent, self.to_flat = nn.Linear(config.latent, config.hidden), nn.Linear(config.hidden, flat)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(b, a, 4, stride=2, padding=1) for a, b in reversed(list(pairwise(WIDTHS)))
        )

    def fit_scale(self, pictures: Tensor) -> None:
        """Takes mean (by band) and deviation (one number) of pictures (n, mels, columns)."""
        self.centre.copy_(pictures.mean((0, 2)).unsqueeze(1))
        self.scale.copy_((pictures - self.centre).std().clamp(min=1e-6))

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, mels, columns) -> mean and log-variance, (batch, latent) each."""
        x = ((pictures - self.centre) / self.scale).unsqueeze(1)
        for convolution in self.down:
            x = F.leaky_relu(convolution(x), 0.1)
        mean, log_variance = self.head(F.leaky_relu(self.to_hidden(x.flatten(1)), 0.1)).chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 4)

    def decode(self, latent: Tensor) -> Tensor:
        """(batch, latent) -> (batch, mels, columns)."""
        x = F.leaky_relu(self.to_flat(F.leaky_relu(self.from_latent(latent), 0.1)), 0.1).view(-1, *self.shape)
        for i, convolution in enumerate(self.up):
            x = convolution(x)
            if i < len(self.up) - 1:
                x = F.leaky_relu(x, 0.1)
        return x.squeeze(1) * self.scale + self.centre

    def losses(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """-> reconstruction and KL in nats a picture, () each: a normal likelihood with the data's deviation."""
        mean, log_variance = self.encode(pictures)
        latent = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        error = (self.decode(latent) - pictures) / self.scale
        return 0.5 * error.square().sum((1, 2)).mean(), kl_by_dimension(mean, log_variance).sum()


def kl_by_dimension(mean: Tensor, log_variance: Tensor) -> Tensor:
    """From N(0, 1), mean over the batch: (latent,) in nats. Source: Kingma and Welling, 2014, appendix B."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean(0)


def train_mel_vae(
    pictures: Tensor, config: MelVaeConfig, beta: float, steps: int, seed: int, warm_up: float = 0.3, batch: int = 32
) -> MelVae:
    """pictures (n, mels, columns). beta rises from 0 over the first `warm_up` of the steps; the rate falls to 0."""
    torch.manual_seed(seed)
    vae = MelVae(config)
    vae.fit_scale(pictures)
    optimizer = torch.optim.Adam(vae.parameters(), 2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        reconstruction, kl = vae.losses(pictures[torch.randint(len(pictures), (batch,))])
        loss = reconstruction + beta * min(1.0, step / max(1.0, warm_up * steps)) * kl
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(vae.parameters(), 100.0)
        optimizer.step()
        schedule.step()
    return vae.eval()


@dataclass(frozen=True)
class VaeFigures:
    """On held-out pictures: RMS error in dB, KL and its number of dimensions in use."""

    error_db: float
    kl_nats: float
    active: int


@torch.no_grad()
def measured(vae: MelVae, pictures: Tensor) -> VaeFigures:
    """From the means, without noise: what one hears at a position."""
    mean, log_variance = vae.encode(pictures)
    error = (vae.decode(mean) - pictures).square().mean().sqrt() * DB_A_UNIT
    active = int((mean.var(0) > ACTIVE_VARIANCE).sum())
    return VaeFigures(float(error), float(kl_by_dimension(mean, log_variance).sum()), active)
