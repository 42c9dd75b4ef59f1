"""What is left of a network when layers are taken out takes up what they did, as far as it can: by least squares.

Whole and smaller network hear the same audio, one convolution after the other, as a float network and its integers do
in `twin`; a layer that goes is one rounded to nothing, and each convolution behind it is fitted to put out what it put
out before. No training: seconds of work that leave training much less to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.network.network import LayerArray, Network
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding.twin import Heard, Rounded, Twin


def refitted(network: Network, kept: Sequence[Sequence[int]], audio: NDArray[np.float32]) -> Network:
    """network: without a position, of activations that make nothing of nothing. kept: of each array, the layers that
    stay. audio: (frames,) to hear them on. Raises ValueError for silent audio, or an array of which nothing stays.
    """
    if not np.any(audio) or not all(kept):
        raise ValueError("a network is refitted on audio that is not silent, and keeps a layer of each array")
    power = float(np.square(run_float(network, audio)).mean())
    walk = Twin(network, [audio], [np.zeros(0)], [power]).convolutions()
    heard, arrays = next(walk), []
    last = network.arrays[-1]

    def answered(one: Heard, stays: bool) -> tuple[Rounded, Heard | None]:
        fitted = Rounded(one.weight, one.mixin, one.bias) if stays else _nothing(one)
        try:
            return fitted, walk.send(fitted)
        except StopIteration:
            return fitted, None

    def following(one: Heard | None) -> Heard:
        assert one is not None
        return one

    for array, stay in zip(network.arrays, kept, strict=True):
        first, after = answered(heard, True)
        layers = []
        for index, layer in enumerate(array.layers):
            conv, after = answered(following(after), index in stay)
            own: dict[str, Any] = {"weight": conv.weight, "mixin": conv.mixin, "bias": conv.bias}
            if array is not last or layer is not array.layers[-1]:
                one, after = answered(following(after), index in stay)
                own |= {"residual_weight": one.weight[:, :, 0], "residual_bias": one.bias}
            if index in stay:
                layers.append(replace(layer, **own))
        head, after = answered(following(after), True)
        arrays.append(LayerArray(first.weight[:, :, 0], tuple(layers), head.weight, head.bias))
        if after is not None:
            heard = after
    return replace(network, arrays=tuple(arrays))


def _nothing(one: Heard) -> Rounded:
    mixin = None if one.mixin is None else np.zeros_like(one.mixin)
    return Rounded(np.zeros_like(one.weight), mixin, np.zeros_like(one.bias))
