"""What the engine can run: refused here, with the reason, before anything is written."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.model.model import Activation, Convolution, Dense, IntegerModel
from gritspace.quantize.network.network import Floats, Network
from gritspace.train.network.limits import ENGINE, MAX_POSITION

ACCUMULATOR_LIMIT = 2**31
Ints = NDArray[np.int64]

ACTIVATIONS = {
    "tanh": Activation.TANH,
    "sigmoid": Activation.SIGMOID,
    "leaky_relu": Activation.LEAKY_RELU,
    "relu": Activation.LEAKY_RELU,
    "hardtanh": Activation.LINEAR,
    "linear": Activation.LINEAR,
}


class UnsupportedNetwork(ValueError):
    """A network that the engine cannot run; the message says why."""


def check_network(network: Network) -> None:
    """Raises UnsupportedNetwork, with the reason, for what the engine does not run."""
    if network.position_size > MAX_POSITION:
        raise UnsupportedNetwork(
            f"a position has at most {MAX_POSITION} dimensions, this one has {network.position_size}"
        )
    layers = sum(len(array.layers) for array in network.arrays)
    if layers > ENGINE.layers:
        raise UnsupportedNetwork(f"the engine runs up to {ENGINE.layers} layers, this network has {layers}")
    for array in network.arrays:
        if array.channels > ENGINE.channels:
            raise UnsupportedNetwork(
                f"the engine runs up to {ENGINE.channels} channels, this network has {array.channels}"
            )
        for layer in array.layers:
            if layer.activation not in ACTIVATIONS:
                known = ", ".join(sorted(ACTIVATIONS))
                raise UnsupportedNetwork(f"the engine has no activation {layer.activation!r} (it has {known})")
            if not 0 <= layer.negative_slope < 1:
                raise UnsupportedNetwork(f"a leaky ReLU's slope must be in [0, 1), not {layer.negative_slope}")
    if network.arrays[-1].head_weight.shape[0] != 1:
        raise UnsupportedNetwork(f"the engine has one output, this network {network.arrays[-1].head_weight.shape[0]}")
    for values in _all_arrays(network):
        if not np.all(np.isfinite(values)):
            raise UnsupportedNetwork("the network has weights that are not finite numbers")


def _all_arrays(network: Network) -> list[Floats]:
    values: list[Floats] = []
    for array in network.arrays:
        values += [array.rechannel, array.head_weight, array.head_bias]
        for layer in array.layers:
            values += [layer.weight, layer.mixin, layer.bias, layer.residual_weight, layer.residual_bias]
    if network.film is not None:
        values += list(vars(network.film).values())
    return values


def accumulator_bound(conv: Convolution, largest_bias: Floats | None = None) -> int:
    """Largest magnitude an accumulator of this convolution can reach with any input at all."""
    bound = np.abs(conv.weight.astype(np.int64)).sum(axis=(1, 2)) * 32768
    if conv.mixin is not None:
        bound = bound + np.abs(conv.mixin.astype(np.int64)) * 32768
    bias = np.abs(conv.bias.astype(np.int64)) if largest_bias is None else largest_bias.astype(np.int64)
    return int((bound + bias).max())


def dense_reach(dense: Dense) -> Ints:
    """Largest magnitude that each row's accumulator can reach with any input at all; int64 (rows,)."""
    reach: Ints = np.abs(dense.weight.astype(np.int64)).sum(axis=1) * 32768 + np.abs(dense.bias.astype(np.int64))
    return reach


def check_accumulators(model: IntegerModel) -> None:
    """Raises UnsupportedNetwork if any int32 accumulator could overflow, whatever the audio and the position."""
    film_bias: Floats | None = None
    if model.film is not None:
        film_bias = ((dense_reach(model.film.bias) >> model.film.bias.shift.astype(np.int64)) + 1).astype(np.float64)
        for part in (model.film.hidden, model.film.gain, model.film.bias):
            if (dense_reach(part) + (part.shift == 1)).max() >= ACCUMULATOR_LIMIT:  # the one that rounding adds
                raise UnsupportedNetwork("the FiLM network's weights could overflow an int32 accumulator")
    row = 0
    for a, array in enumerate(model.arrays):
        plain = [("rechannel", array.rechannel)]
        for index, layer in enumerate(array.layers):
            rows = layer.conv.bias.size
            bias = None if film_bias is None else film_bias[row : row + rows]
            row += rows
            _check(f"array {a}, layer {index}", accumulator_bound(layer.conv, bias))
            if layer.residual is not None:
                plain.append((f"the 1x1 of layer {index}", layer.residual))
        last = array is model.arrays[-1]
        _check(
            f"array {a}, head",
            accumulator_bound(array.head, film_bias[row:] if last and film_bias is not None else None),
        )
        for name, conv in plain:
            _check(f"array {a}, {name}", accumulator_bound(conv))


def _check(where: str, bound: int) -> None:
    if bound >= ACCUMULATOR_LIMIT:
        raise UnsupportedNetwork(
            f"{where}: fan-in and bias could overflow an int32 accumulator ({bound:,} of {ACCUMULATOR_LIMIT:,})"
        )
