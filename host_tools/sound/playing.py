"""An integer model played on this machine: by the C engine, the numpy reference, TensorFlow Lite, or the
module's own machine code in an emulated Cortex-M7. A snapshot has its four knobs around it, as on a module."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.sound import bends, bent, pair, snapshot_knobs
from gritspace.host_tools.sound.gate import gated
from gritspace.host_tools.sound.impulse import convolved
from gritspace.quantize.model import grit, reference
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.stepwise import Stepwise
from gritspace.train.errors import InputError


def play(
    model: IntegerModel,
    audio: NDArray[np.float32],
    position: NDArray[np.int16] | None,
    engine: str,
    bend: str = "none",
    gate: int = 0,
) -> NDArray[np.float32]:
    """audio (frames,), full scale ±1 -> (frames,) in the model's own level.

    position Q15: played_size numbers; None: where the model starts. Under a bend they are its four knobs.
    gate: in front, dB below full scale; 0: none.
    Raises InputError for a bend and an engine that has none.
    """
    samples = gated(np.clip(np.round(audio * 32768.0), -32768, 32767).astype(np.int16), gate)
    if bend != "none":
        turns = np.zeros(bends.COUNT, np.int16) if position is None else position
        played = bent.play(model, samples, turns[None], bend, _bendable(model, engine))
    else:
        at = np.asarray(model.rest_position if position is None else position, np.int16)[None]
        played = around(
            model,
            samples,
            at,
            pair.morphed(model, at, engine)
            if pair.level_only(model)
            else lambda heard: play_network(model, heard, None if model.film is None else at[0], engine),
            lambda heard: play_network(pair.second_of(model), heard, None, engine),
        )
    return (played / 32768.0 * 2.0**model.output_shift).astype(np.float32)


def around(
    model: IntegerModel,
    samples: NDArray[np.int16],
    positions: NDArray[np.int16],
    network: snapshot_knobs.Player,
    second: snapshot_knobs.Player,
) -> NDArray[np.int16]:
    """int16 (frames,) -> int16 (frames,), from silence: a network and what a module puts around it.

    positions int16 Q15 (blocks, played_size): where each block is played, of a snapshot its knobs. network, second:
    what the model's own network makes of audio, a space's while it goes there, and that of its pair, if it has one.
    """
    rest = 0
    if model.film is None:
        both, turns = pair.through(model, network, second, positions)
        played = snapshot_knobs.play(model.knobs, samples, turns, both, pair.level_only(model))
        rest = int(both(np.zeros(1, np.int16))[0]) if model.impulse else 0
    else:
        played = network(samples)
        rest = int(network(np.zeros(1, np.int16))[0]) if model.impulse else 0
    return convolved(model.impulse, played, rest)


def _bendable(model: IntegerModel, engine: str) -> bends.Network:
    """A fresh network that a bend can bend."""
    if engine not in ("c", "numpy"):
        raise InputError(f"--engine {engine}: bends are played by c and numpy.")
    if pair.level_only(model):
        return pair.morphing(model, 0, engine)
    if engine == "numpy":
        return Stepwise(model)
    from gritspace.quantize.model.c_engine import Engine

    return Engine(grit.to_bytes(model))


def play_network(
    model: IntegerModel, samples: NDArray[np.int16], position: NDArray[np.int16] | None, engine: str
) -> NDArray[np.int16]:
    """samples int16 (frames,) -> int16 (frames,): the network alone, from silence. position: None for a snapshot."""
    if engine == "numpy":
        return reference.run(model, samples, position)
    if engine == "c":
        from gritspace.quantize.model.c_engine import Engine

        return Engine(grit.to_bytes(model), position).process(samples)
    if engine == "m7":
        from gritspace.quantize.cycles.trace import EmulatedEngine

        return EmulatedEngine(grit.to_bytes(model), position).process(samples)
    from gritspace.quantize.export.tflite import run_tflite, to_tflite

    return run_tflite(to_tflite(model, position), samples)
