"""The float network run in numpy, showing every value that will have to fit an int16."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.network.network import Film, Floats, Layer, LayerArray, Network

Samples = NDArray[Any]
"""(frames, channels) of float32 or float64."""
Part = TypeVar("Part", Layer, LayerArray)
Watch = Callable[[str, Floats], None]
"""Called with a value's name and the value, (frames, channels)."""


def run_float(
    network: Network,
    audio: NDArray[np.float32],
    position: Floats | None = None,
    watch: Watch | None = None,
) -> Floats:
    """audio (frames,), position (position_size,) -> (frames,) from the state silence leaves.

    In the precision of the network's numbers. watch sees "stream a l" (the residual stream that layer l of array a
    reads), "skip a l" (layer l's output), "head a" (skip sum), "carry a" (what array a's skip sum starts from) and
    "output", lead-in of silence included.
    """
    lead, precision = network.receptive_field - 1, network.arrays[0].rechannel.dtype
    dry = np.concatenate([np.zeros(lead), np.asarray(audio)]).astype(precision)[:, None]
    gains, biases = (rows.astype(precision) for rows in film_rows(network, position))
    see = watch or (lambda name, value: None)
    stream, skips, row = dry, None, 0
    for a, array in enumerate(network.arrays):
        stream = stream @ array.rechannel.T
        see(f"stream {a} 0", stream)
        for index, layer in enumerate(array.layers):
            rows = layer.bias.size
            skip = _layer_output(layer, stream, dry, gains[row : row + rows], biases[row : row + rows])
            row += rows
            see(f"skip {a} {index}", skip)
            skips = skip if skips is None else added(skips, skip)
            if not (array is network.arrays[-1] and layer is array.layers[-1]):
                stream = stream[-len(skip) :] + skip @ layer.residual_weight.T + layer.residual_bias
                see(f"stream {a} {index + 1}", stream)
        assert skips is not None
        see(f"head {a}", skips)
        skips = convolve(skips, array.head_weight, 1) + array.head_bias
        see(f"carry {a + 1}", skips)
    assert skips is not None
    output = gains[row:] * (skips + biases[row:])
    see("output", output)
    return np.asarray(output[-len(audio) :, 0]) if len(audio) else np.zeros(0)


def single_precision(network: Network) -> Network:
    """The same network in float32, FiLM excepted: twice as fast, and precise enough to see ranges with."""
    arrays = tuple(
        replace(_single(array), layers=tuple(_single(layer) for layer in array.layers)) for array in network.arrays
    )
    return replace(network, arrays=arrays)


def _single(part: Part) -> Part:
    numbers: dict[str, Any] = {k: x.astype(np.float32) for k, x in vars(part).items() if isinstance(x, np.ndarray)}
    return replace(part, **numbers)


def film_rows(network: Network, position: Floats | None) -> tuple[Floats, Floats]:
    """Gain and bias of every film row at a position; ones and zeros for a snapshot."""
    film = network.film
    if film is None:
        rows = sum(layer.bias.size for a in network.arrays for layer in a.layers) + network.arrays[-1].head_bias.size
        return np.ones(rows), np.zeros(rows)
    place = np.zeros(0) if position is None else np.asarray(position, np.float64)
    if place.shape != (network.position_size,):
        raise ValueError(f"this space wants a position of {network.position_size} numbers, got {place.size}")
    return _film(film, place)


def _film(film: Film, position: Floats) -> tuple[Floats, Floats]:
    hidden = np.tanh(film.hidden_weight @ position + film.hidden_bias)
    log2_gain = np.clip(film.gain_weight @ hidden + film.gain_bias, -2, 2)
    return 2.0**log2_gain, film.bias_weight @ hidden + film.bias_bias


def _layer_output(layer: Layer, stream: Floats, dry: Floats, gain: Floats, bias: Floats) -> Floats:
    pre = convolve(stream, layer.weight, layer.dilation)
    return activated(layer, gain * (pre + dry[-len(pre) :] * layer.mixin + layer.bias + bias))


def activated(layer: Layer, pre: Samples) -> Samples:
    """A layer's convolution outputs (frames, rows) -> its skip (frames, channels)."""
    if not layer.gated:
        return _activate(layer, pre)
    half = pre.shape[1] // 2
    return _activate(layer, pre[:, :half]) / (1 + np.exp(-pre[:, half:]))


def _activate(layer: Layer, x: Samples) -> Samples:
    if layer.activation == "tanh":
        return np.tanh(x)
    if layer.activation == "sigmoid":
        return 1 / (1 + np.exp(-x))
    if layer.activation in ("leaky_relu", "relu"):
        return np.where(x < 0, layer.negative_slope * x, x)
    if layer.activation == "hardtanh":
        return np.clip(x, -1, 1)
    return x


def added(skips: Samples, skip: Samples) -> Samples:
    """(frames, channels) each, of which the latest are of the same time: behind a head of several taps a sum has fewer
    frames than the next array's first layers."""
    frames = min(len(skips), len(skip))
    return skips[len(skips) - frames :] + skip[len(skip) - frames :]


def convolve(x: Samples, weight: Samples, dilation: int) -> Samples:
    """x (frames, channels), weight (rows, channels, kernel) -> (frames - (kernel - 1) * dilation, rows)."""
    rows, channels, kernel = weight.shape
    frames = len(x) - (kernel - 1) * dilation
    x = np.ascontiguousarray(x)
    windows = np.lib.stride_tricks.as_strided(
        x, (frames, kernel, channels), (x.strides[0], x.strides[0] * dilation, x.strides[1]), writeable=False
    )
    # one product over all taps: a product a tap keeps the processor waiting on small matrices
    return np.asarray(windows.reshape(frames, -1) @ weight.transpose(2, 1, 0).reshape(-1, rows))
