"""Two snapshots of one shape as one network, whose weights are on their way from the one's to the other's: the readable
twin of firmware/engine/morph.c, to the bit.

A row of a convolution at a way t (in 256ths): weights (1 - t) first + t second in int16, with the multiplier a power of
two such that the weights are as fine as their sum allows. Both come in int8 and multipliers of their own, on the same
scales (`rounding.together`), so that the same numbers mean the same in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.model.arithmetic import Ints
from gritspace.quantize.model.model import Convolution, IntegerModel
from gritspace.quantize.model.stepwise import Stepwise

ONE, LEAST, MOST = 256, -77, 333
"""The second at all; -0.3 and 1.3."""
WEIGHTS = 192
"""That a block takes to their way; of a row with more, that row alone."""
WAY_BITS, SUM_BITS, BIAS_BITS = 8, 14, 30
MOST_DOWN = WAY_BITS + 14
WIDTHS = (1, 2, 4, 6, 8, 12, 16)
"""Of inputs that every kernel takes rows of."""
MOST_SHIFT = 31
MOST_ROW = 256
"""Weights in a row."""


class NoMorph(ValueError):
    """Two snapshots that are not one network; the message says why."""


def convolutions(model: IntegerModel) -> Iterator[Convolution]:
    """In a morph's order: an array's rechannelling, its layers' dilated ones and 1x1s by turns, its head."""
    for array in model.arrays:
        yield array.rechannel
        for layer in array.layers:
            yield layer.conv
            if layer.residual is not None:
                yield layer.residual
        yield array.head


def check(first: IntegerModel, second: IntegerModel) -> None:
    """Raises NoMorph for what firmware/engine/morph.c refuses."""
    if shape_of(first) != shape_of(second):
        raise NoMorph("their shapes differ")
    if _scales_of(first) != _scales_of(second):
        raise NoMorph("their scales differ")
    for one, other in zip(convolutions(first), convolutions(second), strict=True):
        rows, kernel, inputs = one.weight.shape
        even = rows % 2 == 0 or (rows == 1 and inputs > 1 and one.mixin is None)
        if kernel * inputs > MOST_ROW:
            raise NoMorph(f"a row of {kernel * inputs} weights is too long for one block; {MOST_ROW} are not")
        if inputs not in WIDTHS or (inputs == 1 and kernel != 1) or one.shift > MOST_SHIFT or not even:
            raise NoMorph(f"no kernel takes the rows of a convolution of {inputs} inputs and {rows} outputs")
        if not fits(one, other):
            raise NoMorph("a row would outgrow its sum on the way")
    if _reads_three(first) and not _reads_three(second):
        raise NoMorph("their shapes differ: one has three channels, the other four")


def fits(first: Convolution, second: Convolution) -> bool:
    """Whether no row outgrows its sum. What goes down is convex in the way: it is most at an end."""
    return bool(max(_down(first, second, way).max() for way in (LEAST, MOST)) <= MOST_DOWN)


def shape_of(model: IntegerModel) -> tuple[object, ...]:
    """What two snapshots must have in common, whatever their scales are."""
    layers = [layer for array in model.arrays for layer in array.layers]
    return (
        model.film is None,
        tuple((array.channels, len(array.layers)) for array in model.arrays),
        tuple((layer.activation, layer.gated, layer.slope_q15, layer.residual is None) for layer in layers),
        tuple((c.weight.shape, c.mixin is None, c.dilation) for c in convolutions(model)),
    )


def _scales_of(model: IntegerModel) -> tuple[object, ...]:
    numbers = [
        n
        for a in model.arrays
        for n in (a.carry_weight, *(x for m in a.layers for x in (m.skip_weight, m.stream_shift)))
    ]
    return (
        model.output_shift,
        tuple(array.skip_shift for array in model.arrays),
        tuple(c.shift for c in convolutions(model)),
        tuple(tuple(n.tolist()) for n in numbers),
    )


def _reads_three(model: IntegerModel) -> bool:
    """firmware/engine/model.c's grit_model_reads_three: padded from three channels to four."""
    first = model.arrays[0]
    if len(model.arrays) != 1 or first.channels != 4 or first.rechannel.shift > 32:
        return False
    rows = [(first.head, 1)]
    for layer in first.layers:
        if layer.activation.name != "LEAKY_RELU" or layer.gated:
            return False
        rows += [(layer.conv, 3)] + ([] if layer.residual is None else [(layer.residual, 3)])
    return all(not c.weight[:count, :, 3].any() and c.shift <= 32 for c, count in rows)


def _sum(conv: Convolution) -> Ints:
    """Of each row's weights' sizes."""
    found: Ints = np.abs(conv.weight.astype(np.int64)).sum(axis=(1, 2))
    return found if conv.mixin is None else found + np.abs(conv.mixin.astype(np.int64))


def _down(first: Convolution, second: Convolution, way: int) -> Ints:
    """By how much each row goes down, from products of weights, multipliers and shares of 256ths."""
    one, two = abs(ONE - way) * first.multiplier.astype(object), abs(way) * second.multiplier.astype(object)
    weights = one * _sum(first) + two * _sum(second)
    bias = one * np.abs(first.bias.astype(np.int64)) + two * np.abs(second.bias.astype(np.int64))
    found = [
        max(int(w).bit_length() - SUM_BITS, int(b).bit_length() - BIAS_BITS, WAY_BITS)
        for w, b in zip(weights, bias, strict=True)
    ]
    return np.array(found, np.int64)


def mixed(first: Convolution, second: Convolution, way: int) -> Convolution:
    """All rows at a way; weights and mix-in int16."""
    down = _down(first, second, way)
    one, two = (ONE - way) * first.multiplier.astype(np.int64), way * second.multiplier.astype(np.int64)
    half = np.int64(1) << (down - 1)

    def mix(a: NDArray[np.integer], b: NDArray[np.integer]) -> Ints:
        over = (slice(None), *[None] * (a.ndim - 1))
        found: Ints = (a.astype(np.int64) * one[over] + b.astype(np.int64) * two[over] + half[over]) >> down[over]
        return found

    mixin = None
    if first.mixin is not None and second.mixin is not None:
        mixin = mix(first.mixin, second.mixin).astype(np.int16)
    return replace(
        first,
        weight=mix(first.weight, second.weight).astype(np.int16),
        mixin=mixin,
        bias=mix(first.bias, second.bias).astype(np.int32),
        multiplier=(np.int64(1) << (down - WAY_BITS)).astype(np.int16),
    )


def at_way(first: IntegerModel, second: IntegerModel, way: int) -> IntegerModel:
    """The network at a way, with arrays of its own; int16 weights, which no file holds."""
    pairs = zip(convolutions(first), convolutions(second), strict=True)
    found = iter([mixed(one, other, min(max(way, LEAST), MOST)) for one, other in pairs])
    arrays = []
    for array in first.arrays:
        rechannel, layers = next(found), []
        for layer in array.layers:
            conv = next(found)
            layers.append(replace(layer, conv=conv, residual=None if layer.residual is None else next(found)))
        arrays.append(replace(array, rechannel=rechannel, layers=tuple(layers), head=next(found)))
    return replace(first, arrays=tuple(arrays), pair=None, impulse=None, bend_curve=())


class Morph(Stepwise):
    """Both in one network, from the state that silence leaves at a way."""

    def __init__(self, first: IntegerModel, second: IntegerModel, way: int) -> None:
        super().__init__(at_way(first, second, way))
        self._sides = list(zip(convolutions(self.model), convolutions(first), convolutions(second), strict=True))
        starts = np.cumsum([0, *(one.bias.size for one, *_ in self._sides)])
        self._rows_of_all = [(n, row) for n, (a, b) in enumerate(pairwise(starts)) for row in range(b - a)]
        self._way, self._left, self._next = min(max(way, LEAST), MOST), 0, 0

    def step(self, way: int) -> None:
        """Begins a block: the next rows go to this way."""
        way = min(max(way, LEAST), MOST)
        if way != self._way:
            self._left = len(self._rows_of_all)
        self._way, taken = way, 0
        while self._left:
            n, row = self._rows_of_all[self._next]
            now, first, second = self._sides[n]
            fan_in = now.weight[0].size
            if taken and taken + fan_in > WEIGHTS:
                return
            taken += fan_in
            _put(now, row, mixed(_row(first, row), _row(second, row), way))
            self._next, self._left = (self._next + 1) % len(self._rows_of_all), self._left - 1

    def play(self, audio: NDArray[np.int16], ways: Sequence[int], block_frames: int) -> NDArray[np.int16]:
        """audio int16 (frames,) -> int16 (frames,); ways: of each block, the last one's for what is behind."""
        found = [np.zeros(0, np.int16)]
        for block, at in enumerate(range(0, len(audio), block_frames)):
            self.step(ways[min(block, len(ways) - 1)])
            found.append(self.process(audio[at : at + block_frames]))
        return np.concatenate(found)


def _row(conv: Convolution, row: int) -> Convolution:
    one = slice(row, row + 1)
    mixin = None if conv.mixin is None else conv.mixin[one]
    return replace(conv, weight=conv.weight[one], mixin=mixin, bias=conv.bias[one], multiplier=conv.multiplier[one])


def _put(conv: Convolution, row: int, to: Convolution) -> None:
    conv.weight[row], conv.bias[row], conv.multiplier[row] = to.weight[0], to.bias[0], to.multiplier[0]
    if conv.mixin is not None and to.mixin is not None:
        conv.mixin[row] = to.mixin[0]
