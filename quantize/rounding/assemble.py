"""Integer convolutions and the scales they stand between -> the integer model's arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from gritspace.quantize.model.model import Convolution, IntegerArray, IntegerLayer
from gritspace.quantize.network.network import Layer, Network
from gritspace.quantize.rounding.limits import ACTIVATIONS
from gritspace.quantize.rounding.scales import ArrayPlan


def assemble(network: Network, plans: Sequence[ArrayPlan], convolutions: Iterable[Convolution]) -> list[IntegerArray]:
    """The arrays that these convolutions, in the order of `twin.Twin.convolutions`, make."""
    rest, arrays = iter(convolutions), []
    for array, plan in zip(network.arrays, plans, strict=True):
        rechannel, layers = next(rest), []
        for i, layer in enumerate(array.layers):
            heard = array is not network.arrays[-1] or layer is not array.layers[-1]
            conv, residual = next(rest), next(rest) if heard else None
            layers.append(_layer(layer, plan, i, conv, residual))
        carry = plan.carry_weight.astype(np.int8)
        arrays.append(IntegerArray(array.channels, rechannel, tuple(layers), plan.skip_shift, carry, next(rest)))
    return arrays


def _layer(layer: Layer, plan: ArrayPlan, index: int, conv: Convolution, residual: Convolution | None) -> IntegerLayer:
    """residual: the 1x1, or None where nothing reads it; the stream is not shifted there."""
    weights = plan.skip_weights[index].astype(np.int8)
    return IntegerLayer(
        conv=conv,
        activation=ACTIVATIONS[layer.activation],
        gated=layer.gated,
        slope_q15=round(layer.negative_slope * 32768),
        residual=residual,
        skip_weight=weights,
        stream_shift=np.zeros_like(weights) if residual is None else plan.stream_shifts[index].astype(np.int8),
    )
