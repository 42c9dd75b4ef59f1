"""An integer model played on this machine: by the C engine, the numpy reference, TensorFlow Lite, or the
module's own machine code in an emulated Cortex-M7. A snapshot has its four knobs around it, as on a module."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.models import bends, bent, snapshot_knobs
from gritspace.host_tools.models.impulse import convolved
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
) -> NDArray[np.float32]:
    """audio (frames,), full scale ±1 -> (frames,) in the model's own level.

    position Q15: played_size numbers; None: where the model starts. Under a bend they are its four knobs.
    Raises InputError for a bend and an engine that has none.
    """
    samples = np.clip(np.round(audio * 32768.0), -32768, 32767).astype(np.int16)
    if bend != "none":
        turns = np.zeros(bends.COUNT, np.int16) if position is None else position
        played = bent.play(model, samples, turns[None], bend, _bendable(model, engine))
    elif model.film is not None:
        played = play_network(model, samples, position, engine)
    else:
        knobs = np.zeros((1, snapshot_knobs.COUNT), np.int16) if position is None else position[None]
        played = snapshot_knobs.play(
            model.knobs, samples, knobs, lambda heard: play_network(model, heard, None, engine)
        )
        rest = int(play_network(model, np.zeros(1, np.int16), None, engine)[0]) if model.impulse else 0
        played = convolved(model.impulse, played, rest)
    return (played / 32768.0 * 2.0**model.output_shift).astype(np.float32)


def _bendable(model: IntegerModel, engine: str) -> bends.Network:
    """A fresh network that a bend can bend."""
    if engine == "numpy":
        return Stepwise(model)
    if engine == "c":
        from gritspace.quantize.model.c_engine import Engine

        return Engine(grit.to_bytes(model))
    raise InputError(f"--engine {engine}: bends are played by c and numpy.")


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
