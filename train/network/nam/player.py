"""Neural Amp Modeler's feed-forward networks played in floats, all that the format can say: WaveNets with every extra,
ConvNets, Linears. What the engine runs goes other, faster ways; this one is for hearing the rest, and for teaching.

Source: NeuralAmpModelerCore, `NAM/wavenet/model.cpp`, `NAM/convnet.cpp`, `NAM/linear.cpp`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gritspace.train.network.nam.activations import NAMES, activate
from gritspace.train.network.nam.reading import record
from gritspace.train.network.nam.records import Activation, Array, ConvNet, Linear, Model, NamError
from gritspace.train.network.nam.wavenet import (
    ArrayParts,
    FilmWeights,
    Floats,
    LayerParts,
    Taker,
    parts_of,
    wavenet_record,
)

PIECE_FRAMES = 1 << 15
LONGEST_MEMORY = 1 << 18
"""Frames. Five seconds: no amplifier remembers longer, and every piece is preceded by so much."""


class Player(Protocol):
    """memory: how many frames before one count for it."""

    memory: int
    outputs: int

    def __call__(self, x: Tensor) -> Tensor:
        """(1, frames) -> (outputs, frames - memory)."""
        ...


def player_of(model: Model) -> Player:
    """Raises NamError for what is no such network, or damaged."""
    known: dict[str, Callable[[Model], Player]] = {"WaveNet": WaveNetPlayer, "ConvNet": ConvNetPlayer}
    kind = known.get(model.architecture, LinearPlayer if model.architecture == "Linear" else None)
    if kind is None:
        raise NamError(
            f"its architecture is {model.architecture:.30}; WaveNet, ConvNet, Linear, LSTM and containers of them "
            "can be read"
        )
    player = kind(model)
    if player.memory > LONGEST_MEMORY:
        raise NamError(f"it remembers {player.memory:,} frames; up to {LONGEST_MEMORY:,} can be played")
    return player


def played(player: Player, dry: Tensor) -> Tensor:
    """dry (frames,) -> wet (frames,), from the state that silence leaves."""
    padded = F.pad(dry, (player.memory, 0))
    step = max(PIECE_FRAMES, player.memory)
    with torch.no_grad():
        pieces = [
            player(padded[None, start : start + step + player.memory])[0] for start in range(0, max(len(dry), 1), step)
        ]
    return torch.cat(pieces)


class LinearPlayer:
    """An impulse response, perhaps with a constant."""

    outputs = 1

    def __init__(self, model: Model) -> None:
        config = record(Linear, model.config)
        _one_channel(config.in_channels, config.out_channels)
        response, bias = linear_of(model)
        self.memory, self._bias = config.receptive_field - 1, bias
        self._response = torch.from_numpy(response).float()

    def __call__(self, x: Tensor) -> Tensor:
        """As Player says."""
        frames = x.shape[-1] - self.memory
        size = 1 << (x.shape[-1] + len(self._response) - 1).bit_length()
        spectrum = torch.fft.rfft(x.double(), size) * torch.fft.rfft(self._response.double(), size)
        whole = torch.fft.irfft(spectrum, size)[..., self.memory : self.memory + frames]
        return whole.float() + self._bias


def linear_of(model: Model) -> tuple[Floats, float]:
    """A Linear's impulse response (frames,) and constant. Raises NamError."""
    config = record(Linear, model.config)
    needed = config.receptive_field + config.bias
    if len(model.weights) != needed:
        raise NamError(f"it has {len(model.weights)} weights where its shape needs {needed}; fetch the file again")
    values: Floats = np.asarray(model.weights, np.float64)
    return values[: config.receptive_field], float(values[-1]) if config.bias else 0.0


class ConvNetPlayer:
    """Convolutions of two taps, one behind the other; batch normalization is folded into them."""

    outputs = 1

    def __init__(self, model: Model) -> None:
        config = record(ConvNet, model.config)
        _one_channel(config.in_channels, config.out_channels)
        _refuse_activations([config.activation])
        c, groups, norm = config.channels, config.groups, config.batchnorm
        if c % groups or (groups > 1 and len(config.dilations) > 0 and config.in_channels % groups):
            raise NamError(f"{groups} groups do not divide its channels; export it again")
        each = [
            (1 if i == 0 else c) * c * 2 // groups + (4 * c + 1 if norm else c) for i in range(len(config.dilations))
        ]
        needed = sum(each) + c + 1
        if len(model.weights) != needed:
            raise NamError(f"it has {len(model.weights)} weights where its shape needs {needed}; fetch the file again")
        take = Taker(model.weights)
        self._activation, self._blocks, inputs = config.activation, [], 1
        for dilation in config.dilations:
            weight = take.convolution(c, inputs, 2, groups)
            if norm:
                mean, variance, gain, offset = (take.row(c) for _ in range(4))
                scale = gain / np.sqrt(variance + take.row(1)[0])
                weight, bias = weight * scale[:, None, None], offset - scale * mean
            else:
                bias = take.row(c)
            self._blocks.append((_tensor(weight), _tensor(bias), dilation))
            inputs = c
        self._head, self._head_bias = _tensor(take.convolution(1, c, 1)), _tensor(take.row(1))
        self.memory = sum(config.dilations)

    def __call__(self, x: Tensor) -> Tensor:
        """As Player says."""
        x = x[None]
        for weight, bias, dilation in self._blocks:
            x = activate(self._activation, F.conv1d(x, weight, bias, dilation=dilation))
        return F.conv1d(x, self._head, self._head_bias)[0]


class WaveNetPlayer:
    """Everything that a WaveNet of format 0.5 to 0.7 can have."""

    def __init__(self, model: Model) -> None:
        config = wavenet_record(model)
        self._condition = None if config.condition_dsp is None else player_of(config.condition_dsp)
        conditions = 1 if self._condition is None else self._condition.outputs
        for array in config.layers:
            if array.condition_size != conditions:
                raise NamError(
                    f"its condition_size is {array.condition_size}, and {conditions} come in; export it again"
                )
            _refuse_activations([*array.activations, *(gate for gate in array.gates if gate is not None)])
        parts = parts_of(config, model)
        self._arrays = [_Array(array, its) for array, its in zip(config.layers, parts.arrays, strict=True)]
        self._behind = [(_tensor(weight), _tensor(bias)) for weight, bias in parts.behind]
        self._behind_activation = config.head.activation if config.head else None
        self._scale = float(np.float32(parts.scale))
        self.outputs = config.head.out_channels if config.head else config.layers[-1].head.out_channels
        self.memory = sum(array.memory for array in self._arrays) + sum(w.shape[2] - 1 for w, _ in self._behind)
        self.memory += 0 if self._condition is None else self._condition.memory

    def __call__(self, x: Tensor) -> Tensor:
        """As Player says."""
        condition = x if self._condition is None else self._condition(x)
        stream, summed, condition = x[None, :, -condition.shape[-1] :], None, condition[None]
        for array in self._arrays:
            stream, summed = array(stream, condition, summed)
        assert summed is not None
        out = self._scale * summed
        for weight, bias in self._behind:
            assert self._behind_activation is not None
            out = F.conv1d(activate(self._behind_activation, out), weight, bias)
        return out[0, :, self.memory - (x.shape[-1] - out.shape[-1]) :]


class _Array:
    def __init__(self, config: Array, parts: ArrayParts) -> None:
        self._rechannel = _tensor(parts.rechannel[:, :, None])
        self._head, self._head_bias = _tensor(parts.head), _tensor(parts.head_bias)
        self._head_dilation = config.head.head_dilation
        self._layers = [_Layer(config, index, its) for index, its in enumerate(parts.layers)]
        self.memory = sum(layer.memory for layer in self._layers) + (self._head.shape[2] - 1) * self._head_dilation

    def __call__(self, stream: Tensor, condition: Tensor, summed: Tensor | None) -> tuple[Tensor, Tensor]:
        stream = F.conv1d(stream, self._rechannel)
        for layer in self._layers:
            stream, out = layer(stream, condition)
            if summed is not None:  # a head of several taps forgets frames that the stream still has
                frames = min(out.shape[-1], summed.shape[-1])
                out = summed[..., -frames:] + out[..., -frames:]
            summed = out
        assert summed is not None
        return stream, F.conv1d(summed, self._head, self._head_bias, dilation=self._head_dilation)


class _Layer:
    def __init__(self, config: Array, index: int, parts: LayerParts) -> None:
        self._gating, self._dilation = config.gating[index], config.dilations[index]
        self._activation = config.activations[index]
        self._gate = config.gates[index] or Activation(type="Sigmoid")
        self._conv, self._bias = _tensor(parts.conv), _tensor(parts.bias)
        self._mixin = _tensor(parts.mixin[:, :, None])
        self._one = _pair(parts.one, parts.one_bias)
        self._head_one = _pair(parts.head_one, parts.head_one_bias)
        self._films = {name: _Film(film) for name, film in parts.films.items()}
        self.memory = (self._conv.shape[2] - 1) * self._dilation

    def __call__(self, stream: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """(1, channels, frames), (1, conditions, frames) -> next stream and what the head is told."""
        pre = F.conv1d(self._bent("conv_pre_film", stream, condition), self._conv, self._bias, dilation=self._dilation)
        condition = condition[..., -pre.shape[-1] :]
        pre = self._bent("conv_post_film", pre, condition)
        mixed = F.conv1d(self._bent("input_mixin_pre_film", condition, condition), self._mixin)
        pre = pre + self._bent("input_mixin_post_film", mixed, condition)
        out = self._activated(self._bent("activation_pre_film", pre, condition))
        out = self._bent("activation_post_film", out, condition)
        stream = stream[..., -out.shape[-1] :]
        if self._one is not None:
            onto = F.conv1d(out, *self._one)
            if self._gating == "blended":  # Core bends it in these layers alone
                onto = self._bent("layer1x1_post_film", onto, condition)
            stream = stream + onto
        if self._head_one is not None:
            out = self._bent("head1x1_post_film", F.conv1d(out, *self._head_one), condition)
        return stream, out

    def _activated(self, pre: Tensor) -> Tensor:
        if self._gating == "none":
            return activate(self._activation, pre)
        main, gate = pre.chunk(2, dim=1)
        share = activate(self._gate, gate)
        if self._gating == "gated":
            return activate(self._activation, main) * share
        return share * activate(self._activation, main) + (1 - share) * main

    def _bent(self, name: str, x: Tensor, condition: Tensor) -> Tensor:
        film = self._films.get(name)
        return x if film is None else film(x, condition[..., -x.shape[-1] :])


class _Film:
    def __init__(self, weights: FilmWeights) -> None:
        self._gain = _pair(weights.gain, weights.gain_bias)
        self._shift = _pair(weights.shift, weights.shift_bias)

    def __call__(self, x: Tensor, condition: Tensor) -> Tensor:
        assert self._gain is not None
        x = x[..., -condition.shape[-1] :] * F.conv1d(condition, *self._gain)
        return x if self._shift is None else x + F.conv1d(condition, *self._shift)


def _pair(weight: Floats | None, bias: Floats | None) -> tuple[Tensor, Tensor] | None:
    if weight is None or bias is None:
        return None
    return _tensor(weight[:, :, None]), _tensor(bias)


def _tensor(values: Floats) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))


def _one_channel(inputs: int, outputs: int) -> None:
    if (inputs, outputs) != (1, 1):
        raise NamError(f"it has {inputs} inputs and {outputs} outputs; one of each can be played")


def _refuse_activations(kinds: Sequence[Any]) -> None:
    for kind in kinds:
        if kind.type not in NAMES:
            raise NamError(f"it has the activation {kind.type!r:.40}; the format has {', '.join(sorted(NAMES))}")
