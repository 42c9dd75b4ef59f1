"""What holds the loudness of bends: measured once, when the model is made, with the riff's beginning, place by place
along each knob; kept behind the model's metadata.

The places of the first knob are measured with the others in their middles, those of the others with the first one half
way to the right (slope, whose knobs stand for themselves: in its middle).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import SAMPLE_RATE, riff
from gritspace.host_tools.models import bends, bent
from gritspace.host_tools.models.loudness import lufs
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.grit_layout import BEND_LEVELS
from gritspace.quantize.model.model import IntegerModel

PHRASE_SECONDS = 0.7
MOST_QUARTERS = 96
FULL = 32768
OTHERS_AT = 0.5
"""Where the first knob stands while the others' places are measured; what is found counts as much as it is out."""


def bend_fitted(model: IntegerModel) -> IntegerModel:
    """The model with the levels of its four bends, where it starts."""
    phrase = np.round(riff(PHRASE_SECONDS)[: int(PHRASE_SECONDS * SAMPLE_RATE)] * 32767).astype(np.int16)
    blob = to_bytes(replace(model, bend_levels=(), impulse=None))
    network = Engine(blob)
    rest = bent.rest_of(network)
    holdable = bent.holdable(model)
    wanted = _loudness(network.process(phrase))
    levels: list[int] = []
    for kind in bends.BENDS:
        held = [0.0] * BEND_LEVELS
        for place, turns, share in places(kind):
            heard = bends.BENDS[kind](Engine(blob), rest, (), holdable).still(phrase, turns.tolist())
            missing = wanted - _loudness(heard)
            # What the first knob does there alone is held already.
            missing -= _first(held, turns[0] / FULL) if place >= 2 * bends.FIRST_POINTS else 0.0
            held[place] = float(np.clip(missing / share, -24, 24)) if np.isfinite(missing) else 0.0
        levels += [int(np.clip(round(4 * value), -MOST_QUARTERS, MOST_QUARTERS)) for value in held]
    return replace(model, bend_levels=tuple(levels))


def places(kind: str) -> Iterator[tuple[int, NDArray[np.int16], float]]:
    """By level: its number, where the four knobs stand, and how much of it counts there."""
    points = bends.FIRST_POINTS
    for number, place in enumerate((*range(-points, 0), *range(1, points + 1))):
        yield number, _turns(0, place / points, 0.0), 1.0
    first = 0.0 if kind == "slope" else OTHERS_AT
    for knob in range(1, bends.COUNT):
        for side, way in enumerate((-1.0, 1.0)):
            yield 2 * points + 2 * (knob - 1) + side, _turns(knob, way, first), 1.0 if kind == "slope" else OTHERS_AT


def _turns(knob: int, way: float, first: float) -> NDArray[np.int16]:
    turns = np.zeros(bends.COUNT)
    turns[0] = first
    turns[knob] = way
    return np.clip(np.round(turns * FULL), -FULL, FULL - 1).astype(np.int16)


def _first(held: list[float], way: float) -> float:
    points = bends.FIRST_POINTS
    return float(
        np.interp(way, np.arange(-points, points + 1) / points, [*held[:points], 0.0, *held[points : 2 * points]])
    )


def _loudness(samples: NDArray[np.int16]) -> float:
    return lufs(samples.astype(np.float64) / FULL)
