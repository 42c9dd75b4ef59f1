"""A network's shape, and what a position does to it: plain data, known to every part that builds or runs one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

ACTIVATIONS = ("tanh", "leaky_relu", "relu", "hardtanh")
"""What a layer may do, in the native core's order."""


@dataclass(frozen=True)
class LayerArrayConfig:
    """A run of layers of one width. kernel_sizes and dilations have one entry a layer."""

    channels: int
    kernel_sizes: Sequence[int]
    dilations: Sequence[int]
    activation: str = "tanh"  # one of ACTIVATIONS
    negative_slope: float = 0.01  # of leaky_relu
    gated: bool = False  # activation(first half) * sigmoid(second half)
    head_size: int = 1
    head_kernel_size: int = 1


@dataclass(frozen=True)
class TcnConfig:
    """A whole network. position_size 0 makes a snapshot: no FiLM."""

    arrays: Sequence[LayerArrayConfig]
    position_size: int = 0
    film_hidden: int = 16

    def __post_init__(self) -> None:
        for array in self.arrays:
            if len(array.kernel_sizes) != len(array.dilations):
                raise ValueError("kernel_sizes and dilations must have one entry a layer")
        for before, after in zip(self.arrays, self.arrays[1:], strict=False):
            if before.head_size != after.channels:
                raise ValueError("an array's head_size must be the next array's channels")

    @property
    def receptive_field(self) -> int:
        """How many input frames one output frame depends on."""
        frames = 1
        for array in self.arrays:
            frames += sum((k - 1) * d for k, d in zip(array.kernel_sizes, array.dilations, strict=True))
            frames += array.head_kernel_size - 1
        return frames

    @property
    def film_rows(self) -> int:
        """How many (gain, bias) pairs a position sets: every convolution row, then the last head's rows."""
        rows = sum(a.channels * (2 if a.gated else 1) * len(a.kernel_sizes) for a in self.arrays)
        return rows + self.arrays[-1].head_size

    @property
    def macs_per_frame(self) -> int:
        """Multiplications per output frame at audio rate (FiLM runs at control rate and is not counted)."""
        macs, inputs = 0, 1
        for a in self.arrays:
            rows = a.channels * (2 if a.gated else 1)
            macs += inputs * a.channels
            macs += sum(rows * (a.channels * k + 1) + a.channels * a.channels for k in a.kernel_sizes)
            macs += a.head_size * a.channels * a.head_kernel_size
            inputs = a.channels
        return macs


@dataclass
class Modulation:
    """What a position does to a network: gains and biases, each (batch, film_rows, 1) or (batch, film_rows, frames)."""

    gain: Tensor
    bias: Tensor
