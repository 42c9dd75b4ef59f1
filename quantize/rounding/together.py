"""Two float networks of one shape -> two integer models on the same scales, so that their weights may be mixed.

Scales, requantization shifts and the weights of skip sums are chosen once, for what either network and the networks
between and beyond them get to; each one's weights are then rounded in its own steps, with multipliers of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.model.model import Convolution, IntegerModel
from gritspace.quantize.model.morph import MOST_SHIFT, fits
from gritspace.quantize.network.network import Floats, Layer, LayerArray, Network
from gritspace.quantize.rounding.alike import alike, alike_ranges
from gritspace.quantize.rounding.assemble import assemble
from gritspace.quantize.rounding.calibrate import Ranges, calibrate, stretches
from gritspace.quantize.rounding.convert import Placed, convolution, shift_of
from gritspace.quantize.rounding.limits import UnsupportedNetwork, check_accumulators, check_network
from gritspace.quantize.rounding.multipliers import MIN_SHIFT, finest_output_scales
from gritspace.quantize.rounding.scales import OUTPUT_HEADROOM, Between, in_order, plan_array, reach
from gritspace.quantize.rounding.twin import Heard, Rounded, Twin
from gritspace.train.audio.levels import at_all_levels

BETWEEN = (-0.3, 0.25, 0.5, 0.75, 1.3)
"""Where else than at its ends a mix is listened to."""
BETWEEN_SHARE = 0.5
"""Of the ranges there: they fit without headroom, so that it is not the ends that pay for a wild middle."""

Join = Callable[[Floats, Floats], Floats]
JoinAll = Callable[[Sequence[Floats]], Floats]


def quantize_together(
    first: Network, second: Network, audio: NDArray[np.float32], names: tuple[str, str]
) -> tuple[IntegerModel, IntegerModel]:
    """Two snapshots in integers between which a morph can go (`model.morph`). audio: as `quantize` takes it.

    Raises UnsupportedNetwork for two that are not of one shape, or that the engine cannot run.
    """
    for network in (first, second):
        check_network(network)
    if shape_of(first) != shape_of(second):
        raise UnsupportedNetwork("their shapes differ")
    both = first.padded(), second.padded()
    heard, places = stretches(at_all_levels(audio), 1), [np.zeros(0)]
    ends = [calibrate(network, heard, places) for network in both]
    ranges = [ends[0][0], alike_ranges(ends[1][0], ends[0][0])]
    both = both[0], alike(both[1], ends[1][0], ends[0][0])
    ranges += [_scaled(calibrate(mixed(*both, t), heard, places)[0], BETWEEN_SHARE) for t in BETWEEN]
    loudest = _largest(ranges)
    shape = _outline(*both)
    plans = [plan_array(array, loudest, a, film=False) for a, array in enumerate(shape.arrays)]
    finest = finest_output_scales(shape.arrays[-1].head_weight, None, plans[-1].head, film=False).max() * 2**15
    top = max(float(reach(loudest.output, OUTPUT_HEADROOM)), finest, 1e-9)
    output_shift = max(0, math.ceil(math.log2(top)))
    twins = [Twin(network, heard, places, powers) for network, (_, powers) in zip(both, ends, strict=True)]
    walks = [twin.convolutions() for twin in twins]
    made: tuple[list[Convolution], list[Convolution]] = ([], [])
    answers: list[Rounded | None] = [None, None]
    for place in in_order(shape, plans, 2.0 ** (output_shift - 15)):
        asked = [walk.send(answer) for walk, answer in zip(walks, answers, strict=True)]
        placed = _placed(asked, place)
        answers = [one.meaning for one in placed]
        for found, one in zip(made, placed, strict=True):
            found.append(one.conv)
    for walk, answer in zip(walks, answers, strict=True):
        with suppress(StopIteration):
            walk.send(answer)
    models = [
        IntegerModel(
            tuple(assemble(network, plans, convs)),
            None,
            output_shift,
            name,
            network.sample_rate,
            (),
            dict(network.metadata),
        )
        for network, convs, name in zip(both, made, names, strict=True)
    ]
    for model in models:
        check_accumulators(model)
    return models[0], models[1]


def _placed(asked: Sequence[Heard], place: Between) -> list[Placed]:
    """Both with the finest multipliers with which no row outgrows its sum on the way."""
    shift = min(MOST_SHIFT, *(shift_of(one, place) for one in asked))
    while True:
        placed = [convolution(one, place, shift) for one in asked]
        if fits(placed[0].conv, placed[1].conv):
            return placed
        shift -= 1
        if shift < MIN_SHIFT:
            raise UnsupportedNetwork("a row would outgrow its sum on the way")


def shape_of(network: Network) -> tuple[object, ...]:
    """What two networks must have in common."""
    return (
        network.film is None,
        network.sample_rate,
        tuple(
            (
                array.rechannel.shape,
                array.head_weight.shape,
                tuple((m.weight.shape, m.dilation, m.activation, m.negative_slope, m.gated) for m in array.layers),
            )
            for array in network.arrays
        ),
    )


def mixed(first: Network, second: Network, t: float) -> Network:
    """first + t (second - first), weight by weight. Both of one shape, without FiLM."""
    return _joined(first, second, lambda a, b: a + t * (b - a))


def _outline(first: Network, second: Network) -> Network:
    """A network of their shape whose weights are as large as the larger ones."""
    return _joined(first, second, lambda a, b: np.maximum(np.abs(a), np.abs(b)))


def _joined(first: Network, second: Network, join: Join) -> Network:
    arrays = []
    for p, q in zip(first.arrays, second.arrays, strict=True):
        layers = tuple(_layers(a, b, join) for a, b in zip(p.layers, q.layers, strict=True))
        arrays.append(
            LayerArray(
                join(p.rechannel, q.rechannel),
                layers,
                join(p.head_weight, q.head_weight),
                join(p.head_bias, q.head_bias),
            )
        )
    return replace(first, arrays=tuple(arrays))


def _layers(a: Layer, b: Layer, join: Join) -> Layer:
    return replace(
        a,
        weight=join(a.weight, b.weight),
        mixin=join(a.mixin, b.mixin),
        bias=join(a.bias, b.bias),
        residual_weight=join(a.residual_weight, b.residual_weight),
        residual_bias=join(a.residual_bias, b.residual_bias),
    )


def _each(ranges: Sequence[Ranges], join: JoinAll) -> Ranges:
    first = ranges[0]

    def nested(name: str) -> tuple[tuple[Floats, ...], ...]:
        found = [getattr(r, name) for r in ranges]
        return tuple(
            tuple(join([f[a][i] for f in found]) for i in range(len(getattr(first, name)[a])))
            for a in range(len(getattr(first, name)))
        )

    def flat(name: str) -> tuple[Floats, ...]:
        return tuple(join([getattr(r, name)[a] for r in ranges]) for a in range(len(getattr(first, name))))

    return Ranges(nested("streams"), nested("skips"), flat("heads"), flat("carries"), join([r.output for r in ranges]))


def _largest(ranges: Sequence[Ranges]) -> Ranges:
    return _each(ranges, lambda values: np.asarray(np.maximum.reduce(values)))


def _scaled(ranges: Ranges, share: float) -> Ranges:
    return _each([ranges], lambda values: values[0] * share)
