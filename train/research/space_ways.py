"""Ways to a meaningful space, trained on the same pairs: as timbre transfer, by topology, by total correlation.

All are the project's own space (encoder of dry and wet, TCN under FiLM): what differs is what shapes the positions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gritspace.train.network.losses import AudioLoss, attribute_regularisation, kl_divergence
from gritspace.train.space.config import TrainConfig
from gritspace.train.space.space import Space
from gritspace.train.space.steps import fresh_space

WAYS = ("timbre transfer", "topology, attributes", "topology, total correlation")
STORED = 4
BATCH = 12
VIEW_FRAMES, SEGMENT_FRAMES = 16_384, 2048
BETA, ATTRIBUTE_WEIGHT, CORRELATION_WEIGHT = 2e-3, 0.3, 0.02
WARM_UP = 0.3


@dataclass
class Pairs:
    """n settings: dry, wet (n, frames), wet about equally loud for all devices; measured (n, 4) attributes."""

    dry: Tensor
    wet: Tensor
    measured: Tensor


class Discriminator(nn.Module):
    """Tells positions from positions whose dimensions were drawn apart. Source: Kim and Mnih, 2018 (FactorVAE)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(size, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)
        )

    def forward(self, positions: Tensor) -> Tensor:
        """(batch, size) -> logit that they are the space's own (batch,)."""
        return torch.as_tensor(self.layers(positions)).squeeze(1)


def permuted(positions: Tensor) -> Tensor:
    """Each dimension shuffled over the batch by itself: samples of the product of the marginals."""
    return torch.stack([column[torch.randperm(len(column))] for column in positions.T], dim=1)


def total_correlation(discriminator: Discriminator, positions: Tensor) -> Tensor:
    """Estimate of KL(q(z) || product of q(z_d)) in nats by the density ratio (Kim and Mnih, 2018, eq. 3): ()."""
    return discriminator(positions).mean()


def train_way(way: str, pairs: Pairs, steps: int, seed: int) -> Space:
    """A space of 4 played and 4 stored dimensions."""
    if way not in WAYS:
        raise ValueError(f"way is {way!r}, and must be one of {', '.join(WAYS)}")
    torch.manual_seed(seed)
    space = fresh_space(TrainConfig(stored=STORED))
    size = space.config.decoder.position_size
    lead_in = space.config.decoder.receptive_field - 1
    loss_of = AudioLoss(0.1)
    optimizer = torch.optim.AdamW(space.parameters(), 5e-3, betas=(0.9, 0.99), weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps, pct_start=max(0.1, 2 / steps))
    discriminator = Discriminator(size)
    opponent = torch.optim.Adam(discriminator.parameters(), 1e-3, betas=(0.5, 0.9))
    past = torch.zeros(0, size)
    power = pairs.wet.square().mean(-1) + 1e-8
    for step in range(steps):
        rows = torch.randperm(len(pairs.dry))[:BATCH]
        mean, log_variance = space.encoder(*stretch(pairs, rows, VIEW_FRAMES))
        positions = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        dry, wet = stretch(pairs, rows, lead_in + SEGMENT_FRAMES)
        assert space.decoder.film is not None
        heard, _ = loss_of(wet[:, lead_in:], space.decoder(dry, space.decoder.film(positions)), power[rows])
        loss = heard + BETA * min(1.0, step / (WARM_UP * steps)) * kl_divergence(mean, log_variance)
        if way == WAYS[1]:
            loss = loss + ATTRIBUTE_WEIGHT * attribute_regularisation(mean, pairs.measured[rows])
        if way == WAYS[2]:
            loss = loss + CORRELATION_WEIGHT * total_correlation(discriminator, positions)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(space.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if way == WAYS[2]:  # the discriminator remembers the last batches: twelve positions show no distribution
            past = torch.cat([past, positions.detach()])[-16 * BATCH :]
            own, drawn_apart = discriminator(past), discriminator(permuted(past))
            against = F.binary_cross_entropy_with_logits(own, torch.ones_like(own))
            against = against + F.binary_cross_entropy_with_logits(drawn_apart, torch.zeros_like(own))
            opponent.zero_grad()
            against.backward()
            opponent.step()
    return space.eval()


def stretch(pairs: Pairs, rows: Tensor, frames: int) -> tuple[Tensor, Tensor]:
    """Dry and wet (rows, frames), each row from a random place."""
    starts = torch.randint(pairs.dry.shape[1] - frames + 1, (len(rows),)).tolist()
    places = list(zip(rows.tolist(), starts, strict=True))
    return (
        torch.stack([pairs.dry[row, at : at + frames] for row, at in places]),
        torch.stack([pairs.wet[row, at : at + frames] for row, at in places]),
    )
