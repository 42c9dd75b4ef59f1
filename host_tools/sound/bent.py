"""A model under a bend, as a module plays it: the bend around the network, and around both what a snapshot brings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.sound import bends, pair, snapshot_knobs
from gritspace.host_tools.sound.impulse import convolved
from gritspace.quantize.model import reference
from gritspace.quantize.model.model import IntegerModel


def play(
    model: IntegerModel,
    audio: NDArray[np.int16],
    turns: NDArray[np.int16],
    bend: str,
    network: bends.Network,
    under: Sequence[int] | None = None,
) -> NDArray[np.int16]:
    """audio int16 (frames,) -> int16 (frames,), from silence.

    turns int16 (blocks, 4): where the bend's knobs are in each block; bend: one of `bends.BENDS`; network: the model,
    fresh, at its place; under: a snapshot's own knobs, which the bend lies on (None: in their middles).
    """
    rest, layers = rest_of(network), holdable(model)

    def through(heard: NDArray[np.int16]) -> NDArray[np.int16]:
        if len(heard) == 1:  # what silence sounds like
            return np.full(1, rest, np.int16)
        return bends.play(bend, model.bend_curve, heard, turns, network, rest, layers)

    if model.film is not None:
        return convolved(model.impulse, through(audio), rest)
    knobs = np.zeros((1, snapshot_knobs.COUNT), np.int16) if under is None else np.asarray(under, np.int16)[None]
    both, knobs = pair.through(model, through, lambda heard: reference.run(pair.second_of(model), heard), knobs)
    silent = int(both(np.zeros(1, np.int16))[0])
    return convolved(
        model.impulse, snapshot_knobs.play(model.knobs, audio, knobs, both, pair.level_only(model)), silent
    )


def holdable(model: IntegerModel) -> int:
    """Layers whose stream can be held: all but the last."""
    return sum(len(array.layers) for array in model.arrays) - 1


def rest_of(network: bends.Network) -> int:
    """What a fresh network makes of silence, for ever. It stays fresh: silence is what it comes from."""
    return int(network.process(np.zeros(1, np.int16))[0])
