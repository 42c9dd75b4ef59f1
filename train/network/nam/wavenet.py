"""A WaveNet's weights, each in its place, of whatever the format can say.

They lie in one list, in NeuralAmpModelerCore's own order: of an array its rechannelling, its layers (convolution, bias,
mix-in, 1x1 and its bias, 1x1 to the head and its bias, FiLMs), its head; then what stands behind the arrays; at the
very end the head's scale. Grouped convolutions hold a block a group; here they are whole, with zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.train.network.nam.reading import record
from gritspace.train.network.nam.records import Array, Film, Model, NamError, WaveNet

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FilmWeights:
    """Of a condition (conditions,): gain (rows, conditions), gain_bias (rows,), and the same for a shift, or None."""

    gain: Floats
    gain_bias: Floats
    shift: Floats | None
    shift_bias: Floats | None


@dataclass(frozen=True)
class LayerParts:
    """conv (rows, channels, kernel), oldest tap first; bias (rows,); mixin (rows, conditions); one (channels,
    bottleneck) and one_bias, or None; head_one (outputs, bottleneck) and its bias, or None; films by their names.

    rows is the bottleneck, or twice that when gated or blended: the second half is the gate's.
    """

    conv: Floats
    bias: Floats
    mixin: Floats
    one: Floats | None
    one_bias: Floats | None
    head_one: Floats | None
    head_one_bias: Floats | None
    films: dict[str, FilmWeights]


@dataclass(frozen=True)
class ArrayParts:
    """rechannel (channels, inputs); head (head size, summed, kernel); head_bias (head size,), or zeros."""

    rechannel: Floats
    layers: tuple[LayerParts, ...]
    head: Floats
    head_bias: Floats


@dataclass(frozen=True)
class WaveNetParts:
    """behind: weights (outputs, inputs, kernel) and biases of the convolutions behind the arrays. scale: of the last
    array's head, not yet in its weights."""

    arrays: tuple[ArrayParts, ...]
    behind: tuple[tuple[Floats, Floats], ...]
    scale: float


def wavenet_record(model: Model) -> WaveNet:
    """The shape of a WaveNet, checked to fit together. Raises NamError."""
    inner = model.config.get("model")  # a slimmable one may be wrapped
    config = record(WaveNet, inner if isinstance(inner, dict) and "layers" in inner else model.config)
    if config.in_channels != 1:
        raise NamError(f"it has {config.in_channels} inputs; audio has one")
    inputs, before = 1, 0
    for array in config.layers:
        _refuse_misfits(array)
        if array.input_size != inputs or (before and (before != array.channels or before != summed(array))):
            raise NamError("its layer arrays do not fit together (input_size, head_size and channels)")
        inputs, before = array.channels, array.head.out_channels
    return config


def summed(array: Array) -> int:
    """How many numbers the layers of an array add up for its head."""
    return array.head1x1.out_channels if array.head1x1.active else array.bottleneck


def parts_of(config: WaveNet, model: Model) -> WaveNetParts:
    """All weights. Raises NamError if there are more or fewer than the shape needs."""
    needed = sum(_counts(config))
    if len(model.weights) != needed:
        raise NamError(f"it has {len(model.weights)} weights where its shape needs {needed}; fetch the file again")
    take = Taker(model.weights)
    arrays = []
    for array in config.layers:
        rechannel = take.matrix(array.channels, array.input_size)
        layers = tuple(_layer(take, array, index) for index in range(len(array.dilations)))
        head = take.convolution(array.head.out_channels, summed(array), array.head.kernel_size)
        bias = take.row(array.head.out_channels) if array.head.bias else np.zeros(array.head.out_channels)
        arrays.append(ArrayParts(rechannel, layers, head, bias))
    behind = [
        (take.convolution(outputs, inputs, kernel), take.row(outputs)) for outputs, inputs, kernel in _behind(config)
    ]
    return WaveNetParts(tuple(arrays), tuple(behind), float(take.row(1)[0]))


class Taker:
    """Numbers from the front of a list, in the shapes asked for."""

    def __init__(self, weights: list[float]) -> None:
        self._values: Floats = np.asarray(weights, np.float64)
        self._taken = 0

    def row(self, count: int) -> Floats:
        """(count,)."""
        self._taken += count
        return self._values[self._taken - count : self._taken]

    def convolution(self, rows: int, inputs: int, kernel: int, groups: int = 1) -> Floats:
        """(rows, inputs, kernel)."""
        whole = np.zeros((rows, inputs, kernel))
        a, b = rows // groups, inputs // groups
        for g in range(groups):
            whole[g * a : (g + 1) * a, g * b : (g + 1) * b] = self.row(a * b * kernel).reshape(a, b, kernel)
        return whole

    def matrix(self, rows: int, inputs: int, groups: int = 1) -> Floats:
        """(rows, inputs)."""
        return self.convolution(rows, inputs, 1, groups)[:, :, 0]


def film_rows(array: Array, gating: str) -> dict[str, int]:
    """Of each FiLM that a layer has, how many numbers it bends, in the order of its weights."""
    rows = array.bottleneck * (1 if gating == "none" else 2)
    sizes = {
        "conv_pre_film": array.channels,
        "conv_post_film": rows,
        "input_mixin_pre_film": array.condition_size,
        "input_mixin_post_film": rows,
        "activation_pre_film": rows,
        "activation_post_film": array.bottleneck,
        "layer1x1_post_film": array.channels,
        "head1x1_post_film": array.head1x1.out_channels,
    }
    return {name: size for name, size in sizes.items() if name in array.films}


def _layer(take: Taker, array: Array, index: int) -> LayerParts:
    c, b, kernel = array.channels, array.bottleneck, array.kernel_sizes[index]
    gating = array.gating[index]
    rows = b * (1 if gating == "none" else 2)
    one, head = array.layer1x1, array.head1x1
    conv, bias = take.convolution(rows, c, kernel, array.groups_input), take.row(rows)
    mixin = take.matrix(rows, array.condition_size, array.groups_input_mixin)
    onto = out = onto_bias = out_bias = None
    if one.active:
        onto, onto_bias = take.matrix(c, b, one.groups), take.row(c)
    if head.active:
        out, out_bias = take.matrix(head.out_channels, b, head.groups), take.row(head.out_channels)
    films = {name: _film(take, array, array.films[name], size) for name, size in film_rows(array, gating).items()}
    return LayerParts(conv, bias, mixin, onto, onto_bias, out, out_bias, films)


def _film(take: Taker, array: Array, film: Film, size: int) -> FilmWeights:
    rows = size * (2 if film.shift else 1)
    both, bias = take.matrix(rows, array.condition_size, film.groups), take.row(rows)
    if not film.shift:
        return FilmWeights(both, bias, None, None)
    return FilmWeights(both[:size], bias[:size], both[size:], bias[size:])


def _behind(config: WaveNet) -> Iterator[tuple[int, int, int]]:
    """Outputs, inputs and taps of each convolution behind the arrays."""
    head = config.head
    if head is None:
        return
    inputs, last = config.layers[-1].head.out_channels, len(head.kernel_sizes) - 1
    for index, kernel in enumerate(head.kernel_sizes):
        outputs = head.out_channels if index == last else head.channels
        yield outputs, inputs, kernel
        inputs = outputs


def weight_count(array: Array) -> int:
    """How many numbers a layer array takes from the list."""
    c, b, d, out = array.channels, array.bottleneck, array.condition_size, array.head1x1.out_channels
    count = array.input_size * c
    for kernel, gating in zip(array.kernel_sizes, array.gating, strict=True):
        rows = b * (1 if gating == "none" else 2)
        count += rows * c * kernel // array.groups_input + rows + rows * d // array.groups_input_mixin
        count += c * b // array.layer1x1.groups + c if array.layer1x1.active else 0
        count += out * b // array.head1x1.groups + out if array.head1x1.active else 0
        for name, size in film_rows(array, gating).items():
            film = array.films[name]
            bent = size * (2 if film.shift else 1)
            count += bent * d // film.groups + bent
    return count + array.head.out_channels * (summed(array) * array.head.kernel_size + array.head.bias)


def _counts(config: WaveNet) -> Iterator[int]:
    for array in config.layers:
        yield weight_count(array)
    for outputs, inputs, kernel in _behind(config):
        yield outputs * (inputs * kernel + 1)
    yield 1  # the scale


def _refuse_misfits(array: Array) -> None:
    """Raises NamError for what no loader could place: groups that do not divide, FiLMs of what is not there."""
    c, b, d = array.channels, array.bottleneck, array.condition_size
    if not array.layer1x1.active and b != c:
        raise NamError(f"it has no layer 1x1, and its bottleneck of {b} is not its {c} channels; export it again")
    for name, part in (("layer1x1_post_film", array.layer1x1), ("head1x1_post_film", array.head1x1)):
        if name in array.films and not part.active:
            raise NamError(f"it has {name!r} and nothing that it could bend; export it again")
    for gating in array.gating:
        if gating not in ("none", "gated", "blended"):
            raise NamError(f"it has the gating mode {gating!r:.40}; the format has none, gated and blended")
        rows = b * (1 if gating == "none" else 2)
        grouped = [(array.groups_input, rows, c), (array.groups_input_mixin, rows, d)]
        grouped += [(array.layer1x1.groups, c, b)] if array.layer1x1.active else []
        grouped += [(array.head1x1.groups, array.head1x1.out_channels, b)] if array.head1x1.active else []
        for name, size in film_rows(array, gating).items():
            grouped.append((array.films[name].groups, size * (2 if array.films[name].shift else 1), d))
        for groups, outputs, inputs in grouped:
            if outputs % groups or inputs % groups:
                raise NamError(f"{groups} groups do not divide {inputs} inputs and {outputs} outputs; export it again")
