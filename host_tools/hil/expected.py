"""What the module will do with positions, to the bit: its glide, in numpy, and what it then plays.

Pairs with firmware/module/sound/glide.c and instrument.c.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.link.schema import schema
from gritspace.host_tools.sound import bent, pair
from gritspace.host_tools.sound.gate import gated
from gritspace.host_tools.sound.playing import around
from gritspace.quantize.model import reference
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.stepwise import Stepwise

BLOCK_FRAMES = schema().limit("block_frames")
GLIDE_BLOCKS = schema().limit("glide_blocks")
GLIDE_STEP = -(-65535 // GLIDE_BLOCKS)
"""How far a dimension moves in a block, in Q15."""


def glide(targets: NDArray[np.int16]) -> NDArray[np.int16]:
    """Where to head for in each block, int16 Q15 (blocks, n) -> where each block is played, the same shape.

    The first block stands still at its target: a stream starts there.
    """
    wanted = np.asarray(targets, np.int32)
    played = np.empty_like(wanted)
    current = wanted[0] if len(wanted) else wanted
    for block, target in enumerate(wanted):
        current = current + np.clip(target - current, -GLIDE_STEP, GLIDE_STEP)
        played[block] = current
    return played.astype(np.int16)


def moves_of(targets: NDArray[np.int16]) -> tuple[NDArray[np.int16], list[tuple[int, NDArray[np.int16]]]]:
    """Targets by block, int16 Q15 (blocks, n), at least one block -> (first position, moves) for `reference.run`."""
    played = glide(targets)
    changed = np.flatnonzero((played[1:] != played[:-1]).any(axis=1)) + 1
    return played[0], [(int(block) * BLOCK_FRAMES, played[block]) for block in changed]


def play(
    model: IntegerModel, audio: NDArray[np.int16], targets: NDArray[np.int16], bend: str = "none", gate: int = 0
) -> NDArray[np.int16]:
    """audio int16 (frames,) -> int16 (frames,), by the readable reference: the model while its position moves.

    targets int16 Q15 (blocks, played_size): where to head for in each block; a snapshot's are its knobs. Under a bend
    they are its four knobs, and the model rests where it starts. gate: in front, dB below full scale; 0: none.
    """
    audio = gated(audio, gate)
    if bend != "none":
        fresh = pair.morphing(model, 0, "numpy") if pair.level_only(model) else Stepwise(model)
        return bent.play(model, audio, glide(targets), bend, fresh)
    position, moves = moves_of(targets)

    def network(heard: NDArray[np.int16]) -> NDArray[np.int16]:
        if pair.level_only(model):
            return pair.morphed(model, glide(targets), "numpy")(heard)
        if model.film is None:
            return reference.run(model, heard)
        return reference.run(model, heard, position, [move for move in moves if move[0] < len(heard)])

    return around(model, audio, glide(targets), network, lambda heard: reference.run(pair.second_of(model), heard))
