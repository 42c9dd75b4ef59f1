"""What the loudness of bends is held to: how much louder the network makes what is so loud, measured when the model is
made with a riff at many levels; kept behind the model's metadata."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import SAMPLE_RATE, riff
from gritspace.host_tools.sound import bent
from gritspace.host_tools.sound.bend_level import CURVE_FIRST, CURVE_OCTAVES, Loudness
from gritspace.host_tools.sound.pair import level_only, morph_engine
from gritspace.host_tools.sound.snapshot_knobs import BLOCK_FRAMES, UNITY
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.grit_layout import BEND_CURVE
from gritspace.quantize.model.model import IntegerModel

PHRASE_SECONDS = 2.4
"""The riff's first half; the table of docs/knobs.md hears its second."""
LEVELS_DB = (6, -6, -18, -30, -42)
"""Of a phrase whose peaks are at -6 dBFS."""
HALF_DB_PER_OCTAVE = 2 * 10 * np.log10(2)
MOST = 127


def bend_fitted(model: IntegerModel) -> IntegerModel:
    """The model with the curve that its bends are held to, of its network where it starts."""
    alone = replace(model, bend_curve=(), impulse=None, pair=None)
    network = morph_engine(model, 0) if level_only(model) else Engine(to_bytes(alone))
    rest = bent.rest_of(network)
    phrase = riff(PHRASE_SECONDS)[: int(PHRASE_SECONDS * SAMPLE_RATE)]
    louds, gains = [], []
    for level in LEVELS_DB:
        network.reset(None)
        heard = np.clip(np.round(phrase * 10 ** (level / 20) * 32767), -32768, 32767).astype(np.int16)
        into, out = _loudness(heard, 0), _loudness(network.process(heard), rest)
        louds.append(into)
        gains.append(out - into)
    return replace(model, bend_curve=curve_of(np.concatenate(louds), np.concatenate(gains)))


def curve_of(louds: NDArray[np.float64], gains: NDArray[np.float64]) -> tuple[int, ...]:
    """Octaves of power, how loud goes in and how much louder comes out, (blocks,) -> half decibels by point.

    The straight lines between points that are nearest to all blocks; the ends, where nothing was heard, as their
    neighbours.
    """
    place = np.clip((louds - CURVE_FIRST / UNITY) / CURVE_OCTAVES, 0, BEND_CURVE - 1)
    shares = np.clip(1 - np.abs(place[:, None] - np.arange(BEND_CURVE)), 0, 1)
    bow = 0.03 * len(louds) ** 0.5 * np.diff(np.eye(BEND_CURVE), axis=0)  # what no block says is as beside it
    found = np.linalg.lstsq(np.concatenate([shares, bow]), np.concatenate([gains, np.zeros(len(bow))]), rcond=None)[0]
    return tuple(int(value) for value in np.clip(np.round(found * HALF_DB_PER_OCTAVE), -MOST, MOST))


def _loudness(samples: NDArray[np.int16], rest: int) -> NDArray[np.float64]:
    """By block, octaves of power."""
    loudness = Loudness()
    blocks = samples[: len(samples) // BLOCK_FRAMES * BLOCK_FRAMES].reshape(-1, BLOCK_FRAMES)
    return np.array([loudness.heard(block, rest) for block in blocks]) / UNITY
