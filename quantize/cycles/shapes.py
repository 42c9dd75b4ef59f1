"""The networks whose price is held: Neural Amp Modeler's shapes, as its trainer makes them and as captures come."""

from __future__ import annotations

import numpy as np
import torch

from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn

SEVEN = (1, 3, 7, 17, 41, 101, 239)
POWERS = tuple(2**i for i in range(10))


def a2(channels: int, position_size: int = 0) -> TcnConfig:
    """A2-Full has 8 channels, A2-Lite 3."""
    kernels = (6,) * 14 + (15, 15) + (6,) * 7
    dilations = (*SEVEN, *SEVEN, 1, 13, *SEVEN)
    return TcnConfig(
        (LayerArrayConfig(channels, kernels, dilations, "leaky_relu", head_kernel_size=16),), position_size
    )


def a1(wide: int, narrow: int, layers: int = 10) -> TcnConfig:
    """layers: of the first array. Standard's dilations run twice through the powers of two; the smaller networks' first
    array ends at 64 and the second goes on from there, as Neural Amp Modeler's trainer and real captures have it."""
    dilations = POWERS + POWERS
    first = LayerArrayConfig(wide, (3,) * layers, dilations[:layers], head_size=narrow)
    return TcnConfig((first, LayerArrayConfig(narrow, (3,) * (20 - layers), dilations[layers:])))


NETWORKS = {
    "A2-Full": a2(8),
    "A2-Lite": a2(3),
    "A1 standard": a1(16, 8),
    "A1 feather": a1(8, 4, 7),
    "A1 nano": a1(4, 2, 7),
}


def random_model(config: TcnConfig, name: str) -> IntegerModel:
    """A shape with random weights, always the same."""
    torch.manual_seed(0)
    audio = np.random.default_rng(0).standard_normal(4800).astype(np.float32) * 0.2
    return quantize(from_tcn(Tcn(config)), audio, [], name=name)
