"""The format's activations, as NeuralAmpModelerCore computes them (`NAM/activations.h`)."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from gritspace.train.network.nam.records import Activation, NamError

OURS = {"Tanh": "tanh", "Sigmoid": "sigmoid", "ReLU": "relu", "LeakyReLU": "leaky_relu", "Hardtanh": "hardtanh"}
"""The format's names and ours, of those that the engine has."""


def activate(kind: Activation, x: Tensor) -> Tensor:
    """x (..., channels, frames), elementwise. Raises NamError for a name that the format does not have."""
    if kind.type == "PReLU" and kind.negative_slopes is not None:
        slopes = torch.tensor(kind.negative_slopes, dtype=x.dtype)
        if len(slopes) not in (1, x.shape[-2]):
            raise NamError(f"a PReLU has {len(slopes)} slopes for {x.shape[-2]} channels; export it again")
        return torch.where(x > 0, x, slopes[:, None] * x)
    if kind.type in ("LeakyReLU", "PReLU"):
        return F.leaky_relu(x, kind.negative_slope)
    if kind.type in ("LeakyHardtanh", "LeakyHardTanh"):
        low, high = (x - kind.min_val) * kind.min_slope, (x - kind.max_val) * kind.max_slope
        inside = torch.where(x > kind.max_val, high + kind.max_val, x)
        return torch.where(x < kind.min_val, low + kind.min_val, inside)
    plain = PLAIN.get(kind.type)
    if plain is None:
        raise NamError(f"it has the activation {kind.type!r:.40}; the format has {', '.join(sorted(NAMES))}")
    return plain(x)


def fast_tanh(x: Tensor) -> Tensor:
    """Core's rational approximation, off by up to 3e-4: a file that names it was meant to be played through it."""
    size, square = x.abs(), x.square()
    above = x * (2.45550750702956 + 2.45550750702956 * size + (0.893229853513558 + 0.821226666969744 * size) * square)
    return above / (2.44506634652299 + (2.44506634652299 + square) * (x + 0.814642734961073 * x * size).abs())


PLAIN: dict[str, Callable[[Tensor], Tensor]] = {
    "Tanh": torch.tanh,
    "Hardtanh": F.hardtanh,
    "Fasttanh": fast_tanh,
    "ReLU": F.relu,
    "Sigmoid": torch.sigmoid,
    "SiLU": F.silu,
    "Hardswish": F.hardswish,
    "Softsign": F.softsign,
    "Softsigmoid": lambda x: 0.5 * (1 + F.softsign(x)),
    "ELU": F.elu,
    "CELU": F.celu,
    "SELU": F.selu,
    "GELU": F.gelu,
    "Mish": F.mish,
    "ReLU6": F.relu6,
    "Softplus": F.softplus,
    "Hardsigmoid": F.hardsigmoid,
    "LogSigmoid": F.logsigmoid,
    "Tanhshrink": F.tanhshrink,
    "Identity": lambda x: x,
}
"""The last ones are the trainer's and PyTorch's: it writes whatever it was told to train, Core does not know them."""
NAMES = {*PLAIN, "LeakyReLU", "PReLU", "LeakyHardtanh", "LeakyHardTanh"}
