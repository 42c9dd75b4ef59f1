"""Where an integer model's noise comes from: every rounding by itself, all else exact. The table in docs/space.md.

python -m gritspace.host_tools.models.grain MODEL.grit [--peak-dbfs -50]
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import riff
from gritspace.quantize.model import arithmetic
from gritspace.quantize.model.fold import at_position
from gritspace.quantize.model.grit import read_grit
from gritspace.quantize.model.model import Activation, Convolution, IntegerArray, IntegerLayer, IntegerModel
from gritspace.quantize.network.run import added

Floats = NDArray[np.float64]

PLACES = {
    "rechannel": "what an array's first convolution puts out",
    "activation input": "what goes into an activation",
    "activation": "what a table puts out, its straight lines included",
    "stream": "the residual stream, where it is shifted",
    "1x1": "what a layer adds to the stream",
    "skip": "the skip sum, narrowed for the head",
    "output": "what a head puts out",
}
SECONDS = 2.4


def played(model: IntegerModel, audio: NDArray[np.int16], rounded: Collection[str]) -> Floats:
    """audio (frames,) through a snapshot -> (frames,) in steps of its output, rounded at these of PLACES only.

    From the state silence leaves. Rounded everywhere it is `reference.run` to the bit. Raises ValueError for a space.
    """
    if model.film is not None:
        raise ValueError("a space has no one sound; fold it at a position first")
    dry = np.concatenate([np.zeros(model.receptive_field - 1), audio.astype(np.float64)])[:, None]
    walk = _Walk(dry, frozenset(rounded))
    stream, carry = dry, None
    for array in model.arrays:
        stream, carry = walk.array(array, stream, carry)
    assert carry is not None
    return np.asarray(carry[len(carry) - len(audio) :, 0])


def of_places(model: IntegerModel, audio: NDArray[np.int16]) -> dict[str, float]:
    """Signal over noise, dB, of each of PLACES rounded alone and of all together; infinite where none does anything."""
    exact = played(model, audio, ())

    def against(rounded: Collection[str]) -> float:
        noise = float(np.var(played(model, audio, rounded) - exact))
        return float(10 * np.log10(np.var(exact) / noise)) if noise > 0 else float("inf")

    return {**{place: against([place]) for place in PLACES}, "all": against(PLACES)}


class _Walk:
    """The reference's arithmetic in real numbers, made whole where asked."""

    def __init__(self, dry: Floats, rounded: frozenset[str]) -> None:
        self.dry, self.rounded = dry, rounded

    def array(self, array: IntegerArray, inputs: Floats, carry: Floats | None) -> tuple[Floats, Floats]:
        stream = self._convolved(array.rechannel, inputs, "rechannel")
        skips = None if carry is None else carry * array.carry_weight
        for layer in array.layers:
            z = self._activated(layer, stream)
            part = z * layer.skip_weight
            skips = part if skips is None else added(skips, part)
            if layer.residual is not None:
                shifted = self._whole(
                    stream[len(stream) - len(z) :] * 2.0 ** -layer.stream_shift.astype(np.float64), "stream"
                )
                stream = _saturated(shifted + self._convolved(layer.residual, z, "1x1"))
        assert skips is not None
        head = _saturated(self._whole(skips * 2.0**-array.skip_shift, "skip"))
        return stream, self._convolved(array.head, head, "output")

    def _activated(self, layer: IntegerLayer, stream: Floats) -> Floats:
        acc = self._accumulated(layer.conv, stream)
        multiplier = layer.conv.multiplier.astype(np.int64)
        factor: NDArray[np.int64] = multiplier
        if layer.activation is Activation.LEAKY_RELU:
            factor = np.where(acc < 0, arithmetic.negative_multiplier(multiplier, layer.slope_q15), multiplier)
        pre = _saturated(self._whole(acc * factor * 2.0**-layer.conv.shift, "activation input"))
        if not layer.gated:
            return self._table(layer.activation, pre)
        half = pre.shape[1] // 2
        main, gate = self._table(layer.activation, pre[:, :half]), self._table(Activation.SIGMOID, pre[:, half:])
        if self.rounded.issuperset({"activation input", "activation"}):
            return arithmetic.multiply_q15(main.astype(np.int64), gate.astype(np.int64)).astype(np.float64)
        return self._whole(main * gate * 2.0**-15, "activation")

    def _table(self, kind: Activation, pre: Floats) -> Floats:
        if kind not in (Activation.TANH, Activation.SIGMOID):
            return pre
        tanh = kind is Activation.TANH
        if self.rounded.issuperset({"activation input", "activation"}):
            whole = pre.astype(np.int64)
            return (arithmetic.tanh(whole) if tanh else arithmetic.sigmoid(whole)).astype(np.float64)
        x = pre * (arithmetic.TANH_INPUT_SCALE if tanh else arithmetic.SIGMOID_INPUT_SCALE)
        smooth = (np.tanh(x) if tanh else 1 / (1 + np.exp(-x))) * 2.0**15
        if "activation" not in self.rounded:
            return np.asarray(smooth)
        base, slope = arithmetic.tanh_table() if tanh else arithmetic.sigmoid_table()
        segment = np.floor(pre / 128).astype(np.int64) + 256
        chord = base[segment] + slope[segment] * (pre / 128 - np.floor(pre / 128))
        return np.asarray(np.round(chord if tanh else chord / 2))

    def _convolved(self, conv: Convolution, inputs: Floats, place: str) -> Floats:
        return _saturated(self._whole(self._accumulated(conv, inputs) * conv.multiplier * 2.0**-conv.shift, place))

    def _accumulated(self, conv: Convolution, inputs: Floats) -> Floats:
        frames = len(inputs) - conv.history
        acc = np.tile(conv.bias.astype(np.float64), (frames, 1))
        for tap in range(conv.weight.shape[1]):
            acc += inputs[tap * conv.dilation :][:frames] @ conv.weight[:, tap].astype(np.float64).T
        if conv.mixin is not None:
            acc += self.dry[len(self.dry) - frames :] * conv.mixin
        return acc

    def _whole(self, x: Floats, place: str) -> Floats:
        return np.asarray(np.floor(x + 0.5)) if place in self.rounded else x


def _saturated(x: Floats) -> Floats:
    return np.asarray(np.clip(x, arithmetic.INT16_MIN, arithmetic.INT16_MAX))


def main() -> None:
    """Reads a model, prints the table."""
    parser = argparse.ArgumentParser(description="Where an integer model's noise comes from, at a quiet riff.")
    parser.add_argument("model", type=Path, help="a .grit file; a space is heard at its default position")
    parser.add_argument("--peak-dbfs", type=float, default=-50.0)
    arguments = parser.parse_args()
    model = at_position(read_grit(arguments.model))
    audio = np.round(riff(SECONDS, peak=10 ** (arguments.peak_dbfs / 20)) * 32768).astype(np.int16)
    print("| rounded | signal over noise, dB |\n|---|---|")
    for place, db in of_places(model, audio).items():
        print(f"| {PLACES.get(place, place)} | {db:.1f} |")


if __name__ == "__main__":
    main()
