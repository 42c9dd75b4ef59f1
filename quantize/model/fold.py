"""A space at one position is a snapshot: its FiLM folded into multipliers and biases, with the same output bits.

The same for float networks, where gains fold into weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.model.model import Convolution, IntegerModel
from gritspace.quantize.model.reference import modulate
from gritspace.quantize.network.network import Floats, Network
from gritspace.quantize.network.run import film_rows


def at_position(model: IntegerModel, position: Sequence[int] | NDArray[np.int16] | None = None) -> IntegerModel:
    """position: int16 in Q15 (position_count,), None for the default. A snapshot is returned as it is."""
    if model.film is None:
        return model
    wanted = np.asarray(model.default_position if position is None else position, np.int64)
    if wanted.shape != (model.position_count,):
        raise ValueError(f"a position of this model has {model.position_count} numbers, not {wanted.size}")
    convolutions = [layer.conv for a in model.arrays for layer in a.layers] + [model.arrays[-1].head]
    base = np.concatenate([conv.multiplier for conv in convolutions]).astype(np.int64)
    multiplier, bias = modulate(model.film, base, wanted)
    row = 0

    def folded(conv: Convolution) -> Convolution:
        nonlocal row
        rows = slice(row, row + conv.bias.size)
        row += conv.bias.size
        return replace(conv, multiplier=multiplier[rows].astype(np.int16), bias=bias[rows].astype(np.int32))

    arrays = []
    for array in model.arrays:
        layers = tuple(replace(layer, conv=folded(layer.conv)) for layer in array.layers)
        arrays.append(replace(array, layers=layers))
    arrays[-1] = replace(arrays[-1], head=folded(arrays[-1].head))
    metadata = {**model.metadata, "position": [float(v) / 32768 for v in wanted]}
    return replace(model, arrays=tuple(arrays), film=None, default_position=(), metadata=metadata)


def network_at_position(network: Network, position: Floats | None) -> Network:
    """A float space at a position (position_size,) as a float snapshot. A snapshot is returned as it is."""
    if network.film is None:
        return network
    gains, biases = film_rows(network, position)
    row, arrays = 0, []
    for array in network.arrays:
        layers = []
        for layer in array.layers:
            rows = slice(row, row + layer.bias.size)
            row += layer.bias.size
            gain = gains[rows]
            layers.append(
                replace(
                    layer,
                    weight=layer.weight * gain[:, None, None],
                    mixin=layer.mixin * gain,
                    bias=(layer.bias + biases[rows]) * gain,
                )
            )
        arrays.append(replace(array, layers=tuple(layers)))
    last = arrays[-1]
    head_bias = (last.head_bias + biases[row:]) * gains[row:]
    arrays[-1] = replace(last, head_weight=last.head_weight * gains[row:, None, None], head_bias=head_bias)
    metadata = {**network.metadata, "position": [float(v) for v in np.asarray(position)]}
    return replace(network, arrays=tuple(arrays), film=None, metadata=metadata)
