"""Two captures in one voice, to the bit: in series, or faded or morphed into each other by the first knob.

Pairs with firmware/module/sound/pair.c, of which this is the readable twin. Everything is an integer; >> is a floor.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.sound.snapshot_knobs import BLOCK_FRAMES, COUNT, SLOPE_BITS, Player, way_of
from gritspace.quantize.model.c_engine import Engine, MorphEngine
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel, Pair
from gritspace.quantize.model.morph import LEAST, MOST, Morph
from gritspace.train.errors import InputError

SHARE_BITS = 15
FADED = (0,)
"""The knobs of a snapshot that its pair takes."""


def through(
    model: IntegerModel, first: Player, second: Player, turns: NDArray[np.int16]
) -> tuple[Player, NDArray[np.int16]]:
    """What plays in a snapshot's stead, and where its four knobs then are: the snapshot alone where it has no pair.

    first, second: what each capture makes of audio, from silence on; of a morph the first one is both. turns int16
    (blocks, 4): where the knobs are in each block, the last one's for what is behind.
    """
    pair = model.pair
    if pair is None or pair.kind == "morph":
        return first, turns
    rests = tuple(int(player(np.zeros(1, np.int16))[0]) for player in (first, second))
    faded = np.array(turns)
    if pair.kind == "crossfade":
        faded[:, FADED] = 0

    def both(heard: NDArray[np.int16]) -> NDArray[np.int16]:
        one = first(heard).astype(np.int64) - rests[0]
        if pair.kind == "series":
            into = one * (pair.balance_q12 << pair.first_shift) >> 12
            return second(np.clip(into, -32768, 32767).astype(np.int16))
        two = (second(heard).astype(np.int64) - rests[1]) * pair.balance_q12 >> 12
        share = shares(turns[:, 0], len(heard))
        down = model.output_shift - pair.first_shift, model.output_shift - pair.second.output_shift
        wide = (one * ((1 << SHARE_BITS) - share) >> down[0]) + (two * share >> down[1])
        return np.clip((wide + (1 << (SHARE_BITS - 1))) >> SHARE_BITS, -32768, 32767).astype(np.int16)

    return both, faded


def level_only(model: IntegerModel) -> bool:
    """Whether drive's knob, of a snapshot, does nothing itself but hold the loudness."""
    return model.pair is not None and model.pair.kind == "morph"


def network_of(model: IntegerModel, turn: int = 0) -> Player:
    """A model's network on this machine, at its own position, together with its pair's; every call begins anew.

    turn: where the first knob is. It moves a morph.
    """
    if model.pair is None:
        return _player(model)
    if model.pair.kind == "morph":
        return morphed(model, np.array([[turn, 0, 0, 0]], np.int16), "c")
    middles = np.zeros((1, COUNT), np.int16)
    return through(model, _player(model), _player(model.pair.second), middles)[0]


def morph_of(turn: int) -> int:
    """From -0.3 to 1.3 in 256ths, half in the middle.

    >>> morph_of(-32768), morph_of(0), morph_of(32767)
    (-77, 128, 333)
    """
    return LEAST + ((way_of(turn) + 32768) * (MOST - LEAST) >> 16)


def morphing(model: IntegerModel, turn: int, engine: str) -> Morph | MorphEngine:
    """A morph's network, from silence with the first knob somewhere. engine: numpy or c. Raises InputError else."""
    if engine == "numpy":
        return Morph(model, second_of(model), morph_of(turn))
    if engine == "c":
        return morph_engine(model, turn)
    raise InputError(f"--engine {engine}: a morph is played by c and numpy.")


def morph_engine(model: IntegerModel, turn: int) -> MorphEngine:
    """The same by the C engine."""
    alone = replace(model, pair=None, impulse=None)
    return MorphEngine(to_bytes(alone), to_bytes(second_of(model)), morph_of(turn))


def morphed(model: IntegerModel, turns: NDArray[np.int16], engine: str) -> Player:
    """What a morph's network makes of audio while the first knob moves. turns int16 (blocks, 4)."""
    ways = [morph_of(int(turn)) for turn in turns[:, 0]]
    return lambda heard: morphing(model, int(turns[0, 0]), engine).play(heard, ways, BLOCK_FRAMES)


def _player(model: IntegerModel) -> Player:
    engine = Engine(to_bytes(model))

    def play(heard: NDArray[np.int16]) -> NDArray[np.int16]:
        engine.reset(None)
        return engine.process(heard)

    return play


def second_of(model: IntegerModel) -> IntegerModel:
    """What a model plays together with. Only for one that does."""
    assert model.pair is not None
    return model.pair.second


def shares(turns: NDArray[np.int16], frames: int) -> NDArray[np.int64]:
    """Of the second in each frame, Q15 (frames,), in straight lines between blocks; turns: the knob's, by block."""
    ends = [(way_of(int(turn)) + 32768) >> 1 for turn in turns]
    blocks = -(-frames // BLOCK_FRAMES)
    ends = (ends + ends[-1:] * blocks)[:blocks]
    found = []
    for start, end in zip(ends[:1] + ends, ends, strict=False):
        way = (end - start) << SLOPE_BITS
        step = way // BLOCK_FRAMES if way >= 0 else -(-way // BLOCK_FRAMES)
        found.append(((start << SLOPE_BITS) + step * np.arange(1, BLOCK_FRAMES + 1)) >> SLOPE_BITS)
    return np.concatenate(found)[:frames].astype(np.int64)


def paired(first: IntegerModel, second: IntegerModel, kind: str, balance_q12: int) -> IntegerModel:
    """Both in one model, its own levels not yet measured. kind: series, crossfade or, of one shape and scale, morph."""
    shift = second.output_shift if kind == "series" else max(first.output_shift, second.output_shift)
    other = replace(second, impulse=None, bend_curve=())
    return replace(
        first,
        output_shift=shift,
        impulse=None,
        pair=Pair(other, kind, first.output_shift, balance_q12),
    )
