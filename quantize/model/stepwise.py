"""The integer model in numpy, a stretch of audio at a time, with what a bend does inside the network.

The same arithmetic as `reference`, which works on whole signals at once; here every convolution keeps the frames that
it looks back on, so that what comes in next may depend on what came out. Pairs with firmware/engine/bend.c.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.model.arithmetic import (
    Ints,
    multiply_q15,
    negative_multiplier,
    requantize,
    saturate,
    shift_round,
    sigmoid,
    tanh_table,
)
from gritspace.quantize.model.model import Activation, Convolution, IntegerArray, IntegerLayer, IntegerModel
from gritspace.quantize.model.reference import accumulate, activate, modulate

BENT_ARRAYS = 2
"""The first array's activations have a way of their own; all behind it share the other."""
_TRAINED, _ = tanh_table()


@dataclass
class Hold:
    """The stream behind one layer, taken once in `length` frames; the fields are those of firmware/engine/bend.h."""

    layer: int = 0
    length: int = 1
    spread: int = 0
    mix: int = 32768
    fades: bool = False
    left: int = 0
    taken: int = 1
    noise: int = 0
    taken_of: int = 0
    held: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def apply(self, stream: Ints) -> Ints:
        """(frames, channels) -> the same, held."""
        found = np.empty_like(stream)
        if self.taken_of != self.layer:
            self.left = 0
        self.taken_of = self.layer
        for frame, row in enumerate(stream):
            if self.left == 0:
                self.noise = (self.noise * 1664525 + 1013904223) & 0xFFFFFFFF
                most = self.length * self.spread >> 15
                self.left = self.taken = self.length + (most * (self.noise >> 17) >> 15)
                self.held = row
            falls = self.left * 32768 // self.taken if self.fades else 32768
            held = self.held * falls >> 15
            found[frame] = saturate((held * self.mix + row * (32768 - self.mix)) >> 15)
            self.left -= 1
        return found


def bent_tanh(way: int) -> tuple[Ints, Ints]:
    """(base, slope) of 512 segments: tanh on its way to a line that ends at 1 (way 32768) or its upper half (-32768).

    The slopes are 0 at both ends, as those of tanh's own table.
    """
    trained = np.append(_TRAINED, 32767)
    lines = np.arange(-256, 257)
    line = np.clip(np.sign(lines) * (np.abs(lines) * 2048 // 3), -32767, 32767)
    end = line if way > 0 else np.maximum(trained, 0)
    at = trained + ((end - trained) * (abs(way) >> 1) >> 14)
    slope = np.diff(at)
    slope[[0, -1]] = 0
    return at[:-1], slope


def _looked_up(x: Ints, table: tuple[Ints, Ints]) -> Ints:
    base, slope = table
    segment = (x >> 7) + 256
    return ((base[segment] << 7) + slope[segment] * (x & 127) + 64 - (x < 0)) >> 7


def bent_slope(trained_q15: int, way: int) -> int:
    """A leaky ReLU's slope on its way to 1 (32768) or to 0 (-32768)."""
    end = 32767 if way > 0 else 0
    return trained_q15 + ((end - trained_q15) * abs(way) >> 15)


class Stepwise:
    """A model at one position, from the state that silence leaves. position: Q15, or None: its default."""

    def __init__(self, model: IntegerModel, position: Sequence[int] | NDArray[np.int16] | None = None) -> None:
        self.model = model
        self._kept, self._resting = Hold(), True
        self._slopes: list[int] = [0] * BENT_ARRAYS
        self._tables: list[tuple[Ints, Ints]] = [bent_tanh(0)] * BENT_ARRAYS
        self._histories: dict[int, Ints] = {}
        self._rows: dict[int, tuple[Ints, Ints]] = {}
        if model.film is not None:
            self._place(np.asarray(model.default_position if position is None else position, np.int64))
        self._settling = True
        self._run(np.zeros((1, 1), np.int64))
        self._settling = False

    def _place(self, position: Ints) -> None:
        """The rows that a position moves."""
        assert self.model.film is not None
        rows = [layer.conv for array in self.model.arrays for layer in array.layers] + [self.model.arrays[-1].head]
        base = np.concatenate([conv.multiplier for conv in rows]).astype(np.int64)
        multipliers, biases = modulate(self.model.film, base, position)
        first = 0
        for conv in rows:
            self._rows[id(conv)] = multipliers[first : first + conv.bias.size], biases[first : first + conv.bias.size]
            first += conv.bias.size

    def slopes(self, ways: Sequence[int]) -> None:
        """From the next frame on: where the activations are on their ways, by array, -32768..32768; 0: as trained."""
        for n, way in enumerate(ways):
            if way != self._slopes[n]:
                self._slopes[n], self._tables[n] = way, bent_tanh(way)

    def hold_at(self, layer: int, length: int, spread: int = 0, mix: int = 32768, fades: bool = False) -> None:
        """From the next frame on the stream behind a layer is held; see `Hold`. What was held before goes on."""
        if self._resting:
            self._kept.left = 0
        kept = self._kept
        kept.layer, kept.length, kept.spread, kept.mix, kept.fades = layer, length, spread, mix, fades
        self._resting = False

    def hold_no_more(self) -> None:
        """Nothing is held."""
        self._resting = True

    def process(self, audio: NDArray[np.int16]) -> NDArray[np.int16]:
        """The next int16 (frames,) -> int16 (frames,)."""
        if len(audio) == 0:
            return np.zeros(0, np.int16)
        return self._run(np.asarray(audio, np.int64)[:, None])[:, 0].astype(np.int16)

    def _run(self, dry: Ints) -> Ints:
        stream, carry, index = dry, None, 0
        for place, array in enumerate(self.model.arrays):
            stream, carry = self._array(array, min(place, BENT_ARRAYS - 1), index, stream, dry, carry)
            index += len(array.layers)
        assert carry is not None
        return carry

    def _array(
        self, array: IntegerArray, place: int, index: int, inputs: Ints, dry: Ints, carry: Ints | None
    ) -> tuple[Ints, Ints]:
        stream = self._convolved(array.rechannel, inputs, dry)
        skips = np.zeros_like(stream) if carry is None else carry * array.carry_weight.astype(np.int64)
        for number, layer in enumerate(array.layers, index):
            z = self._activated(layer, place, stream, dry)
            skips = skips + z * layer.skip_weight.astype(np.int64)
            if layer.residual is not None:
                shifted = shift_round(stream, layer.stream_shift.astype(np.int64))
                stream = saturate(shifted + self._convolved(layer.residual, z, dry))
                if not self._resting and self._kept.layer == number:
                    stream = self._kept.apply(stream)
        return stream, self._convolved(array.head, saturate(shift_round(skips, array.skip_shift)), dry)

    def _summed(self, conv: Convolution, inputs: Ints, dry: Ints) -> Ints:
        """Without bias; what it looks back on is kept."""
        if conv.history == 0:
            return accumulate(conv, inputs, dry)
        before = np.repeat(inputs[:1], conv.history, axis=0) if self._settling else self._histories[id(conv)]
        heard = np.concatenate([before, inputs])
        self._histories[id(conv)] = heard[-conv.history :] if not self._settling else before
        return accumulate(conv, heard, dry)

    def _rows_of(self, conv: Convolution) -> tuple[Ints, Ints]:
        return self._rows.get(id(conv)) or (conv.multiplier.astype(np.int64), conv.bias.astype(np.int64))

    def _convolved(self, conv: Convolution, inputs: Ints, dry: Ints) -> Ints:
        multiplier, bias = self._rows_of(conv)
        return requantize(self._summed(conv, inputs, dry) + bias, multiplier, conv.shift)

    def _activated(self, layer: IntegerLayer, place: int, stream: Ints, dry: Ints) -> Ints:
        multiplier, bias = self._rows_of(layer.conv)
        acc = self._summed(layer.conv, stream, dry) + bias
        way = self._slopes[place]
        if layer.activation is Activation.LEAKY_RELU:
            slope = layer.slope_q15 if layer.gated else bent_slope(layer.slope_q15, way)
            factors = np.where(acc < 0, negative_multiplier(multiplier, slope), multiplier)
            pre = requantize(acc, factors, layer.conv.shift)
        else:
            pre = requantize(acc, multiplier, layer.conv.shift)
        if not layer.gated:
            return self._act(layer.activation, pre, place)
        half = pre.shape[1] // 2
        return multiply_q15(self._act(layer.activation, pre[:, :half], place), sigmoid(pre[:, half:]))

    def _act(self, kind: Activation, pre: Ints, place: int) -> Ints:
        if kind is Activation.TANH and self._slopes[place] != 0:
            return _looked_up(pre, self._tables[place])
        return activate(kind, pre)
