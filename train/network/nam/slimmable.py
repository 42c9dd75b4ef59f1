"""Slimmable WaveNets: the first so many channels of every array are a smaller network of the same capture.

Source: NeuralAmpModelerCore, `NAM/wavenet/slimmable.cpp`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gritspace.train.network.nam.records import Array, NamError, WaveNet
from gritspace.train.network.nam.wavenet import ArrayParts, FilmWeights, Floats, LayerParts, WaveNetParts

METHOD = "slice_channels_uniform"


def cuts(config: WaveNet) -> list[tuple[float, tuple[int, ...]]]:
    """What it can be cut to, smallest first: up to which quality (0 to 1) it is the one to play, and every array's
    channels. Of another network itself alone. Raises NamError for a way of cutting that is not known.
    """
    allowed = [_allowed(array) for array in config.layers]
    steps = sorted({i / len(one) for one in allowed for i in range(1, len(one) + 1)})
    found = []
    for upper in steps:
        below = upper - 1e-9
        found.append((upper, tuple(one[min(math.floor(below * len(one)), len(one) - 1)] for one in allowed)))
    return found


def cut(config: WaveNet, parts: WaveNetParts, widths: Sequence[int]) -> tuple[WaveNet, WaveNetParts]:
    """A slimmable one with so many channels in each array. Raises NamError for what Core does not cut either."""
    if list(widths) == [array.channels for array in config.layers]:
        return config, parts
    if config.head is not None:
        raise NamError("it is slimmable and has a 'head' network, which cannot be cut")
    arrays, weights, inputs = [], [], config.layers[0].input_size
    for index, (array, its, width) in enumerate(zip(config.layers, parts.arrays, widths, strict=True)):
        last = index + 1 == len(config.layers)
        groups = (array.groups_input, array.groups_input_mixin, array.layer1x1.groups, array.head1x1.groups)
        if array.head.kernel_size != 1 or max(groups) != 1:
            raise NamError(
                "it is slimmable and has grouped convolutions or a head of several taps, which cannot be cut"
            )
        b = max(1, array.bottleneck * width // array.channels) if array.layer1x1.active else width
        heads = array.head.out_channels if last else widths[index + 1]
        summed = array.head1x1.out_channels if array.head1x1.active else b
        arrays.append(
            array.model_copy(
                update={
                    "channels": width,
                    "bottleneck": b,
                    "input_size": inputs,
                    "head": array.head.model_copy(update={"out_channels": heads}),
                }
            )
        )
        layers = tuple(_layer(array, layer, width, b) for layer in its.layers)
        weights.append(
            ArrayParts(its.rechannel[:width, :inputs], layers, its.head[:heads, :summed], its.head_bias[:heads])
        )
        inputs = width
    return config.model_copy(update={"layers": arrays}), replace(parts, arrays=tuple(weights))


def _allowed(array: Array) -> list[int]:
    slim = array.slimmable
    if slim is None or not slim.method:
        return [array.channels]
    if slim.method != METHOD:
        raise NamError(f"it is slimmable by {slim.method!r:.40}; {METHOD} is known")
    allowed = slim.allowed_channels or list(range(1, array.channels + 1))
    if allowed != sorted(set(allowed)) or allowed[-1] != array.channels:
        raise NamError(f"its allowed_channels do not rise up to its {array.channels} channels; export it again")
    return allowed


def _layer(array: Array, layer: LayerParts, c: int, b: int) -> LayerParts:
    """rows that are the bottleneck's lose the end of the list, gated or not: as Core counts them."""
    rows = len(layer.bias) * b // array.bottleneck
    sizes = {"conv_pre_film": c, "activation_post_film": b, "layer1x1_post_film": c}
    kept = {"input_mixin_pre_film", "head1x1_post_film"}
    films = {name: film if name in kept else _film(film, sizes.get(name, rows)) for name, film in layer.films.items()}
    return LayerParts(
        conv=layer.conv[:rows, :c],
        bias=layer.bias[:rows],
        mixin=layer.mixin[:rows],
        one=None if layer.one is None else layer.one[:c, :b],
        one_bias=_first(layer.one_bias, c),
        head_one=None if layer.head_one is None else layer.head_one[:, :b],
        head_one_bias=layer.head_one_bias,
        films=films,
    )


def _film(film: FilmWeights, size: int) -> FilmWeights:
    """Gains and shifts are one list of rows, of which Core takes the first: with shifts, all of them gains."""
    if film.shift is None or film.shift_bias is None:
        return FilmWeights(film.gain[:size], film.gain_bias[:size], None, None)
    both = np.concatenate([film.gain, film.shift])[: 2 * size]
    bias = np.concatenate([film.gain_bias, film.shift_bias])[: 2 * size]
    return FilmWeights(both[:size], bias[:size], both[size:], bias[size:])


def _first(values: Floats | None, count: int) -> Floats | None:
    return None if values is None else values[:count]
