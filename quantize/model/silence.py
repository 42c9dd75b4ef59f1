"""What an integer model makes of silence at many positions: a frame each, every kernel the sum of its taps.

The float network's is train/network/silence.py.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.model.arithmetic import Ints
from gritspace.quantize.model.model import Convolution, IntegerArray, IntegerModel
from gritspace.quantize.model.reference import film_row_multipliers, modulate, run_array


def of_silence(model: IntegerModel, positions: NDArray[np.int16]) -> Ints:
    """positions (n, position_size), Q15, -> (n,): the output, in its steps, that stays when nothing is played.

    Raises ValueError for a model without a position.
    """
    if model.film is None:
        raise ValueError("a snapshot has no position")
    multipliers = film_row_multipliers(model)
    rows = _RowsByPlace([modulate(model.film, multipliers, one.astype(np.int64)) for one in positions])
    dry = np.zeros((len(positions), 1), np.int64)
    stream, carry = dry, None
    for array in model.arrays:
        stream, carry = run_array(_settled(array), stream, dry, carry, rows, last=array is model.arrays[-1])
    assert carry is not None
    return carry[:, 0]


class _RowsByPlace:
    """A place in each frame's stead."""

    def __init__(self, rows: list[tuple[Ints, Ints]]) -> None:
        self.multipliers, self.biases = (np.stack(one) for one in zip(*rows, strict=True))
        self.taken = 0

    def take(self, count: int, frames: int) -> tuple[Ints, Ints]:
        """The next `count` rows at every place."""
        assert frames == len(self.multipliers)
        rows = slice(self.taken, self.taken + count)
        self.taken += count
        return self.multipliers[:, rows], self.biases[:, rows]


def _settled(array: IntegerArray) -> IntegerArray:
    """An array whose kernels have one tap, which is the sum of theirs."""
    layers = tuple(replace(layer, conv=_one_tap(layer.conv)) for layer in array.layers)
    return replace(array, layers=layers, head=_one_tap(array.head))


def _one_tap(conv: Convolution) -> Convolution:
    """int16 holds the sum of 256 taps, more than a kernel has."""
    return replace(conv, weight=conv.weight.astype(np.int16).sum(1, keepdims=True, dtype=np.int16), dilation=1)
