"""A network in another guise: the same function, its residual streams' channels as large as another network's.

A stream is a sum, so that each channel's unit is free: what writes it may be as many times larger as what reads it is
smaller. Two networks that share scales had better have streams that are equally large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gritspace.quantize.network.network import Floats, LayerArray, Network
from gritspace.quantize.rounding.calibrate import Ranges


def alike(network: Network, own: Ranges, wanted: Ranges) -> Network:
    """The network with streams as large as `wanted`'s. own: its ranges; both of one shape, of one place."""
    factors = [_factors(p, q) for p, q in zip(own.streams, wanted.streams, strict=True)]
    arrays = []
    for a, (array, factor) in enumerate(zip(network.arrays, factors, strict=True)):
        inputs = np.ones(array.rechannel.shape[1]) if a == 0 else factors[a - 1]
        arrays.append(_scaled(array, inputs, factor))
    return replace(network, arrays=tuple(arrays))


def alike_ranges(own: Ranges, wanted: Ranges) -> Ranges:
    """What the ranges of the network that `alike` makes are."""
    factors = [_factors(p, q) for p, q in zip(own.streams, wanted.streams, strict=True)]
    streams = tuple(tuple(stage * f for stage in stages) for stages, f in zip(own.streams, factors, strict=True))
    return replace(own, streams=streams)


def _factors(own: Sequence[Floats], wanted: Sequence[Floats]) -> Floats:
    """(channels,): by how much each channel grows, over all its layers; 1 where there is nothing."""
    has, should = (np.maximum.reduce([stage.max(axis=0) for stage in stages]) for stages in (own, wanted))
    return np.asarray(np.where((has > 0) & (should > 0), should / np.where(has > 0, has, 1.0), 1.0))


def _scaled(array: LayerArray, inputs: Floats, factor: Floats) -> LayerArray:
    layers = tuple(
        replace(
            layer,
            weight=layer.weight / factor[None, :, None],
            residual_weight=layer.residual_weight * factor[:, None],
            residual_bias=layer.residual_bias * factor,
        )
        for layer in array.layers
    )
    return replace(array, rechannel=array.rechannel * factor[:, None] / inputs[None, :], layers=layers)
