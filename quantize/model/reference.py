"""The integer model in numpy: readable, and the measure for every faster implementation.

It works on whole signals at once. What changes over time when a position moves are only the rows' multipliers and
biases, so those are spread out over frames and everything else stays one matrix product per tap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.model.arithmetic import (
    Ints,
    gain_from_log2,
    multiply_q15,
    negative_multiplier,
    requantize,
    saturate,
    scale_multiplier,
    shift_round,
    sigmoid,
    tanh,
)
from gritspace.quantize.model.model import (
    Activation,
    Convolution,
    Dense,
    IntegerArray,
    IntegerFilm,
    IntegerLayer,
    IntegerModel,
)
from gritspace.quantize.network.run import added

RAMP_FRAMES = 192
RAMP_STEPS = 4
"""As in engine.h: a new position's gains and biases are reached in straight lines over this many frames and steps."""

Move = tuple[int, Sequence[int] | NDArray[np.int16]]
"""(frame, position in Q15): from this frame on, the engine heads for this position."""


def run(
    model: IntegerModel,
    audio: NDArray[np.int16],
    position: Sequence[int] | NDArray[np.int16] | None = None,
    moves: Sequence[Move] = (),
) -> NDArray[np.int16]:
    """audio int16 (frames,) -> int16 (frames,), from the state that silence leaves at `position` (None: the default).

    moves: positions set before the named frames, in order of frame. Raises ValueError for a wrong position size.
    """
    frames = len(audio)
    rows = _RowsOverTime(model, position, moves, frames)
    lead = model.receptive_field - 1
    dry = np.concatenate([np.zeros(lead, np.int64), np.asarray(audio, np.int64)])[:, None]
    rows.prepend(lead)
    stream, carry = dry, None
    for array in model.arrays:
        stream, carry = run_array(array, stream, dry, carry, rows, last=array is model.arrays[-1])
    assert carry is not None
    return carry[-frames:, 0].astype(np.int16) if frames else np.zeros(0, np.int16)


def ramps(moves: Sequence[Move], heading: object) -> list[Move]:
    """Moves, in order of frame, -> when the engine begins a ramp, and whereto. heading: the position it stands at.

    A position set while a ramp is under way waits for its end; of several that wait, the last counts. One that the
    engine has reached already begins nothing.
    """
    begun: list[Move] = []
    free_from, at = 0, 0
    heading = waiting = np.asarray(heading)
    for frame, z in [*moves, (np.iinfo(np.int64).max, heading)]:
        begin = max(at, free_from)
        if begin < frame and not np.array_equal(waiting, heading):
            begun.append((begin, waiting))
            heading, free_from = waiting, begin + RAMP_FRAMES
        waiting, at = np.asarray(z), frame
    return begun


class Rows(Protocol):
    """Multipliers and biases of the film rows."""

    def take(self, count: int, frames: int) -> tuple[Ints, Ints]:
        """The next `count` rows for the last `frames` frames: (multiplier, bias), each (frames or 1, count)."""
        ...


class _RowsOverTime:
    """Multipliers and biases of the film rows, a row of the table per segment of constant ones."""

    def __init__(self, model: IntegerModel, position: object, moves: Sequence[Move], frames: int) -> None:
        self.taken = 0
        base_multiplier = film_row_multipliers(model)
        base_bias = np.concatenate(
            [layer.conv.bias for a in model.arrays for layer in a.layers] + [model.arrays[-1].head.bias]
        ).astype(np.int64)

        def target(z: object) -> tuple[Ints, Ints]:
            if model.film is None:
                return base_multiplier, base_bias
            wanted = np.asarray(model.default_position if z is None else z, np.int64)
            if wanted.shape != (model.position_count,):
                raise ValueError(f"a position of this model has {model.position_count} numbers, not {wanted.shape}")
            return modulate(model.film, base_multiplier, wanted)

        multiplier, bias = target(position)
        starts, multipliers, biases = [0], [multiplier], [bias]
        step_frames = RAMP_FRAMES // RAMP_STEPS
        heading = np.asarray(model.default_position if position is None else position)
        for frame, z in ramps(moves, heading) if model.film is not None else []:
            start_multiplier, start_bias = multipliers[-1], biases[-1]
            end_multiplier, end_bias = target(z)
            for step in range(1, RAMP_STEPS + 1):
                starts.append(frame + (step - 1) * step_frames)
                multipliers.append(start_multiplier + (((end_multiplier - start_multiplier) * step) >> 2))
                biases.append(start_bias + (((end_bias - start_bias) * step) >> 2))
        self.segment = np.searchsorted(np.asarray(starts), np.arange(frames), side="right") - 1
        self.multipliers, self.biases = np.stack(multipliers), np.stack(biases)

    def prepend(self, lead: int) -> None:
        """Silence before the first frame is heard at the first position's rows."""
        self.segment = np.concatenate([np.zeros(lead, np.int64), self.segment])

    def take(self, count: int, frames: int) -> tuple[Ints, Ints]:
        """The next `count` rows for the last `frames` frames: (multiplier, bias), each (frames or 1, count)."""
        rows = slice(self.taken, self.taken + count)
        self.taken += count
        if len(self.multipliers) == 1:
            return self.multipliers[:, rows], self.biases[:, rows]
        segment = self.segment[len(self.segment) - frames :]
        return self.multipliers[segment, rows], self.biases[segment, rows]


def film_row_multipliers(model: IntegerModel) -> Ints:
    """(film rows,): at gain 1."""
    rows = [layer.conv.multiplier for array in model.arrays for layer in array.layers]
    return np.concatenate([*rows, model.arrays[-1].head.multiplier]).astype(np.int64)


def modulate(film: IntegerFilm, base_multiplier: Ints, position: Ints) -> tuple[Ints, Ints]:
    """A position (Q15) -> (multiplier, bias) of every film row."""
    hidden = tanh(saturate(_dense(film.hidden, position)))
    gain = gain_from_log2(_dense(film.gain, hidden))
    return scale_multiplier(base_multiplier, gain), _dense(film.bias, hidden)


def _dense(layer: Dense, x: Ints) -> Ints:
    return shift_round(layer.weight.astype(np.int64) @ x + layer.bias, layer.shift.astype(np.int64))


def run_array(
    array: IntegerArray, inputs: Ints, dry: Ints, carry: Ints | None, rows: Rows, last: bool
) -> tuple[Ints, Ints]:
    """One array on inputs (frames, n) and dry (frames, 1), each as many frames longer as it looks back: what the next
    one's stream and skip sum start from; of the last one the output, (frames, 1)."""
    stream = _constant_convolution(array.rechannel, inputs, dry)
    skips = None if carry is None else carry * array.carry_weight.astype(np.int64)
    for layer in array.layers:
        z = _activated(layer, stream, dry, rows)
        contribution = z * layer.skip_weight.astype(np.int64)
        skips = contribution if skips is None else added(skips, contribution)
        if layer.residual is not None:
            shifted = shift_round(stream[-len(z) :], layer.stream_shift.astype(np.int64))
            stream = saturate(shifted + _constant_convolution(layer.residual, z, dry))
    assert skips is not None
    head_inputs = saturate(shift_round(skips, array.skip_shift))
    if not last:
        return stream, _constant_convolution(array.head, head_inputs, dry)
    acc = accumulate(array.head, head_inputs, dry)
    multiplier, bias = rows.take(array.head.bias.size, len(acc))
    return stream, requantize(acc + bias, multiplier, array.head.shift)


def _activated(layer: IntegerLayer, stream: Ints, dry: Ints, rows: Rows) -> Ints:
    acc = accumulate(layer.conv, stream, dry)
    multiplier, bias = rows.take(layer.conv.bias.size, len(acc))
    acc = acc + bias
    if layer.activation is Activation.LEAKY_RELU:
        negative = negative_multiplier(multiplier, layer.slope_q15)
        pre = requantize(acc, np.where(acc < 0, negative, multiplier), layer.conv.shift)
    else:
        pre = requantize(acc, multiplier, layer.conv.shift)
    if not layer.gated:
        return activate(layer.activation, pre)
    half = pre.shape[1] // 2
    return multiply_q15(activate(layer.activation, pre[:, :half]), sigmoid(pre[:, half:]))


def activate(kind: Activation, pre: Ints) -> Ints:
    """The activation's table, where it has one; leaky ReLU is already in the requantization."""
    if kind is Activation.TANH:
        return tanh(pre)
    if kind is Activation.SIGMOID:
        return sigmoid(pre)
    return pre


def accumulate(conv: Convolution, inputs: Ints, dry: Ints) -> Ints:
    """Accumulators without bias, (frames - history, rows). float64 holds every integer below 2^53 exactly."""
    frames = len(inputs) - conv.history
    x = inputs.astype(np.float64)
    acc = np.zeros((frames, conv.bias.size))
    for tap in range(conv.weight.shape[1]):
        start = tap * conv.dilation
        acc += x[start : start + frames] @ conv.weight[:, tap, :].astype(np.float64).T
    if conv.mixin is not None:
        acc += dry[-frames:].astype(np.float64) * conv.mixin.astype(np.float64)
    return acc.astype(np.int64)


def _constant_convolution(conv: Convolution, inputs: Ints, dry: Ints) -> Ints:
    acc = accumulate(conv, inputs, dry) + conv.bias.astype(np.int64)
    return requantize(acc, conv.multiplier.astype(np.int64), conv.shift)
