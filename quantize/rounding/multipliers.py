"""Requantization's reach: which output scales a convolution with int8 weights can be brought to."""

from __future__ import annotations

import numpy as np

from gritspace.quantize.model.arithmetic import INT16_MAX
from gritspace.quantize.network.network import Floats

INPUT_SCALE = 2.0**-15
"""The dry input: int16 with full scale 1."""
MIN_SHIFT, MAX_SHIFT = 17, 46
"""17: below it SMLAWB followed by a shift no longer equals the rule; 46: TensorFlow Lite's own limit."""
BENT_SHIFT = 20
"""Of leaky rows that a position bends. They share a shift, their negative half has a multiplier a hundred times
smaller, and each gain rounds both anew: with the finest row at MIN_SHIFT the usual ones were left 100 to 400, their
negative halves 1 to 4."""
GAIN_HEADROOM = 4
"""FiLM's largest gain: multipliers at gain 1 stay this much below int16's end."""


def multiplier_limit(film: bool) -> int:
    """The largest multiplier at gain 1."""
    return INT16_MAX // GAIN_HEADROOM if film else INT16_MAX


def accumulator_scales(weight: Floats, mixin: Floats | None, input_scale: Floats) -> Floats:
    """(rows,): what an accumulator's step stands for when each row's largest weight becomes 127.

    weight (rows, inputs, kernel); mixin (rows,), which shares its row's scale because it adds into the same
    accumulator.
    """
    largest = np.abs(weight * input_scale[None, :, None]).max(axis=(1, 2))
    if mixin is not None:
        largest = np.maximum(largest, np.abs(mixin) * INPUT_SCALE)
    return np.asarray(largest / 127)


def finest_output_scales(
    weight: Floats, mixin: Floats | None, input_scale: Floats, film: bool, shift: int = MIN_SHIFT
) -> Floats:
    """(rows,): the smallest output scales that this shift and the multiplier's limit allow.

    A finer one would put steps into the output that no accumulator can tell apart.
    """
    return accumulator_scales(weight, mixin, input_scale) * 2.0**shift / multiplier_limit(film)
