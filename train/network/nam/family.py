"""A WaveNet as a network of the engine's family, weight by weight, where it is one or can be written as one.

Written as one, exactly: grouped convolutions (with zeros), a bottleneck (with channels of zeros), no layer 1x1 (zeros),
a dilated head (a longer one with zeros), PReLU (a leaky ReLU; with a slope a channel two ReLUs), a 1x1 to the head (a
second sum in the residual stream, read by one more layer that does nothing else). What is beyond that is refused by
name, and `player` plays it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gritspace.train.network.limits import Limits
from gritspace.train.network.nam.activations import NAMES, OURS
from gritspace.train.network.nam.records import Activation, Array, Model, NamError, WaveNet
from gritspace.train.network.nam.slimmable import cut
from gritspace.train.network.nam.wavenet import ArrayParts, Floats, LayerParts, parts_of, wavenet_record


class Beyond(NamError):
    """A sound file, whose network is not of the family."""


@dataclass(frozen=True)
class LayerWeights:
    """conv (rows, channels, kernel), oldest tap first; bias, mixin (rows,); one (channels, channels), one_bias.

    rows is channels, or twice that when gated: the second half is the gate's. activation: tanh, sigmoid, relu,
    leaky_relu, hardtanh or linear.
    """

    conv: Floats
    bias: Floats
    mixin: Floats
    one: Floats
    one_bias: Floats
    dilation: int
    activation: str
    negative_slope: float
    gated: bool


@dataclass(frozen=True)
class ArrayWeights:
    """rechannel (channels, inputs); head (head size, channels, kernel); head_bias (head size,)."""

    rechannel: Floats
    layers: tuple[LayerWeights, ...]
    head: Floats
    head_bias: Floats


def family_of(
    model: Model, limits: Limits, what: str = "the engine runs", widths: Sequence[int] | None = None
) -> tuple[ArrayWeights, ...]:
    """The arrays, the head's scale in the last one's. Raises Beyond for what is not in the family or its limits, by
    name, NamError for what is damaged.

    what: said before a limit, "the engine runs" 1 to so many. widths: of a slimmable one, its arrays' channels.
    """
    config = wavenet_record(model)
    if widths is None:
        _refuse_sizes(config, limits, what)
    if config.head is not None or config.condition_dsp is not None:
        key = "head" if config.head is not None else "condition_dsp"
        raise Beyond(f"it has a {key!r} network, a further network that the engine does not have")
    if config.layers[-1].head.out_channels != 1:
        raise NamError(f"it has {config.layers[-1].head.out_channels} outputs; audio has one")
    for array in config.layers:
        _refuse_extras(array)
    parts = parts_of(config, model)
    if widths is not None:
        config, parts = cut(config, parts, widths)
        _refuse_sizes(config, limits, what)
    written = [_Written(array, its) for array, its in zip(config.layers, parts.arrays, strict=True)]
    for one in written:
        _within(one.width, limits.channels, "channels", what)
    arrays, inputs = [], 1
    for index, one in enumerate(written):
        last = index + 1 == len(written)
        heads = one.parts.head.shape[0] if last else written[index + 1].width
        first = 0 if last else written[index + 1].summed_at
        arrays.append(one.array(inputs, heads, first, parts.scale if last else 1.0))
        inputs = one.width
    return tuple(arrays)


class _Written:
    """One array: where its channels lie when it is as wide as it has to be.

    The stream is in the first channels. Outputs are in the first rows, but for what a 1x1 to the head makes of them:
    that is added up in the stream behind the rest, and one more layer puts it out at `summed_at`.
    """

    def __init__(self, array: Array, parts: ArrayParts) -> None:
        self.config, self.parts = array, parts
        self.slopes = [_slopes(kind, array.bottleneck) for kind in array.activations]
        self.doubled = any(slopes is not None for slopes in self.slopes)
        own = max(array.channels, array.bottleneck * (2 if self.doubled else 1))
        self.summed = array.head1x1.out_channels if array.head1x1.active else 0
        self.width = own + self.summed
        self.summed_at = own if self.summed else 0

    def array(self, inputs: int, heads: int, first: int, scale: float) -> ArrayWeights:
        """inputs: the width before. heads: rows of the head, its own from `first` on."""
        layers = [self._layer(index, its) for index, its in enumerate(self.parts.layers)]
        if self.summed:
            layers.append(self._reader())
        head = _stretched(self.parts.head * scale, self.config.head.head_dilation)
        own, read, taps = head.shape
        wide, bias = np.zeros((heads, self.width, taps)), np.zeros(heads)
        wide[first : first + own, self.summed_at : self.summed_at + read] = head
        if self.doubled and not self.summed:
            b = self.config.bottleneck
            wide[first : first + own, b : 2 * b] = -head
        bias[first : first + own] = self.parts.head_bias * scale
        if self.summed:  # behind what is read: channels of zeros, which a sigmoid does not leave at zero
            bias[first : first + own] -= head.sum(axis=(1, 2)) * self._at_rest()
        return ArrayWeights(_grown(self.parts.rechannel, self.width, inputs), tuple(layers), wide, bias)

    def _at_rest(self) -> float:
        """What the layers together put out for an input of zero."""
        kinds = zip(self.config.activations, self.config.gating, strict=True)
        return sum(0.5 * (0.5 if gating == "gated" else 1.0) for kind, gating in kinds if kind.type == "Sigmoid")

    def _layer(self, index: int, parts: LayerParts) -> LayerWeights:
        array, width = self.config, self.width
        activation, gated = array.activations[index], array.gating[index] == "gated"
        slopes = self.slopes[index]
        if slopes is not None:  # x, and -slope * x below zero: two ReLUs, the second one taken away again
            both = [np.concatenate([x, x * -slopes.reshape(-1, *[1] * (x.ndim - 1))]) for x in _rows(parts)]
            conv, bias, mixin = both
            halves = 1
        else:
            (conv, bias, mixin), halves = _rows(parts), 2 if gated else 1
        rows = len(bias) // halves

        def spread(x: Floats) -> Floats:
            out = np.zeros((halves * width, *x.shape[1:]))
            for half in range(halves):
                out[half * width : half * width + rows] = x[half * rows : (half + 1) * rows]
            return out

        wide = np.zeros((len(conv), width, conv.shape[2]))
        wide[:, : conv.shape[1]] = conv
        one, one_bias = np.zeros((width, width)), np.zeros(width)
        for weight, its_bias, at in (
            (parts.one, parts.one_bias, 0),
            (parts.head_one, parts.head_one_bias, self.summed_at),
        ):
            if weight is None or its_bias is None:
                continue
            to, read = weight.shape
            one[at : at + to, :read] = weight
            if slopes is not None:
                one[at : at + to, read : 2 * read] = -weight
            one_bias[at : at + to] = its_bias
        kind, slope = ("relu", 0.0) if slopes is not None else _ours(activation)
        return LayerWeights(
            spread(wide), spread(bias), spread(mixin), one, one_bias, array.dilations[index], kind, slope, gated
        )

    def _reader(self) -> LayerWeights:
        """Puts out the sum that the 1x1s to the head made."""
        width = self.width
        conv = np.zeros((width, width, 1))
        own = np.arange(self.summed_at, self.summed_at + self.summed)
        conv[own, own, 0] = 1.0
        zeros = np.zeros(width)
        return LayerWeights(conv, zeros, zeros, np.zeros((width, width)), zeros, 1, "linear", 0.0, False)


def _rows(parts: LayerParts) -> tuple[Floats, Floats, Floats]:
    return parts.conv, parts.bias, parts.mixin[:, 0]


def _slopes(kind: Activation, bottleneck: int) -> Floats | None:
    """A PReLU's slopes, where they differ."""
    if kind.type != "PReLU" or kind.negative_slopes is None or len(set(kind.negative_slopes)) == 1:
        return None
    slopes: Floats = np.asarray(kind.negative_slopes)
    if len(slopes) != bottleneck:
        raise NamError(f"a PReLU has {len(slopes)} slopes for {bottleneck} channels; export it again")
    return slopes


def _ours(kind: Activation) -> tuple[str, float]:
    """Our name of an activation, and the slope below zero."""
    if kind.type == "PReLU":
        return "leaky_relu", kind.negative_slopes[0] if kind.negative_slopes else kind.negative_slope
    name = "tanh" if kind.type == "Fasttanh" else OURS[kind.type]
    return name, kind.negative_slope if kind.type == "LeakyReLU" else 0.0


def _grown(x: Floats, *shape: int) -> Floats:
    out = np.zeros(shape)
    out[tuple(slice(0, n) for n in x.shape)] = x
    return out


def _stretched(head: Floats, dilation: int) -> Floats:
    """A dilated kernel as one of every frame."""
    rows, inputs, taps = head.shape
    out = np.zeros((rows, inputs, (taps - 1) * dilation + 1))
    out[:, :, ::dilation] = head
    return out


def _refuse_sizes(config: WaveNet, limits: Limits, what: str) -> None:
    _within(len(config.layers), limits.arrays, "the number of layer arrays", what)
    for array in config.layers:
        _refuse_size(array, limits, what)


def _refuse_size(array: Array, limits: Limits, what: str) -> None:
    _within(array.channels, limits.channels, "channels", what)
    _within(array.bottleneck, limits.channels, "bottleneck", what)
    _within(array.input_size, limits.channels, "input_size", what)
    _within(array.head.out_channels, limits.channels, "head_size", what)
    taps = (array.head.kernel_size - 1) * array.head.head_dilation + 1
    _within(taps, limits.kernel, "the head's kernel_size", what)
    _within(len(array.dilations), limits.layers, "the number of layers in an array", what)
    for kernel in array.kernel_sizes:
        _within(kernel, limits.kernel, "a kernel size", what)
    for dilation in array.dilations:
        _within(dilation, limits.dilation, "a dilation", what)


def _within(value: int, limit: int, name: str, what: str) -> None:
    if not 1 <= value <= limit:
        raise Beyond(f"{name} is {value}; {what} 1 to {limit}")


def _refuse_extras(array: Array) -> None:
    if array.condition_size != 1:
        raise NamError(
            f"its condition_size is {array.condition_size}, and the dry input alone comes in; export it again"
        )
    if array.films:
        raise Beyond(f"it uses {next(iter(array.films))!r}, which the engine does not have")
    for activation, mode, gate in zip(array.activations, array.gating, array.gates, strict=True):
        if activation.type not in NAMES:
            raise NamError(f"it has the activation {activation.type!r:.40}; the format has {', '.join(sorted(NAMES))}")
        if activation.type not in (*OURS, "PReLU", "Fasttanh"):
            raise Beyond(f"it has the activation {activation.type!r:.40}; the engine has {', '.join(OURS)}")
        if mode == "blended":
            raise Beyond(f"it has the gating mode {mode!r:.40}; the engine has 'none' and 'gated'")
        if mode == "gated" and gate is not None and gate.type != "Sigmoid":
            raise Beyond(f"its gate is {gate.type!r:.40}; the engine's is Sigmoid")
    slopes = [_slopes(kind, array.bottleneck) for kind in array.activations]
    several = any(one is not None for one in slopes)
    plain = all(one is not None and one.min() >= 0 for one in slopes) and "gated" not in array.gating
    if several and not plain:
        raise Beyond("it has the activation 'PReLU' with a slope a channel beside something else in one array")
    for activation in array.activations:
        if not several and activation.type in ("PReLU", "LeakyReLU") and not 0 <= _ours(activation)[1] < 1:
            raise Beyond(f"it has a slope of {_ours(activation)[1]:g} below zero; the engine's are from 0 to 1")
