"""Float weights -> int8 weights and multipliers, given the scales."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from gritspace.quantize.model.arithmetic import LOG2_GAIN_ONE, TABLE_SCALE, TANH_INPUT_SCALE
from gritspace.quantize.model.model import Convolution, Dense, IntegerFilm
from gritspace.quantize.network.network import Floats, Network
from gritspace.quantize.rounding.limits import UnsupportedNetwork
from gritspace.quantize.rounding.multipliers import (
    INPUT_SCALE,
    MAX_SHIFT,
    MIN_SHIFT,
    accumulator_scales,
    multiplier_limit,
)
from gritspace.quantize.rounding.scales import Between
from gritspace.quantize.rounding.twin import Heard, Rounded
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


def convert(walk: Generator[Heard, Rounded | None, None], places: Iterable[Between]) -> list[Placed]:
    """Every convolution in integers, in order. walk: a twin's convolutions; places: the scales each stands between."""
    placed: list[Placed] = []
    rounded = None
    for between in places:
        placed.append(convolution(walk.send(rounded), between))
        rounded = placed[-1].meaning
    with suppress(StopIteration):
        walk.send(rounded)
        raise ValueError("the network has more convolutions than there are places for")
    return placed


def convolution(heard: Heard, between: Between, shift: int | None = None) -> Placed:
    """A convolution in integers between these scales. shift: at most `shift_of` says, which is taken where it is None.

    int8 weights with one scale a row, which the mix-in shares because it adds into the same accumulator. They are
    rounded in the light of the inputs' gram; without one each goes to its nearest.
    """
    ratio = _ratio(heard, between)
    if shift is None:
        shift = shift_of(heard, between)
    multiplier = np.round(ratio * 2.0**shift)
    # From here on the multiplier is the truth: weights are rounded in the scale it really stands for.
    accumulator_scale = multiplier * 2.0**-shift * between.output
    quantized, quantized_mixin, quantized_bias = _rounded(heard, between.input, accumulator_scale)
    if np.abs(quantized_bias).max() >= 2**30:
        raise UnsupportedNetwork("a bias too large for its row's weights")
    conv = Convolution(
        weight=quantized.astype(np.int8),
        mixin=None if quantized_mixin is None else quantized_mixin.astype(np.int8),
        bias=quantized_bias.astype(np.int32),
        multiplier=multiplier.astype(np.int16),
        shift=shift,
        dilation=between.dilation,
    )
    return Placed(conv, accumulator_scale, between.input, between.film)


def shift_of(heard: Heard, between: Between) -> int:
    """The requantization with which the largest of the rows' multipliers is as fine as it can be."""
    shift = min(math.floor(math.log2(multiplier_limit(between.film) / _ratio(heard, between).max())), MAX_SHIFT)
    if shift < MIN_SHIFT:
        raise UnsupportedNetwork("weights so large that a single step of an input saturates the output")
    return shift


def _ratio(heard: Heard, between: Between) -> Floats:
    """(rows,): what an accumulator's step is of an output's, when each row's largest weight becomes 127."""
    ratio = accumulator_scales(heard.weight, heard.mixin, between.input) / between.output
    if not np.any(ratio):
        ratio = np.full_like(ratio, 2.0**-16)
    # Rows of (nearly) nothing but bias: give them a scale that their multiplier can express.
    return np.asarray(np.maximum(ratio, ratio.max() / 256))


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
