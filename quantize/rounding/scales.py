"""Scales: what real number one integer step stands for, at every place of a network (real = integer * scale).

Scales of a residual stream and of a skip sum are per channel and shared by all layers of an array. They are folded into
the weights that read and write them, so the arithmetic never sees them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gritspace.quantize.model.arithmetic import INT16_MAX, SIGMOID_INPUT_SCALE, TABLE_SCALE, TANH_INPUT_SCALE
from gritspace.quantize.network.network import Floats, Layer, LayerArray, Network
from gritspace.quantize.rounding.calibrate import Ranges
from gritspace.quantize.rounding.multipliers import BENT_SHIFT, INPUT_SCALE, MIN_SHIFT, finest_output_scales

HEADROOM = 2.0
"""Ranges are widened by this much: music is not only the calibration audio. A bit of int16 is cheap beside
clipping, which was measured to cost an ESR of up to 2e-3 with 1.25."""
BOUNDED_HEADROOM = 1.5
"""Of a residual stream that takes in nothing but what lies between -1 and 1: it hardly outgrows what calibration saw,
and its rounding is heard through all layers behind, as half the noise of a space."""
SUM_HEADROOM = 1.4
"""Of a skip sum that cannot be larger than its number of layers, and is often near it: each of its bits is heard."""
OUTPUT_HEADROOM = 1.25
"""Of the output: calibration goes up to full scale, the step is a power of two, and above full scale the converter
clips anyway. A bit less is 6 dB more noise in the quiet above 10 kHz, where captures of 44.1 kHz have nothing."""
SKIP_SHIFT = 6
"""Bits of a skip sum below its int16 head input."""
MAX_SKIP_WEIGHT = 64
USUAL_PLACES = 0.75
"""The share of a space's places whose ranges are widened by headroom; of the loudest, what calibration heard fits and
no more. They are 4 to 15 dB louder than the middle one, and a bit kept free for them is 6 dB of grain everywhere else.
Half of the places gained another .5 dB and clipped where calibration had not been (an ESR of 2e-2 in a corner)."""
GROWTH_LAYERS = (1, 2, 4, 8, 16, 32)
"""Where a residual stream's scale may grow."""


@dataclass(frozen=True)
class ArrayPlan:
    """streams[l]: (channels,) scales of what layer l reads; streams[l + 1] = streams[l] * 2^stream_shifts[l]. skip,
    head, carry: (channels,) scales; outputs[l], skip_weights[l]: (channels,) of each layer's output.

    outputs[l] = skip * skip_weights[l]; head = skip * 2^skip_shift; carry = skip * carry_weight.
    """

    streams: tuple[Floats, ...]
    stream_shifts: tuple[Floats, ...]
    skip: Floats
    outputs: tuple[Floats, ...]
    skip_weights: tuple[Floats, ...]
    skip_shift: int
    carry: Floats
    carry_weight: Floats

    @property
    def head(self) -> Floats:
        """Scale of the head convolution's input."""
        return np.asarray(self.skip * 2.0**self.skip_shift)


@dataclass(frozen=True)
class Between:
    """Where a convolution stands: input (inputs,) and output (rows,), the scales of what it reads and puts out; film:
    a position bends its rows."""

    input: Floats
    output: Floats
    dilation: int = 1
    film: bool = False


def in_order(network: Network, plans: Sequence[ArrayPlan], output_scale: float) -> Iterator[Between]:
    """The place of every convolution, in the order of `twin.Twin.convolutions`. output_scale: of the network's."""
    film, inputs = network.film is not None, np.array([INPUT_SCALE])
    for a, (array, plan) in enumerate(zip(network.arrays, plans, strict=True)):
        last = a + 1 == len(plans)
        yield Between(inputs, plan.streams[0])
        for i, layer in enumerate(array.layers):
            output = plan.outputs[i]
            yield Between(plan.streams[i], pre_activation_scale(layer, output), layer.dilation, film)
            if not (last and i + 1 == len(array.layers)):
                yield Between(output, plan.streams[i + 1])
        yield Between(plan.head, np.array([output_scale]) if last else plans[a + 1].carry, film=film and last)
        inputs = plan.streams[-1]


def reach(peaks: Floats, headroom: float) -> Floats:
    """Of peaks (places, ...) how far integers have to reach: usual places widened by headroom, the loudest as it was.

    Of a single place headroom times its peaks.
    """
    usual = np.quantile(peaks, USUAL_PLACES, axis=0, method="inverted_cdf")
    return np.asarray(np.maximum(usual * headroom, peaks.max(axis=0)))


def fit_int16(peaks: Floats, headroom: float = HEADROOM) -> Floats:
    """Per-channel scales with which these peaks (places, channels), widened by headroom, fit. A dead channel gets a
    harmless one."""
    wanted = reach(peaks, headroom)
    return np.asarray(np.maximum(wanted, max(float(wanted.max()) * 1e-4, 1e-9)) / INT16_MAX)


def has_fixed_output(layer: Layer) -> bool:
    """Tables put out Q15, and hardtanh is int16's own saturation at Q15's ±1."""
    return layer.gated or layer.activation in ("tanh", "sigmoid", "hardtanh")


def plan_array(array: LayerArray, ranges: Ranges, index: int, film: bool) -> ArrayPlan:
    """Chooses an array's scales from what calibration saw."""
    bounded = all(has_fixed_output(layer) for layer in array.layers)
    streams = plan_stream(ranges.streams[index], BOUNDED_HEADROOM if bounded else HEADROOM)
    # A leaky channel that lives below zero puts out little; its accumulators set how fine a scale makes sense.
    wanted = [
        np.maximum(fit_int16(peaks), _finest(layer, stream, film)[: array.channels])
        for layer, peaks, stream in zip(array.layers, ranges.skips[index], streams, strict=False)
    ]
    carried = fit_int16(ranges.carries[index]) if index else None
    head = fit_int16(ranges.heads[index])
    largest = np.maximum.reduce(wanted if carried is None else [*wanted, carried])
    shift, fixed = SKIP_SHIFT, np.ones(array.channels)
    if any(has_fixed_output(layer) for layer in array.layers):
        needed = np.maximum(head, largest) / TABLE_SCALE
        if bounded and carried is None:
            loudest = ranges.heads[index].max(axis=0)
            needed = np.minimum(np.maximum(needed * SUM_HEADROOM / HEADROOM, loudest), len(array.layers))
        shift = max(shift, int(np.ceil(np.log2(needed.max()))))
        fixed = np.clip(np.floor(2.0**shift / needed), 1, MAX_SKIP_WEIGHT)
        skip = TABLE_SCALE / fixed
    else:
        skip = np.maximum(head, largest) / MAX_SKIP_WEIGHT
    weights = tuple(
        fixed if has_fixed_output(layer) else _power_of_two(scale / skip)
        for layer, scale in zip(array.layers, wanted, strict=True)
    )
    carry_weight = np.zeros(array.channels) if carried is None else _power_of_two(carried / skip)
    return ArrayPlan(
        streams=streams,
        stream_shifts=tuple(np.log2(after / before) for before, after in pairwise(streams)),
        skip=skip,
        outputs=tuple(skip * w for w in weights),
        skip_weights=weights,
        skip_shift=shift,
        carry=skip * carry_weight,
        carry_weight=carry_weight,
    )


def _finest(layer: Layer, stream: Floats, film: bool) -> Floats:
    shift = BENT_SHIFT if film and not has_fixed_output(layer) else MIN_SHIFT
    return finest_output_scales(layer.weight, layer.mixin, stream, film, shift)


def plan_stream(peaks: Sequence[Floats], headroom: float) -> tuple[Floats, ...]:
    """Scales of a residual stream, layer by layer: each channel's own, growing by powers of two and never shrinking.

    Growing costs the engine a few instructions, so only layers 1, 2, 4, 8, 16 .. may; most growth is early anyway.
    """
    last = len(peaks) - 1
    largest = fit_int16(np.maximum.reduce(list(peaks)), headroom)
    finer = np.zeros((last + 1, largest.size))
    for layer in range(last + 1):
        room = largest / fit_int16(np.maximum.reduce(list(peaks[: layer + 1])), headroom)
        finer[layer] = np.clip(np.floor(np.log2(room) + 1e-9), 0, 15)
    held = np.array([max([0, *(p for p in GROWTH_LAYERS if p <= layer)]) for layer in range(last + 1)])
    until = [max(layer for layer in range(last + 1) if held[layer] == held[i]) for i in range(last + 1)]
    return tuple(largest / 2.0 ** finer[until[layer]] for layer in range(last + 1))


def _power_of_two(ratio: Floats) -> Floats:
    """Weights for what is ratio times as coarse as a skip sum. The bit that rounding up may add is worth having: what
    just fits made a space of leaky ReLUs a third worse."""
    exponent = np.ceil(np.log2(ratio) - 1e-9)
    return np.asarray(2.0 ** np.clip(exponent, 0, np.log2(MAX_SKIP_WEIGHT)))


def pre_activation_scale(layer: Layer, output: Floats) -> Floats:
    """(rows,) scales of a layer's convolution outputs, which its activation prescribes."""
    channels = output.size
    if layer.activation == "tanh":
        main = np.full(channels, TANH_INPUT_SCALE)
    elif layer.activation == "sigmoid":
        main = np.full(channels, SIGMOID_INPUT_SCALE)
    else:  # requantized straight to what comes out; gated ones are products of two Q15
        main = np.full(channels, TABLE_SCALE) if has_fixed_output(layer) else output
    return np.concatenate([main, np.full(channels, SIGMOID_INPUT_SCALE)]) if layer.gated else main
