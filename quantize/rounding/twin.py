"""The float network and the integers it becomes, side by side, one convolution after the other, on calibration audio.

Each convolution is rounded in the light of what it will really hear: the audio as the convolutions before it, already
rounded, hand it on. So it can take up, as far as weights can, the error that has come down to it, and its own
rounding errors are made to cancel in what it hears (see `rounding`). Source: Frantar et al., "GPTQ", 2022, arXiv
2210.17323, with the target computed from the float network's own inputs, as in Li et al., "GPTAQ", 2025, arXiv
2504.02692.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.network.network import Floats, Layer, LayerArray, Network
from gritspace.quantize.network.run import Samples, activated, added, convolve, film_rows

GRAM_FRAMES = 400_000
"""Frames drawn over all positions."""
MAX_FRAMES = 60_000
"""And from one at most."""
HOLD = 1e-5
"""How firmly weights are held to their own values when they take up errors, over their inputs' mean square."""


@dataclass(frozen=True)
class Heard:
    """A convolution as it should be rounded. weight (rows, inputs, kernel), mixin (rows,) or None, bias (rows,), with
    the errors before it taken up; gram (rows or 1, n, n) of its inputs: taps outer, channels inner, the dry input where
    there is a mix-in, a constant one last. Positions are summed, each by the square of the gain it gives the row, over
    the power it gives the output: errors are heard against that. None where nobody measured."""

    weight: Floats
    mixin: Floats | None
    bias: Floats
    gram: Floats | None


@dataclass(frozen=True)
class Rounded:
    """What a convolution's integers stand for, shapes as in Heard."""

    weight: Floats
    mixin: Floats | None
    bias: Floats


class _Place:
    """One position's audio, as far as both networks have come. Arrays (frames, channels), float and rounded."""

    def __init__(
        self, network: Network, dry: NDArray[np.float32], position: Floats | None, power: float, drawn: int
    ) -> None:
        lead = np.zeros(network.receptive_field - 1, np.float32)
        self.dry = np.concatenate([lead, dry.astype(np.float32)])[:, None]
        self.gains, self.biases = (rows.astype(np.float32) for rows in film_rows(network, position))
        self.share = 1.0 / (power + 1e-9)
        self.streams: tuple[Samples, Samples] = (self.dry, self.dry)
        self.skips: tuple[Samples, Samples] | None = None  # summed
        self.last_skips = self.streams
        self.drawn = np.linspace(0, len(dry) - 1, min(drawn, len(dry))).astype(int) - len(dry)  # from the end


class Twin:
    """Both networks on calibration audio; `convolutions` walks them once, from the input to the output."""

    def __init__(
        self,
        network: Network,
        audio: Sequence[NDArray[np.float32]],
        positions: Sequence[Floats],
        powers: Sequence[float],
    ) -> None:
        """audio[p] (frames,) heard at positions[p]; powers[p]: mean square of the float network's output there."""
        self.network, self.row = network, 0
        drawn = min(GRAM_FRAMES // len(positions), MAX_FRAMES)
        self.places = [
            _Place(network, dry, position if network.film else None, power, drawn)
            for dry, position, power in zip(audio, positions, powers, strict=True)
        ]

    def convolutions(self) -> Generator[Heard, Rounded | None, None]:
        """Each convolution as it should be rounded, in the network's order: per array its rechannelling, per layer the
        dilated convolution and the 1x1 (none where nothing reads it), the head.

        Each must be answered, by `send`, with what its integers stand for: the next one hears that.
        """
        for array in self.network.arrays:
            last = array is self.network.arrays[-1]
            rounded = yield Heard(array.rechannel[:, :, None], None, np.zeros(array.channels), None)
            self._after_rechannel(array, _answer(rounded))
            for layer in array.layers:
                rounded = yield self._layer(layer)
                self._after_layer(layer, _answer(rounded))
                if not (last and layer is array.layers[-1]):
                    rounded = yield self._residual(layer)
                    self._after_residual(layer, _answer(rounded))
            rounded = yield self._head(array, last)
            self._after_head(array, _answer(rounded))

    def _after_rechannel(self, array: LayerArray, rounded: Rounded) -> None:
        """Into an array's residual stream."""
        for place in self.places:
            exact, real = place.streams
            place.streams = (exact @ _f32(array.rechannel).T, real @ _f32(rounded.weight[:, :, 0]).T)

    def _layer(self, layer: Layer) -> Heard:
        """The layer's dilated convolution."""
        gathered = _Sums(bent=self.network.film is not None)
        weight = _flat(layer.weight)
        for place in self.places:
            exact, real = (_taps(x, place.drawn, layer.weight.shape[2], layer.dilation) for x in place.streams)
            rest = np.concatenate([place.dry[place.drawn], np.ones((len(place.drawn), 1))], axis=1)
            gathered.add(place, self._rows(layer), np.concatenate([real, rest], axis=1), (exact - real) @ weight.T)
        return gathered.heard(layer.weight, layer.mixin, layer.bias)

    def _after_layer(self, layer: Layer, rounded: Rounded) -> None:
        """Through a layer's convolution and activation, into the skip sum."""
        rows = self._rows(layer)
        self.row = rows.stop
        for place in self.places:
            now = []
            for stream, (weight, mixin, bias) in zip(
                place.streams,
                ((layer.weight, layer.mixin, layer.bias), (rounded.weight, rounded.mixin, rounded.bias)),
                strict=True,
            ):
                pre = convolve(stream, _f32(weight), layer.dilation)
                assert mixin is not None
                pre += place.dry[-len(pre) :] * _f32(mixin) + _f32(bias)
                now.append(activated(layer, place.gains[rows] * (pre + place.biases[rows])))
            place.last_skips = (now[0], now[1])
            if place.skips is None:
                place.skips = place.last_skips
            else:
                place.skips = (added(place.skips[0], now[0]), added(place.skips[1], now[1]))

    def _residual(self, layer: Layer) -> Heard:
        """The layer's 1x1, which takes up what has gone wrong in the stream so far."""
        gathered = _Sums(bent=False)
        for place in self.places:
            exact, real = (skip[place.drawn] for skip in place.last_skips)
            missing = (exact - real) @ layer.residual_weight.T + place.streams[0][place.drawn]
            inputs = np.concatenate([real, np.ones((len(place.drawn), 1))], axis=1)
            gathered.add(place, slice(None), inputs, missing - place.streams[1][place.drawn])
        return gathered.heard(layer.residual_weight[:, :, None], None, layer.residual_bias)

    def _after_residual(self, layer: Layer, rounded: Rounded) -> None:
        """On along the stream."""
        for place in self.places:
            exact, real = place.last_skips
            place.streams = (
                place.streams[0][-len(exact) :] + exact @ _f32(layer.residual_weight).T + _f32(layer.residual_bias),
                place.streams[1][-len(real) :] + real @ _f32(rounded.weight[:, :, 0]).T + _f32(rounded.bias),
            )

    def _head(self, array: LayerArray, last: bool) -> Heard:
        """The convolution that reads the skip sum."""
        gathered = _Sums(bent=last and self.network.film is not None)
        weight = _flat(array.head_weight)
        for place in self.places:
            assert place.skips is not None
            exact, real = (_taps(x, place.drawn, array.head_weight.shape[2], 1) for x in place.skips)
            inputs = np.concatenate([real, np.ones((len(place.drawn), 1))], axis=1)
            gathered.add(place, slice(self.row, None), inputs, (exact - real) @ weight.T)
        return gathered.heard(array.head_weight, None, array.head_bias)

    def _after_head(self, array: LayerArray, rounded: Rounded) -> None:
        """What the next array's skip sum starts from."""
        for place in self.places:
            assert place.skips is not None
            place.skips = (
                convolve(place.skips[0], _f32(array.head_weight), 1) + _f32(array.head_bias),
                convolve(place.skips[1], _f32(rounded.weight), 1) + _f32(rounded.bias),
            )

    def _rows(self, layer: Layer) -> slice:
        return slice(self.row, self.row + layer.bias.size)


def _answer(rounded: Rounded | None) -> Rounded:
    if rounded is None:
        raise ValueError("each convolution must be answered with its rounding before the next is asked for")
    return rounded


class _Sums:
    """Of products of a convolution's inputs with themselves and with what is missing behind it."""

    def __init__(self, bent: bool) -> None:
        self.bent = bent
        self.gram: Floats | None = None
        self.cross: Floats | None = None

    def add(self, place: _Place, rows: slice, inputs: Samples, missing: Samples) -> None:
        """inputs (frames, n), missing (frames, rows): what the rows should put out more than they would."""
        inputs, missing = inputs.astype(np.float64), missing.astype(np.float64)
        share = place.share / len(inputs) * (place.gains[rows].astype(np.float64) ** 2 if self.bent else np.ones(1))
        gram = share[:, None, None] * (inputs.T @ inputs)
        cross = share[:, None] * (missing.T @ inputs)
        self.gram = gram if self.gram is None else self.gram + gram
        self.cross = cross if self.cross is None else self.cross + cross

    def heard(self, weight: Floats, mixin: Floats | None, bias: Floats) -> Heard:
        """The convolution with its missing part taken up, as ridge regression has it."""
        assert self.gram is not None
        assert self.cross is not None
        n = self.gram.shape[-1]
        held = HOLD * np.maximum(np.trace(self.gram, axis1=1, axis2=2) / n, 1e-30)
        firm = self.gram + held[:, None, None] * np.eye(n)
        change = np.linalg.solve(firm, self.cross[..., None])[..., 0]
        rows, inputs, kernel = weight.shape
        taps = change[:, : kernel * inputs].reshape(rows, kernel, inputs).transpose(0, 2, 1)
        return Heard(weight + taps, None if mixin is None else mixin + change[:, -2], bias + change[:, -1], self.gram)


def _taps(value: Samples, drawn: NDArray[np.int64], kernel: int, dilation: int) -> Samples:
    """(drawn, kernel * channels): oldest tap first. Frames before the value's first are its first: silence's."""
    at = drawn + len(value)
    back = [(kernel - 1 - k) * dilation for k in range(kernel)]
    return np.concatenate([value[np.maximum(at - b, 0)] for b in back], axis=1)


def _flat(weight: Floats) -> Floats:
    """(rows, inputs, kernel) -> (rows, kernel * inputs), as `_taps` has them."""
    return weight.transpose(0, 2, 1).reshape(len(weight), -1)


def _f32(x: Floats) -> Samples:
    return x.astype(np.float32)
