"""Float weights -> int8 weights and multipliers, given the scales."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gritspace.quantize.model.arithmetic import LOG2_GAIN_ONE, TABLE_SCALE, TANH_INPUT_SCALE
from gritspace.quantize.model.model import Convolution, Dense, IntegerArray, IntegerFilm, IntegerLayer
from gritspace.quantize.network.network import Floats, LayerArray, Network
from gritspace.quantize.rounding.limits import ACTIVATIONS, UnsupportedNetwork
from gritspace.quantize.rounding.multipliers import (
    INPUT_SCALE,
    MAX_SHIFT,
    MIN_SHIFT,
    accumulator_scales,
    multiplier_limit,
)
from gritspace.quantize.rounding.scales import ArrayPlan, pre_activation_scale
from gritspace.quantize.rounding.twin import Heard, Rounded, Twin
from gritspace.quantize.rounding.weights import round_rows


@dataclass(frozen=True)
class Placed:
    """A convolution in integers, and the scales it stands between: accumulator (rows,), inputs (inputs,).

    film: a position moves its biases and gains.
    """

    conv: Convolution
    accumulator: Floats
    inputs: Floats
    film: bool = False

    @property
    def meaning(self) -> Rounded:
        """What its integers stand for."""
        return meaning(self.conv, self.accumulator, self.inputs)


def convert_array(
    array: LayerArray,
    plan: ArrayPlan,
    twin: Twin,
    inputs: Floats,
    head_scale: Floats,
    last: bool,
    film: bool,
) -> tuple[IntegerArray, list[Placed]]:
    """One array -> its integer form, and its convolutions in order: rechannel, each layer's and its 1x1, head.

    twin: has come as far as this array, and is taken behind it. inputs (inputs,): scales of what the array reads;
    head_scale (head rows,): of what its head puts out.
    """
    rechannel = convolution(
        Heard(array.rechannel[:, :, None], None, np.zeros(array.channels), None), inputs, plan.streams[0]
    )
    twin.rechannel(array, rechannel.meaning)
    layers, placed = [], [rechannel]
    for i, layer in enumerate(array.layers):
        output = plan.outputs[i]
        conv = convolution(
            twin.layer(layer), plan.streams[i], pre_activation_scale(layer, output), layer.dilation, film
        )
        placed.append(conv)
        twin.after_layer(layer, conv.meaning)
        residual = None
        if not (last and i == len(array.layers) - 1):
            residual = convolution(twin.residual(layer), output, plan.streams[i + 1])
            placed.append(residual)
            twin.after_residual(layer, residual.meaning)
        layers.append(
            IntegerLayer(
                conv=conv.conv,
                activation=ACTIVATIONS[layer.activation],
                gated=layer.gated,
                slope_q15=round(layer.negative_slope * 32768),
                residual=None if residual is None else residual.conv,
                skip_weight=plan.skip_weights[i].astype(np.int8),
                stream_shift=(
                    np.zeros(array.channels, np.int8) if residual is None else plan.stream_shifts[i].astype(np.int8)
                ),
            )
        )
    head = convolution(twin.head(array, last), plan.head, head_scale, 1, film and last)
    placed.append(head)
    twin.after_head(array, head.meaning)
    whole = IntegerArray(
        array.channels,
        rechannel.conv,
        tuple(layers),
        plan.skip_shift,
        plan.carry_weight.astype(np.int8),
        head.conv,
    )
    return whole, placed


def convolution(
    heard: Heard, input_scale: Floats, output_scale: Floats, dilation: int = 1, film: bool = False
) -> Placed:
    """A convolution in integers between these scales, (inputs,) and (rows,).

    int8 weights with one scale a row, which the mix-in shares because it adds into the same accumulator. They are
    rounded in the light of the inputs' gram; without one each goes to its nearest.
    """
    ratio = accumulator_scales(heard.weight, heard.mixin, input_scale) / output_scale
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
    quantized, quantized_mixin, quantized_bias = _rounded(heard, input_scale, accumulator_scale)
    if np.abs(quantized_bias).max() >= 2**30:
        raise UnsupportedNetwork("a bias too large for its row's weights")
    conv = Convolution(
        weight=quantized.astype(np.int8),
        mixin=None if quantized_mixin is None else quantized_mixin.astype(np.int8),
        bias=quantized_bias.astype(np.int32),
        multiplier=multiplier.astype(np.int16),
        shift=shift,
        dilation=dilation,
    )
    return Placed(conv, accumulator_scale, input_scale, film)


def meaning(conv: Convolution, accumulator_scale: Floats, input_scale: Floats) -> Rounded:
    """What a convolution's integers stand for, given what a step of accumulators (rows,) and inputs (inputs,) is."""
    weight = conv.weight.transpose(0, 2, 1) * accumulator_scale[:, None, None] / input_scale[None, :, None]
    mixin = None if conv.mixin is None else conv.mixin * accumulator_scale / INPUT_SCALE
    return Rounded(weight, mixin, conv.bias * accumulator_scale)


def _rounded(heard: Heard, input_scale: Floats, accumulator_scale: Floats) -> tuple[Floats, Floats | None, Floats]:
    """Integers: weight (rows, kernel, inputs), mixin (rows,) and bias (rows,), in accumulator units."""
    weight, mixin, bias = heard.weight, heard.mixin, heard.bias
    rows, inputs, kernel = weight.shape
    scales = np.tile(input_scale, kernel)  # of each weight column: taps outer, channels inner
    columns = [weight.transpose(0, 2, 1).reshape(rows, -1) * scales]
    if mixin is not None:
        columns.append(mixin[:, None] * INPUT_SCALE)
        scales = np.append(scales, INPUT_SCALE)
    target = np.concatenate([*columns, bias[:, None]], axis=1) / accumulator_scale[:, None]
    if heard.gram is None:
        rounded, left = np.clip(np.round(target[:, :-1]), -127, 127), target[:, -1]
    else:
        per_step = np.append(scales, 1.0)
        rounded, left = round_rows(target, heard.gram / np.outer(per_step, per_step))
    whole = rounded[:, : kernel * inputs].reshape(rows, kernel, inputs)
    return whole, None if mixin is None else rounded[:, -1], np.round(left)


def convert_film(network: Network, placed: Sequence[Placed]) -> IntegerFilm:
    """FiLM with the rows' static biases taken in, so that a position gives each row's whole bias."""
    film = network.film
    assert film is not None
    bent = [one for one in placed if one.film]
    static = np.concatenate([one.conv.bias for one in bent])
    accumulator_scales = np.concatenate([one.accumulator for one in bent])
    return IntegerFilm(
        hidden=_dense(film.hidden_weight / 32768 / TANH_INPUT_SCALE, film.hidden_bias / TANH_INPUT_SCALE),
        gain=_dense(film.gain_weight * TABLE_SCALE * LOG2_GAIN_ONE, film.gain_bias * LOG2_GAIN_ONE),
        bias=_dense(
            film.bias_weight * TABLE_SCALE / accumulator_scales[:, None], film.bias_bias / accumulator_scales + static
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
