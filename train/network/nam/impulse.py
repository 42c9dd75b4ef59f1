"""An impulse response as a network of the engine's family: one layer of delays, and a head that weighs them.

Channel j is the dry audio, 64 * j frames late, as loud as the response is from there on; the head's 64 taps
are those frames, divided by it. So every stretch of a response that dies away has int8 weights of its own size.
"""

from __future__ import annotations

import numpy as np

from gritspace.train.network.nam.family import ArrayWeights, Beyond, LayerWeights
from gritspace.train.network.nam.player import linear_of
from gritspace.train.network.nam.records import Model

TAPS = 64
LONGEST = 16 * TAPS
"""Frames. Twice as many cost four times as much, and no module plays them."""


def linear_arrays(model: Model) -> tuple[ArrayWeights, ...]:
    """One array. Raises Beyond for a response that is too long, NamError for a damaged file."""
    response, constant = linear_of(model)
    response = np.trim_zeros(response, "b")
    if len(response) > LONGEST:
        raise Beyond(f"its impulse response is {len(response):,} frames long; the engine runs up to {LONGEST:,}")
    channels = max(2, -(-len(response) // TAPS))
    rows = np.zeros((channels, TAPS))
    rows.reshape(-1)[: len(response)] = response
    size = np.abs(rows).max(axis=1)
    gain = np.where(size > 0, size / max(size.max(), 1e-30), 1.0)
    conv = np.zeros((channels, channels, channels))
    conv[np.arange(channels), 0, channels - 1 - np.arange(channels)] = gain
    rechannel, zeros = np.zeros((channels, 1)), np.zeros(channels)
    rechannel[0] = 1.0
    head = (rows / gain[:, None])[None, :, ::-1]
    layer = LayerWeights(conv, zeros, zeros, np.zeros((channels, channels)), zeros, TAPS, "linear", 0.0, False)
    return (ArrayWeights(rechannel, (layer,), np.ascontiguousarray(head), np.array([constant])),)
