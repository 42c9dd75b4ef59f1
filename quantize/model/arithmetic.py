"""The engine's integer arithmetic, in numpy: every rule once, each with its source.

The rules are TensorFlow Lite's for int8 weights and int16 activations ("16x8"); the C engine and the exported `.tflite`
follow the same ones to the bit. All functions take and return integer arrays and never wrap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

INT16_MIN, INT16_MAX = -32768, 32767
TANH_INPUT_SCALE = 1 / 6144
"""Scale of the table tanh's input: 128 steps a table entry, 24 entries a unit of the sigmoid below it."""
SIGMOID_INPUT_SCALE = 1 / 3072
TABLE_SCALE = 2.0**-15
"""Scale of what tanh, sigmoid and their product put out."""
LOG2_GAIN_ONE = 4096
"""FiLM's log2 gain is in Q12, from -2 to 2."""
GAIN_ONE = 16384
"""FiLM's gain is in Q14, from 1/4 to 4."""


def saturate(x: Ints) -> Ints:
    """To int16's range (the Cortex-M7's SSAT)."""
    return np.clip(x, INT16_MIN, INT16_MAX)


def requantize(acc: Ints, multiplier: Ints | int, shift: int) -> Ints:
    """`(acc * multiplier + 2^(shift-1)) >> shift`, saturated to int16.

    Source: TensorFlow Lite, MultiplyByQuantizedMultiplier for int64 accumulators. multiplier: 0..32767.

    >>> requantize(np.array([1000, -1000, 10**9]), 24576, 20)  # times 3/128, to the nearest
    array([   23,   -23, 32767])
    """
    return saturate((acc * multiplier + (1 << (shift - 1))) >> shift)


def shift_round(acc: Ints, shift: Ints | int) -> Ints:
    """`(acc + 2^(shift-1)) >> shift`; shift 0 leaves acc alone. Not saturated.

    >>> shift_round(np.array([5, 6, -6, 7]), np.array([2, 2, 2, 0]))
    array([ 1,  2, -1,  7])
    """
    shift = np.asarray(shift)
    half = np.where(shift > 0, np.left_shift(1, np.maximum(shift - 1, 0)), 0)
    return (acc + half) >> shift


def _sigmoid_entries() -> Ints:
    """TensorFlow Lite's `sigmoid_table_uint16`: sigmoid(i / 24) in Q16, i = 0..255.

    Each entry is raised by half the sag of the chords that meet there (step^2 / 16 of the second derivative), so that
    straight lines between entries err to both sides alike. The formula was found from the published entries.
    """
    s = 1 / (1 + np.exp(-np.arange(256) / 24))
    curvature = s * (1 - s) * (1 - 2 * s)
    entries = np.round(65536 * (s - curvature / 24**2 / 16)).astype(np.int64)
    entries[255] = 65535  # as published: the last chord rises to saturation
    return entries


def _mirrored(entries: Ints, saturated: int) -> tuple[Ints, Ints]:
    """Entries of the half line -> (base, slope) of all 512 segments; the outermost ones are flat at `saturated`."""
    half = np.append(entries, saturated)
    whole = np.concatenate([65536 - half[:0:-1], half])  # index i stands for segment i - 256
    base, slope = whole[:-1].copy(), np.diff(whole)
    base[0], slope[0] = 65536 - saturated, 0
    base[-1], slope[-1] = saturated, 0
    return base, slope


def tanh_table() -> tuple[Ints, Ints]:
    """(base, slope), 512 entries each, in Q15: tanh(x) is 2 sigmoid(2x) - 1, so the entries are sigmoid's."""
    base, slope = _mirrored(_sigmoid_entries(), 65535)
    return base - 32768, slope


def sigmoid_table() -> tuple[Ints, Ints]:
    """(base, slope), 512 entries each, in Q16."""
    entries = _sigmoid_entries()
    entries[255] = 65534  # saturation ends at 32767, which is this in Q16
    return _mirrored(entries, 65534)


_TANH = tanh_table()
_SIGMOID = sigmoid_table()


def _interpolate(x: Ints, table: tuple[Ints, Ints], shift: int) -> Ints:
    base, slope = table
    segment = (x >> 7) + 256
    # Rounding is symmetric about zero, as in TensorFlow Lite, hence one less for negative x.
    half = (1 << (shift - 1)) + np.where(x < 0, -1, 0)
    return ((base[segment] << 7) + slope[segment] * (x & 127) + half) >> shift


def tanh(x: Ints) -> Ints:
    """int16 at TANH_INPUT_SCALE -> int16 at TABLE_SCALE. Source: TensorFlow Lite, reference_integer_ops::Tanh."""
    return _interpolate(x, _TANH, 7)


def sigmoid(x: Ints) -> Ints:
    """int16 at SIGMOID_INPUT_SCALE -> int16 at TABLE_SCALE. Source: TensorFlow Lite,
    reference_integer_ops::Logistic."""
    return _interpolate(x, _SIGMOID, 8)


def multiply_q15(a: Ints, b: Ints) -> Ints:
    """Product of two Q15 numbers in Q15, rounded twice as TensorFlow Lite's int16 MUL does (2^-15 = 2^-1 * 2^-14)."""
    once = (a * b + 1) >> 1
    return saturate((once + (1 << 13) + np.where(once < 0, -1, 0)) >> 14)


def exp2_table() -> Ints:
    """65 entries: round(32768 * 2^(i/64)), i = 0..64."""
    return np.round(32768 * 2.0 ** (np.arange(65) / 64)).astype(np.int64)


_EXP2 = exp2_table()


def gain_from_log2(log2_gain: Ints) -> Ints:
    """log2 gain in Q12 (clamped to ±2) -> gain in Q14, 4096..65536. Relative error below 3e-5 (interpolated table)."""
    clamped = np.clip(log2_gain, -2 * LOG2_GAIN_ONE, 2 * LOG2_GAIN_ONE)
    octave, fraction = clamped >> 12, clamped & 4095
    entry, rest = fraction >> 6, fraction & 63
    mantissa = _EXP2[entry] + (((_EXP2[np.minimum(entry + 1, 64)] - _EXP2[entry]) * rest + 32) >> 6)
    return (mantissa << (octave + 2)) >> 3


def scale_multiplier(multiplier: Ints, gain: Ints) -> Ints:
    """A row's multiplier under a FiLM gain (Q14), at most 32767."""
    return np.minimum((multiplier * gain + GAIN_ONE // 2) >> 14, INT16_MAX)


def negative_multiplier(multiplier: Ints, slope_q15: int) -> Ints:
    """The multiplier that negative accumulators meet under a leaky ReLU: no activation step is left to do."""
    return (multiplier * slope_q15 + (1 << 14)) >> 15
