"""The variational auto-encoder of Kingma and Welling (2014) for black-and-white pictures, and three ways to check it.

One hidden layer each way, tanh, a Bernoulli decoder: their appendix C.1. The bound is exact in nats, so it can be held
against the log-likelihood by importance sampling (Burda, Grosse and Salakhutdinov, 2016, eq. 8) and, with one or two
dimensions, by summing over a fine grid.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gritspace.train.research.mel_vae import kl_by_dimension


class BernoulliVae(nn.Module):
    """Pictures are rows (batch, pixels) of 0 and 1."""

    def __init__(self, pixels: int, latent: int, hidden: int) -> None:
        super().__init__()
        self.latent = latent
        self.encoder = nn.Sequential(nn.Linear(pixels, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.Tanh(), nn.Linear(hidden, pixels))

    def log_likelihood(self, pictures: Tensor, latent: Tensor) -> Tensor:
        """log p(x | z) in nats: (batch, pixels), (..., batch, latent) -> (..., batch)."""
        logits = self.decoder(latent)
        return -F.binary_cross_entropy_with_logits(logits, pictures.expand_as(logits), reduction="none").sum(-1)

    def bound(self, pictures: Tensor) -> Tensor:
        """One-sample estimate of the evidence lower bound, mean over the batch, in nats: ()."""
        mean, log_variance = self.encoder(pictures).chunk(2, dim=1)
        latent = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        return self.log_likelihood(pictures, latent).mean() - kl_by_dimension(mean, log_variance).sum()

    @torch.no_grad()
    def importance_weighted(self, pictures: Tensor, samples: int) -> Tensor:
        """Estimate of log p(x) from below, in nats: (batch,). One sample is the bound again."""
        mean, log_variance = self.encoder(pictures).chunk(2, dim=1)
        deviation = torch.exp(0.5 * log_variance)
        total = torch.full((len(pictures),), -math.inf)
        for _ in range(samples):
            noise = torch.randn_like(mean)
            latent = mean + deviation * noise
            prior = -0.5 * latent.square().sum(1)
            posterior = -0.5 * noise.square().sum(1) - 0.5 * log_variance.sum(1)
            total = torch.logaddexp(total, self.log_likelihood(pictures, latent) + prior - posterior)
        return total - math.log(samples)

    @torch.no_grad()
    def by_quadrature(self, pictures: Tensor, points: int = 161, edge: float = 6.0) -> Tensor:
        """log p(x) by a sum over a grid, for one or two dimensions: (batch,). Raises ValueError for more."""
        if self.latent > 2:
            raise ValueError(f"a grid over {self.latent} dimensions is too large; up to 2 are possible")
        axis = torch.linspace(-edge, edge, points)
        grid = torch.cartesian_prod(*[axis] * self.latent).view(-1, self.latent)
        cell = self.latent * math.log(2 * edge / (points - 1))
        prior = -0.5 * grid.square().sum(1) - 0.5 * self.latent * math.log(2 * math.pi) + cell
        logits = self.decoder(grid)
        likelihood = pictures @ logits.T - F.softplus(logits).sum(1)  # sum over pixels of x l - log(1 + e^l)
        return torch.logsumexp(likelihood + prior, dim=1)


def train_bernoulli_vae(
    pictures: Tensor, latent: int, hidden: int, steps: int, seed: int, batch: int = 100
) -> BernoulliVae:
    """pictures (n, pixels): 0 and 1, or grey values that are drawn anew as 0 and 1 with these chances at every step."""
    torch.manual_seed(seed)
    vae = BernoulliVae(pictures.shape[1], latent, hidden)
    optimizer = torch.optim.Adam(vae.parameters(), 2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        chosen = torch.bernoulli(pictures[torch.randint(len(pictures), (batch,))])
        loss = -vae.bound(chosen)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return vae.eval()
