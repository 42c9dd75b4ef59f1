"""The float network as plain arrays: what every source (a space, a `.nam` file) becomes before it is quantized.

Shapes follow the engine: convolution weights are (rows, channels, kernel), oldest tap first, as in PyTorch.
Odd widths, FiLM and head scale are all still in float here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gritspace.train.network.tcn import Tcn

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Layer:
    """One dilated convolution, activation, and the 1x1 that feeds the residual stream.

    weight (rows, channels, kernel), mixin (rows,), bias (rows,), residual_weight (channels, channels),
    residual_bias (channels,). rows is channels, or twice that when gated.
    """

    weight: Floats
    mixin: Floats
    bias: Floats
    dilation: int
    activation: str  # tanh, sigmoid, leaky_relu, relu, hardtanh, linear
    negative_slope: float
    gated: bool  # activation(first half) * sigmoid(second half)
    residual_weight: Floats
    residual_bias: Floats


@dataclass(frozen=True)
class LayerArray:
    """rechannel (channels, inputs); head_weight (head_size, channels, kernel); head_bias (head_size,)."""

    rechannel: Floats
    layers: tuple[Layer, ...]
    head_weight: Floats
    head_bias: Floats

    @property
    def channels(self) -> int:
        """Width of the residual stream."""
        return int(self.rechannel.shape[0])


@dataclass(frozen=True)
class Film:
    """hidden_weight (hidden, position), gain_weight and bias_weight (film_rows, hidden); gains are log2."""

    hidden_weight: Floats
    hidden_bias: Floats
    gain_weight: Floats
    gain_bias: Floats
    bias_weight: Floats
    bias_bias: Floats


@dataclass(frozen=True)
class Network:
    """A whole float network. film is None for a snapshot. metadata: loudness, levels, names: kept, never computed
    with."""

    arrays: tuple[LayerArray, ...]
    film: Film | None = None
    sample_rate: int = 48000
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def receptive_field(self) -> int:
        """How many input frames one output frame depends on."""
        frames = 1
        for array in self.arrays:
            frames += sum((layer.weight.shape[2] - 1) * layer.dilation for layer in array.layers)
            frames += array.head_weight.shape[2] - 1
        return frames

    @property
    def position_size(self) -> int:
        """How many numbers make a position; 0 for a snapshot."""
        return 0 if self.film is None else int(self.film.hidden_weight.shape[1])

    @property
    def macs_per_frame(self) -> int:
        """Multiplications a frame at audio rate."""
        convolutions = [w for a in self.arrays for w in (a.rechannel, a.head_weight)]
        convolutions += [
            w for a in self.arrays for layer in a.layers for w in (layer.weight, layer.mixin, layer.residual_weight)
        ]
        return sum(int(weights.size) for weights in convolutions)

    def padded(self) -> Network:
        """The same network with every odd width made even by rows and columns of zeros.

        With FiLM the rows' order changes along, so that row r of the FiLM still belongs to row r of the network.
        """
        return replace(self, **_padded(self))


def from_tcn(tcn: Tcn, sample_rate: int = 48000, metadata: dict[str, Any] | None = None) -> Network:
    """A trained decoder or snapshot as plain arrays."""
    arrays = []
    array: Any
    for config, array in zip(tcn.config.arrays, tcn.arrays, strict=True):
        layers = tuple(
            Layer(
                weight=_array(layer.conv.weight),
                mixin=_array(layer.mixin.weight)[:, 0, 0],
                bias=_array(layer.conv.bias),
                dilation=layer.dilation,
                activation=config.activation,
                negative_slope=config.negative_slope if config.activation == "leaky_relu" else 0.0,
                gated=config.gated,
                residual_weight=_array(layer.residual.weight)[:, :, 0],
                residual_bias=_array(layer.residual.bias),
            )
            for layer in array.layers
        )
        arrays.append(
            LayerArray(
                rechannel=_array(array.rechannel.weight)[:, :, 0],
                layers=layers,
                head_weight=_array(array.head.weight),
                head_bias=_array(array.head.bias),
            )
        )
    film = None
    if tcn.film is not None:
        film = Film(
            hidden_weight=_array(tcn.film.hidden.weight),
            hidden_bias=_array(tcn.film.hidden.bias),
            gain_weight=_array(tcn.film.log2_gain.weight),
            gain_bias=_array(tcn.film.log2_gain.bias),
            bias_weight=_array(tcn.film.bias.weight),
            bias_bias=_array(tcn.film.bias.bias),
        )
    return Network(tuple(arrays), film, sample_rate, dict(metadata or {}))


def _array(tensor: Any) -> Floats:
    return np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64)


def _padded(network: Network) -> dict[str, Any]:
    def even(n: int) -> int:
        return n + (n & 1)

    def grow(x: Floats, *shape: int) -> Floats:
        out = np.zeros(shape)
        out[tuple(slice(0, n) for n in x.shape)] = x
        return out

    def spread(x: Floats, halves: int, width: int) -> Floats:
        """Rows of each half (of a gated layer) apart, padded to the width."""
        old = len(x) // halves
        out = np.zeros((halves * width, *x.shape[1:]))
        for half in range(halves):
            out[half * width : half * width + old] = x[half * old : (half + 1) * old]
        return out

    arrays: list[LayerArray] = []
    film_rows: list[int] = []
    taken, inputs = 0, 1
    for index, array in enumerate(network.arrays):
        width = even(array.channels)
        last = index == len(network.arrays) - 1
        head = array.head_weight.shape[0]
        layers = []
        for layer in array.layers:
            halves = 2 if layer.gated else 1
            old = layer.weight.shape[0] // halves

            kernel = layer.weight.shape[2]
            wide = np.zeros((layer.weight.shape[0], width, kernel))
            wide[:, : layer.weight.shape[1]] = layer.weight
            layers.append(
                replace(
                    layer,
                    weight=spread(wide, halves, width),
                    mixin=spread(layer.mixin, halves, width),
                    bias=spread(layer.bias, halves, width),
                    residual_weight=grow(layer.residual_weight, width, width),
                    residual_bias=grow(layer.residual_bias, width),
                )
            )
            for half in range(halves):
                film_rows += [taken + half * old + i if i < old else -1 for i in range(width)]
            taken += halves * old
        head_rows = head if last else even(head)
        arrays.append(
            LayerArray(
                rechannel=grow(array.rechannel, width, inputs),
                layers=tuple(layers),
                head_weight=grow(array.head_weight, head_rows, width, array.head_weight.shape[2]),
                head_bias=grow(array.head_bias, head_rows),
            )
        )
        inputs = width
    film = network.film
    if film is not None:
        film_rows += list(range(taken, taken + network.arrays[-1].head_weight.shape[0]))
        order = np.array(film_rows)

        def pick(x: Floats) -> Floats:
            padded = np.concatenate([x, np.zeros((1, *x.shape[1:]))])
            return padded[order]

        film = replace(
            film,
            gain_weight=pick(film.gain_weight),
            gain_bias=pick(film.gain_bias),
            bias_weight=pick(film.bias_weight),
            bias_bias=pick(film.bias_bias),
        )
    return {"arrays": tuple(arrays), "film": film}
