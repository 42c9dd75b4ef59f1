"""An integer model back as a float network: what its whole numbers stand for, for tools that run floats.

Scales are a matter of choice (see `scales`), so the input's and the tables' are taken as given and everything else
counts in steps of its own integers: the network that comes out computes the integer model's values,
unrounded.
"""

from __future__ import annotations

import numpy as np

from gritspace.quantize.model.arithmetic import SIGMOID_INPUT_SCALE, TABLE_SCALE, TANH_INPUT_SCALE
from gritspace.quantize.model.model import Activation, Convolution, IntegerArray, IntegerLayer, IntegerModel
from gritspace.quantize.network.network import Floats, Layer, LayerArray, Network
from gritspace.quantize.rounding.convert import meaning
from gritspace.quantize.rounding.multipliers import INPUT_SCALE

_NAMES = {
    Activation.LINEAR: "hardtanh",  # int16's ends are ±1 at the tables' scale
    Activation.LEAKY_RELU: "leaky_relu",
    Activation.TANH: "tanh",
    Activation.SIGMOID: "sigmoid",
}


def dequantize(model: IntegerModel) -> Network:
    """A snapshot as a float network. Raises ValueError for a space: fold it at a position first (`fold`)."""
    if model.film is not None:
        raise ValueError("a space has no fixed weights; fold it at a position first")
    arrays = []
    inputs = np.array([INPUT_SCALE])
    for index, array in enumerate(model.arrays):
        last = index == len(model.arrays) - 1
        skip = _skip_scale(array)
        head_scale = np.array([2.0 ** (model.output_shift - 15)])
        if not last:
            following = model.arrays[index + 1]
            head_scale = _skip_scale(following) * following.carry_weight
        converted, inputs = _array(array, inputs, skip, head_scale)
        arrays.append(converted)
    return Network(tuple(arrays), None, model.sample_rate, dict(model.metadata))


def _skip_scale(array: IntegerArray) -> Floats:
    """(channels,) scales of an array's skip sums, such that tables put out Q15; where there are none any would do."""
    for layer in array.layers:
        if layer.gated or layer.activation is not Activation.LEAKY_RELU:
            return np.asarray(TABLE_SCALE / layer.skip_weight)
    return np.full(array.channels, TABLE_SCALE)


def _array(array: IntegerArray, inputs: Floats, skip: Floats, head_scale: Floats) -> tuple[LayerArray, Floats]:
    stream = np.full(array.channels, TABLE_SCALE)
    rechannel, _, _ = _real(array.rechannel, inputs, stream)
    layers = []
    for layer in array.layers:
        output = skip * layer.skip_weight
        layers.append(_layer(layer, stream, output))
        stream = stream * 2.0**layer.stream_shift
    head_weight, _, head_bias = _real(array.head, skip * 2.0**array.skip_shift, head_scale)
    return LayerArray(rechannel[:, :, 0], tuple(layers), head_weight, head_bias), stream


def _layer(layer: IntegerLayer, stream: Floats, output: Floats) -> Layer:
    channels = output.size
    table = {Activation.TANH: TANH_INPUT_SCALE, Activation.SIGMOID: SIGMOID_INPUT_SCALE}
    pre = np.full(channels, table[layer.activation]) if layer.activation in table else output
    if layer.gated:
        pre = np.concatenate([pre, np.full(channels, SIGMOID_INPUT_SCALE)])
    weight, mixin, bias = _real(layer.conv, stream, pre)
    residual_weight, residual_bias = np.zeros((channels, channels)), np.zeros(channels)
    if layer.residual is not None:
        whole, _, residual_bias = _real(layer.residual, output, stream * 2.0**layer.stream_shift)
        residual_weight = whole[:, :, 0]
    return Layer(
        weight=weight,
        mixin=mixin,
        bias=bias,
        dilation=layer.conv.dilation,
        activation=_NAMES[layer.activation],
        negative_slope=layer.slope_q15 / 32768 if layer.activation is Activation.LEAKY_RELU else 0.0,
        gated=layer.gated,
        residual_weight=residual_weight,
        residual_bias=residual_bias,
    )


def _real(conv: Convolution, inputs: Floats, outputs: Floats) -> tuple[Floats, Floats, Floats]:
    """weight (rows, inputs, kernel), mixin (rows,) and bias (rows,) in real numbers."""
    real = meaning(conv, conv.multiplier * 2.0**-conv.shift * outputs, inputs)
    return real.weight, np.zeros(len(outputs)) if real.mixin is None else real.mixin, real.bias
