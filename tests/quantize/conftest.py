"""Small networks of every shape the engine runs, with weights large enough to exercise saturation and tables."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn

SHAPES = {
    "tanh_space": TcnConfig((LayerArrayConfig(8, (3,) * 6, (1, 2, 4, 8, 16, 32)),), position_size=4),
    "leaky_space_with_long_head": TcnConfig(
        (LayerArrayConfig(8, (6,) * 5, (1, 3, 7, 17, 41), "leaky_relu", head_kernel_size=16),), position_size=6
    ),
    "two_tanh_arrays": TcnConfig(
        (
            LayerArrayConfig(16, (3,) * 4, (1, 2, 4, 8), head_size=8),
            LayerArrayConfig(8, (3,) * 4, (1, 2, 4, 8)),
        )
    ),
    "small_tanh_space": TcnConfig(
        (LayerArrayConfig(4, (3,) * 4, (1, 2, 64, 90), head_size=2), LayerArrayConfig(2, (3,) * 4, (1, 150, 300, 8))),
        position_size=2,
    ),
    "gated_odd_width_space": TcnConfig((LayerArrayConfig(5, (3,) * 4, (1, 2, 4, 8), gated=True),), position_size=3),
    "relu_snapshot": TcnConfig((LayerArrayConfig(4, (2, 3, 5), (1, 9, 5), "relu"),)),
    "hardtanh_odd_two_arrays": TcnConfig(
        (
            LayerArrayConfig(3, (3, 3), (1, 2), "hardtanh", head_size=7),
            LayerArrayConfig(7, (3, 3), (4, 8), "hardtanh", head_kernel_size=2),
        )
    ),
}


def noise(frames: int = 9600, seed: int = 0) -> np.ndarray:
    """Decaying bursts of noise: quiet and loud, some of it clipping."""
    rng = np.random.default_rng(seed)
    envelope = np.exp(-(np.arange(frames) % 2400) / 600)
    return np.clip(rng.standard_normal(frames) * 0.4 * envelope, -1, 1).astype(np.float32)


def q15(audio: np.ndarray) -> np.ndarray:
    """Float audio -> int16."""
    return np.clip(np.round(audio * 32768), -32768, 32767).astype(np.int16)


def make_tcn(shape: str) -> Tcn:
    """A decoder with fixed random weights, livelier than a fresh one."""
    torch.manual_seed(1)
    tcn = Tcn(SHAPES[shape])
    with torch.no_grad():
        for parameter in tcn.parameters():
            parameter.mul_(1.6)
    return tcn


def make_model(shape: str) -> IntegerModel:
    """Its integer model, calibrated on noise at four positions."""
    tcn = make_tcn(shape)
    size = tcn.config.position_size
    positions = np.random.default_rng(2).uniform(-1, 1, (4, size)) if size else []
    return quantize(from_tcn(tcn), noise(), positions, name=shape)


@pytest.fixture(scope="session", params=SHAPES)
def model(request: pytest.FixtureRequest) -> IntegerModel:
    """Every shape's integer model in turn."""
    return make_model(request.param)
