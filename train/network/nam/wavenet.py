"""A WaveNet's weights, each in its place.

They lie in one list, in Neural Amp Modeler's own order: an array's rechannelling, its layers (convolution, bias,
mix-in, 1x1, bias), its head; at the very end the head's scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.train.network.limits import Limits
from gritspace.train.network.nam.reading import record
from gritspace.train.network.nam.records import Array, Model, NamError, WaveNet

Floats = NDArray[np.float64]

ACTIVATIONS = {
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "Hardtanh": "hardtanh",
}
"""The format's names and ours."""


@dataclass(frozen=True)
class LayerWeights:
    """conv (rows, channels, kernel), oldest tap first; bias, mixin (rows,); one (channels, channels), one_bias.

    rows is channels, or twice that when gated: the second half is the gate's.
    """

    conv: Floats
    bias: Floats
    mixin: Floats
    one: Floats
    one_bias: Floats


@dataclass(frozen=True)
class ArrayWeights:
    """rechannel (channels, inputs); head (head size, channels, kernel); head_bias (head size,), or zeros."""

    rechannel: Floats
    layers: tuple[LayerWeights, ...]
    head: Floats
    head_bias: Floats


def wavenet_of(model: Model, limits: Limits, what: str = "the engine runs") -> WaveNet:
    """The shape of a WaveNet in the family that `LayerWeights` can hold. Raises NamError for what is in none, by name.

    what: said before a limit, "the engine runs" 1 to so many.
    """
    for key in ("head", "condition_dsp"):
        if model.config.get(key) is not None:
            raise NamError(f"it has a {key!r} network, a further network that cannot be run")
    config = record(WaveNet, model.config)
    _within(len(config.layers), limits.arrays, "the number of layer arrays", what)
    inputs = 1
    for index, array in enumerate(config.layers):
        _refuse_extras(array)
        _refuse_size(array, limits, what)
        last = index + 1 == len(config.layers)
        if array.input_size != inputs or array.head.out_channels != (1 if last else config.layers[index + 1].channels):
            raise NamError("its layer arrays do not fit together (input_size, head_size and channels)")
        inputs = array.channels
    needed = 1 + sum(weight_count(array) for array in config.layers)
    if len(model.weights) != needed:
        raise NamError(f"it has {len(model.weights)} weights where its shape needs {needed}; fetch the file again")
    return config


def weight_count(array: Array) -> int:
    """How many numbers a layer array takes from the list."""
    c, head = array.channels, array.head
    sizes = zip(array.gating, array.kernel_sizes, strict=True)
    layers = sum((c if gating == "none" else 2 * c) * (c * kernel + 2) + c * c + c for gating, kernel in sizes)
    return array.input_size * c + layers + head.out_channels * (c * head.kernel_size + head.bias)


def weights_of(config: WaveNet, model: Model) -> tuple[tuple[ArrayWeights, ...], float]:
    """Each array's weights, and the scale of the last one's head, which is not yet in them."""
    values: Floats = np.asarray(model.weights, np.float64)
    taken = 0

    def take(*shape: int) -> Floats:
        nonlocal taken
        part = values[taken : taken + math.prod(shape)].reshape(shape)
        taken += part.size
        return part

    arrays = []
    for array in config.layers:
        c, head = array.channels, array.head
        rechannel, layers = take(c, array.input_size), []
        for kernel, gating in zip(array.kernel_sizes, array.gating, strict=True):
            rows = c if gating == "none" else 2 * c
            layers.append(LayerWeights(take(rows, c, kernel), take(rows), take(rows), take(c, c), take(c)))
        head_weight = take(head.out_channels, c, head.kernel_size)
        bias = take(head.out_channels) if head.bias else np.zeros(head.out_channels)
        arrays.append(ArrayWeights(rechannel, tuple(layers), head_weight, bias))
    return tuple(arrays), float(take(1)[0])


def _refuse_size(array: Array, limits: Limits, what: str) -> None:
    _within(array.channels, limits.channels, "channels", what)
    _within(array.input_size, limits.channels, "input_size", what)
    _within(array.head.out_channels, limits.channels, "head_size", what)
    _within(array.head.kernel_size, limits.kernel, "the head's kernel_size", what)
    _within(len(array.dilations), limits.layers, "the number of layers in an array", what)
    for kernel in array.kernel_sizes:
        _within(kernel, limits.kernel, "a kernel size", what)
    for dilation in array.dilations:
        _within(dilation, limits.dilation, "a dilation", what)


def _within(value: int, limit: int, name: str, what: str) -> None:
    if not 1 <= value <= limit:
        raise NamError(f"{name} is {value}; {what} 1 to {limit}")


def _refuse_extras(array: Array) -> None:
    if array.condition_size != 1:
        raise NamError(f"its condition_size is {array.condition_size}; the engine mixes in the dry input alone")
    if array.bottleneck != array.channels:
        raise NamError(f"its bottleneck of {array.bottleneck} is not its {array.channels} channels")
    if array.films:
        raise NamError(f"it uses {array.films[0]!r}, which the engine does not have")
    if array.head1x1.active:
        raise NamError("it uses 'head1x1', which the engine does not have")
    if not array.layer1x1.active:
        raise NamError("it has no layer 1x1, which the engine needs")
    if max(array.groups_input, array.groups_input_mixin, array.layer1x1.groups) > 1:
        raise NamError("it uses grouped convolutions, which the engine does not have")
    for activation in array.activations:
        if activation.type not in ACTIVATIONS:
            raise NamError(f"it has the activation {activation.type!r:.40}; the engine has {', '.join(ACTIVATIONS)}")
    for mode, gate in zip(array.gating, array.gates, strict=True):
        if mode not in ("none", "gated"):
            raise NamError(f"it has the gating mode {mode!r:.40}; the engine has 'none' and 'gated'")
        if mode == "gated" and gate is not None and gate.type != "Sigmoid":
            raise NamError(f"its gate is {gate.type!r:.40}; the engine's is Sigmoid")
