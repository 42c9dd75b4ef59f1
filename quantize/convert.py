"""Float weights -> int8 weights and multipliers, given the scales."""

from __future__ import annotations

import math

import numpy as np

from gritspace.quantize.arithmetic import LOG2_GAIN_ONE, TABLE_SCALE, TANH_INPUT_SCALE
from gritspace.quantize.integer_model import Convolution, Dense, IntegerArray, IntegerFilm, IntegerLayer
from gritspace.quantize.limits import ACTIVATIONS, UnsupportedNetwork
from gritspace.quantize.multipliers import INPUT_SCALE, MAX_SHIFT, MIN_SHIFT, accumulator_scales, multiplier_limit
from gritspace.quantize.network import Floats, LayerArray, Network
from gritspace.quantize.scales import ArrayPlan, pre_activation_scale


def convert_array(
    array: LayerArray, plan: ArrayPlan, inputs: Floats, head_scale: Floats, last: bool, film: bool
) -> tuple[IntegerArray, list[Floats]]:
    """One array -> its integer form, and the accumulator scales of its film rows.

    inputs (inputs,): scales of what the array reads; head_scale (head rows,): of what its head puts out.
    """
    rechannel, _ = convolution(array.rechannel[:, :, None], None, np.zeros(array.channels), inputs, plan.streams[0])
    layers, film_scales = [], []
    for i, layer in enumerate(array.layers):
        output = plan.outputs[i]
        conv, accumulator_scale = convolution(
            layer.weight,
            layer.mixin,
            layer.bias,
            plan.streams[i],
            pre_activation_scale(layer, output),
            layer.dilation,
            film,
        )
        film_scales.append(accumulator_scale)
        residual = None
        if not (last and i == len(array.layers) - 1):
            residual, _ = convolution(layer.residual_weight[:, :, None], None, layer.residual_bias, output, plan.streams[i + 1])
        layers.append(
            IntegerLayer(
                conv=conv,
                activation=ACTIVATIONS[layer.activation],
                gated=layer.gated,
                slope_q15=round(layer.negative_slope * 32768),
                residual=residual,
                skip_weight=plan.skip_weights[i].astype(np.int8),
                stream_shift=(
                    np.zeros(array.channels, np.int8) if residual is None else plan.stream_shifts[i].astype(np.int8)
                ),
            )
        )
    head, accumulator_scale = convolution(
        array.head_weight, None, array.head_bias, plan.head, head_scale, 1, film and last
    )
    if last:
        film_scales.append(accumulator_scale)
    return (
        IntegerArray(
            array.channels, rechannel, tuple(layers), plan.skip_shift, plan.carry_weight.astype(np.int8), head
        ),
        film_scales,
    )


def convolution(
    weight: Floats,
    mixin: Floats | None,
    bias: Floats,
    input_scale: Floats,
    output_scale: Floats,
    dilation: int = 1,
    film: bool = False,
) -> tuple[Convolution, Floats]:
    """weight (rows, inputs, kernel), scales (inputs,) and (rows,) -> the integer convolution and its (rows,) accumulator scales.

    int8 weights with one scale a row, which the mix-in shares because it adds into the same accumulator.
    """
    ratio = accumulator_scales(weight, mixin, input_scale) / output_scale
    if not np.any(ratio):
        ratio = np.full_like(ratio, 2.0**-16)
    # Rows of (nearly) nothing but bias: give them a scale that their multiplier can express.
    ratio = np.maximum(ratio, ratio.max() / 256)
    shift = min(math.floor(math.log2(multiplier_limit(film) / ratio.max())), MAX_SHIFT)
    if shift < MIN_SHIFT:
        raise UnsupportedNetwork("weights so large that a single step of an input saturates the output")
    multiplier = np.round(ratio * 2.0**shift)
    # From here on the multiplier is the truth: weights are rounded in the scale it really stands for.
    accumulator_scale = multiplier * 2.0**-shift * output_scale
    quantized = np.clip(np.round(weight * input_scale[None, :, None] / accumulator_scale[:, None, None]), -127, 127)
    quantized_bias = np.round(bias / accumulator_scale)
    if np.abs(quantized_bias).max() >= 2**30:
        raise UnsupportedNetwork("a bias too large for its row's weights")
    quantized_mixin = None
    if mixin is not None:
        quantized_mixin = np.clip(np.round(mixin * INPUT_SCALE / accumulator_scale), -127, 127).astype(np.int8)
    return (
        Convolution(
            weight=np.ascontiguousarray(quantized.transpose(0, 2, 1)).astype(np.int8),
            mixin=quantized_mixin,
            bias=quantized_bias.astype(np.int32),
            multiplier=multiplier.astype(np.int16),
            shift=shift,
            dilation=dilation,
        ),
        accumulator_scale,
    )


def convert_film(network: Network, accumulator_scales: Floats) -> IntegerFilm:
    """FiLM with the rows' static biases taken in, so that a position gives each row's whole bias."""
    film = network.film
    assert film is not None
    static = np.concatenate([layer.bias for a in network.arrays for layer in a.layers] + [network.arrays[-1].head_bias])
    return IntegerFilm(
        hidden=_dense(film.hidden_weight / 32768 / TANH_INPUT_SCALE, film.hidden_bias / TANH_INPUT_SCALE),
        gain=_dense(film.gain_weight * TABLE_SCALE * LOG2_GAIN_ONE, film.gain_bias * LOG2_GAIN_ONE),
        bias=_dense(
            film.bias_weight * TABLE_SCALE / accumulator_scales[:, None], (film.bias_bias + static) / accumulator_scales
        ),
    )


def _dense(weight: Floats, bias: Floats) -> Dense:
    """weight (rows, inputs) and bias (rows,), in output units per input step -> as many bits as int32 sums allow."""
    largest = np.maximum(np.abs(weight).max(axis=1), 1e-12)
    reach = np.maximum(np.abs(weight).sum(axis=1) * 32768 + np.abs(bias), 1e-12)
    room = np.minimum(32766 / largest, (2**31 - 2**20) / reach)
    shift = np.clip(np.floor(np.log2(room)), -1, 30)
    if shift.min() < 0:
        raise UnsupportedNetwork("FiLM moves a bias or gain further than the engine's integers reach")
    factor = 2.0**shift
    return Dense(
        weight=np.round(weight * factor[:, None]).astype(np.int16),
        bias=np.round(bias * factor).astype(np.int32),
        shift=shift.astype(np.uint8),
    )
