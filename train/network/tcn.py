"""The decoder: a temporal convolutional network whose every layer a position can bend (FiLM).

The family is the one the engine runs (DESIGN: "Networks the engine runs"): arrays of dilated causal convolutions with
input mix-in, an activation, a 1x1 residual and a skip sum that a head convolution reads. It contains every Neural Amp
Modeler WaveNet; FiLM (Perez et al., 2018, arXiv 1709.07871) adds the position.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gritspace.train.network import native
from gritspace.train.network.rounding_noise import RoundingNoise
from gritspace.train.network.shapes import LayerArrayConfig, Modulation, TcnConfig

LOG2_GAIN_LIMIT = 2.0
"""FiLM gains stay within 2^-2..2^2: positive, and within the headroom the integer multipliers keep."""


class WithinGainLimit(torch.autograd.Function):
    """Log2 gains within +-LOG2_GAIN_LIMIT, as clamp has them; where one lies beyond, a gradient that would bring it
    back passes.

    A clamp has no gradient beyond: what once got there stays, whatever the loss says. What would go further out on a
    descent step has no gradient here either, so that nothing runs away.
    """

    @staticmethod
    def forward(ctx: Any, log2_gain: Tensor) -> Tensor:
        """Any shape; the same shape."""
        ctx.save_for_backward(log2_gain)
        return log2_gain.clamp(-LOG2_GAIN_LIMIT, LOG2_GAIN_LIMIT)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """The gradient, but where a descent step would go further out."""
        (log2_gain,), (gradient,) = ctx.saved_tensors, gradients
        inward = (log2_gain.abs() <= LOG2_GAIN_LIMIT) | (log2_gain * gradient > 0)
        return gradient * inward


class Film(nn.Module):
    """Position -> modulation: one tanh layer, then log2 gains and biases. Control rate only."""

    def __init__(self, position_size: int, hidden: int, rows: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(position_size, hidden)
        self.log2_gain = nn.Linear(hidden, rows)
        self.bias = nn.Linear(hidden, rows)
        for head in (self.log2_gain, self.bias):  # a fresh space starts as one network for all positions, nearly
            nn.init.normal_(head.weight, std=0.05)
            nn.init.zeros_(head.bias)

    def forward(self, position: Tensor) -> Modulation:
        """position: (batch, position_size), or (batch, frames, position_size) for a moving one."""
        hidden = torch.tanh(self.hidden(position))
        gain = torch.exp2(WithinGainLimit.apply(self.log2_gain(hidden)))
        bias = self.bias(hidden)
        if position.ndim == 2:
            return Modulation(gain.unsqueeze(-1), bias.unsqueeze(-1))
        return Modulation(gain.transpose(1, 2), bias.transpose(1, 2))


class Layer(nn.Module):
    """One dilated convolution with mix-in, activation and 1x1 residual."""

    def __init__(self, channels: int, kernel_size: int, dilation: int, config: LayerArrayConfig) -> None:
        super().__init__()
        self.rows = channels * (2 if config.gated else 1)
        self.dilation, self.kernel_size = dilation, kernel_size
        self.kind, self.slope, self.gated = config.activation, config.negative_slope, config.gated
        self.conv = nn.Conv1d(channels, self.rows, kernel_size, dilation=dilation)
        self.mixin = nn.Conv1d(1, self.rows, 1, bias=False)
        self.residual = nn.Conv1d(channels, channels, 1)

    def forward(
        self,
        stream: Tensor,
        dry: Tensor,
        gain: Tensor | None,
        bias: Tensor | None,
        rounding: RoundingNoise | None = None,
        noise_row: int = 0,
    ) -> tuple[Tensor, Tensor]:
        """stream (batch, channels, T), dry (batch, 1, T) -> next stream and skip, both (batch, channels, T').

        noise_row: the layer's first among those that `rounding` has noise for.
        """
        pre = self.conv(stream)
        frames = pre.shape[-1]
        pre = pre + self.mixin(dry[..., -frames:])
        if gain is not None and bias is not None:
            pre = gain[..., -frames:] * (pre + bias[..., -frames:])
        if rounding is not None:
            pre = rounding.add(pre, noise_row, dry.shape[-1])
        if self.gated:
            main, gate = pre.chunk(2, dim=1)
            skip = activate(self.kind, self.slope, main) * torch.sigmoid(gate)
        else:
            skip = activate(self.kind, self.slope, pre)
        stream = stream[..., -frames:] + self.residual(skip)
        return stream if rounding is None else rounding.add(stream, noise_row + self.rows, dry.shape[-1]), skip


def activate(kind: str, negative_slope: float, x: Tensor) -> Tensor:
    """One of the engine's activations, elementwise."""
    if kind == "tanh":
        return torch.tanh(x)
    if kind == "leaky_relu":
        return F.leaky_relu(x, negative_slope)
    if kind == "relu":
        return F.relu(x)
    if kind == "hardtanh":
        return F.hardtanh(x)
    raise ValueError(f"unknown activation {kind!r}: tanh, leaky_relu, relu or hardtanh")


class LayerArray(nn.Module):
    """Layers of one width, their rechannelling input and their head."""

    def __init__(self, inputs: int, config: LayerArrayConfig) -> None:
        super().__init__()
        self.rechannel = nn.Conv1d(inputs, config.channels, 1, bias=False)
        self.layers = nn.ModuleList(
            Layer(config.channels, k, d, config) for k, d in zip(config.kernel_sizes, config.dilations, strict=True)
        )
        self.head = nn.Conv1d(config.channels, config.head_size, config.head_kernel_size)


class Tcn(nn.Module):
    """The whole decoder. Without FiLM (position_size 0) it is a snapshot."""

    film: Film | None
    rounding: RoundingNoise | None = None
    """Heard while it is there."""

    def __init__(self, config: TcnConfig) -> None:
        super().__init__()
        self.config = config
        inputs, arrays = 1, []
        for array in config.arrays:
            arrays.append(LayerArray(inputs, array))
            inputs = array.channels
        self.arrays = nn.ModuleList(arrays)
        self.film = None
        if config.position_size:
            self.film = Film(config.position_size, config.film_hidden, config.film_rows)

    def forward(self, dry: Tensor, modulation: Modulation | None = None) -> Tensor:
        """dry (batch, frames) with receptive_field - 1 frames of lead-in -> wet (batch, frames - lead-in).

        modulation: from `film`; needed when the network has a position. A moving one has as many frames as dry.
        """
        if (modulation is None) != (self.film is None):
            raise ValueError("a space needs a modulation, a snapshot takes none")
        if not torch.compiler.is_compiling() and native.runs(self, dry, modulation):
            return native.run(self, dry, modulation, self.rounding)
        return self.in_pytorch(dry, modulation)

    def in_pytorch(self, dry: Tensor, modulation: Modulation | None = None) -> Tensor:
        """The same as forward, in PyTorch's own operations: what the native core is held against."""
        condition = dry.unsqueeze(1)
        stream, skips, row, noise_row = condition, None, 0, 0
        for array in self.arrays:
            assert isinstance(array, LayerArray)
            stream = array.rechannel(stream)
            for layer in array.layers:
                assert isinstance(layer, Layer)
                gain = bias = None
                if modulation is not None:
                    gain = modulation.gain[:, row : row + layer.rows]
                    bias = modulation.bias[:, row : row + layer.rows]
                    row += layer.rows
                stream, skip = layer(stream, condition, gain, bias, self.rounding, noise_row)
                noise_row += layer.rows + stream.shape[1]
                if skips is not None:  # a head of several taps forgets frames that the stream still has
                    frames = min(skips.shape[-1], skip.shape[-1])
                    skip = skips[..., -frames:] + skip[..., -frames:]
                skips = skip
            skips = array.head(skips)
        assert skips is not None
        skips = skips[..., self.config.receptive_field - 1 - (dry.shape[-1] - skips.shape[-1]) :]
        if modulation is not None:
            frames = skips.shape[-1]
            skips = modulation.gain[:, row:, -frames:] * (skips + modulation.bias[:, row:, -frames:])
        return skips.squeeze(1)

    def heard_parameters(self) -> Iterator[Tensor]:
        """In the native core's order, without FiLM; the last layer's residual, which nothing hears, is left out."""
        arrays: Any = self.arrays
        for array in arrays:
            yield array.rechannel.weight
            for layer in array.layers:
                yield from (layer.conv.weight, layer.conv.bias, layer.mixin.weight)
                if array is not arrays[-1] or layer is not array.layers[-1]:
                    yield from (layer.residual.weight, layer.residual.bias)
            yield from (array.head.weight, array.head.bias)
