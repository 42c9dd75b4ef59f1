"""The VAE's objective held against what is known: scikit-learn's digits always, MNIST where its files are given."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gritspace.train.errors import InputError
from gritspace.train.research.bernoulli_vae import BernoulliVae, train_bernoulli_vae
from gritspace.train.research.idx import mnist_images
from gritspace.train.research.tables.bench import Bench
from gritspace.train.research.tables.table import Cell, Table

COLUMNS = ["dimensions", "bound, training", "bound, held out", "log-likelihood by 300 samples", "by a grid"]


@torch.no_grad()
def checked_row(vae: BernoulliVae, train: Tensor, test: Tensor) -> list[Cell]:
    """The bound, and what it bounds, in nats a picture."""
    bounds = [float(np.mean([float(vae.bound(part)) for _ in range(10)])) for part in (train, test)]
    sampled = float(vae.importance_weighted(test, 300).mean())
    grid = float(vae.by_quadrature(test).mean()) if vae.latent <= 2 else None
    return [vae.latent, *bounds, sampled, grid]


def digits(bench: Bench) -> Table:
    """8 x 8 digits in black and white; a fifth held out."""
    from sklearn.datasets import load_digits

    pictures = torch.from_numpy((load_digits().data >= 8).astype(np.float32))
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(pictures)))
    train, test = pictures[order[360:]], pictures[order[:360]]
    share = train.mean(0).clamp(1e-3, 1 - 1e-3)
    independent = float((test * share.log() + (1 - test) * (1 - share).log()).sum(1).mean())
    rows: list[list[Cell]] = []
    for latent in (2, 3, 5, 10, 20):
        vae = train_bernoulli_vae(train, latent, 200, bench.scaled(2500), bench.seed)
        rows.append(checked_row(vae, train, test))
    return Table(
        "digits",
        "Is the objective right? Nats a picture, scikit-learn's digits, 64 black or white pixels",
        COLUMNS,
        rows,
        {"independent_pixels_nats": independent, "held_out": len(test)},
    )


def spread(pictures: Tensor, count: int) -> Tensor:
    """Up to so many of (n, pixels), from all over them: the package's digits come kind by kind."""
    return pictures[torch.linspace(0, len(pictures) - 1, min(count, len(pictures))).round().long()]


def mnist(bench: Bench) -> Table:
    """MNIST as in Kingma and Welling's figure 2: 500 hidden units, the bound over the number of training samples.

    Grey values are taken as chances. Raises InputError without the files.
    """
    if bench.mnist is None:
        raise InputError("mnist: give the folder with MNIST's IDX files by --mnist.")
    train, test = (
        torch.from_numpy(images.reshape(len(images), -1).astype(np.float32) / 255)
        for images in (mnist_images(bench.mnist, part) for part in ("train", "test"))
    )
    torch.manual_seed(bench.seed)
    heard, drawn = (torch.bernoulli(spread(part, 2000)) for part in (train, test))
    rows: list[list[Cell]] = []
    for latent in (3, 5, 10, 20):
        vae = train_bernoulli_vae(train, latent, 500, bench.scaled(6000), bench.seed)
        rows.append(checked_row(vae, heard, drawn))
    return Table(
        "mnist",
        "Kingma and Welling's figure 2 (after 600,000 training samples): nats a picture, MNIST",
        COLUMNS,
        rows,
        {"samples_evaluated": bench.scaled(6000) * 100, "pictures": len(train), "held_out": len(test)},
    )
