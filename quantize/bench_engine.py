"""How fast a laptop plays an integer model: the C engine beside TensorFlow Lite on the same exported `.tflite`, and
beside what npm and PyPI carry that plays the same network as a `.nam`, where it is there.

    python -m gritspace.quantize.bench_engine [MODEL.grit] [--npm node_modules] [--pypi PYTHON]

One core each, processor time, the best of three rounds. Without a model: the shapes of Neural Amp Modeler's A2-Full and
A1 standard with random weights; what a network costs does not depend on its weights. The engine and TensorFlow Lite
are compared sample by sample on the way.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gritspace.quantize.bench_rivals import npm_times, pypi_times
from gritspace.quantize.export.tflite import run_tflite, to_tflite
from gritspace.quantize.model import grit
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.fold import at_position
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.nam import write_nam_text
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.rounding.dequantize import dequantize
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn

SAMPLE_RATE = 48000
SEVEN = (1, 3, 7, 17, 41, 101, 239)
A2_FULL = LayerArrayConfig(
    8, (6,) * 14 + (15, 15) + (6,) * 7, (*SEVEN, *SEVEN, 1, 13, *SEVEN), "leaky_relu", head_kernel_size=16
)


TENTH = tuple(2**n for n in range(10))
A1_STANDARD = (
    LayerArrayConfig(16, (3,) * 10, TENTH, head_size=8),
    LayerArrayConfig(8, (3,) * 10, TENTH),
)
BLOCK = 64


def random_model(name: str, arrays: tuple[LayerArrayConfig, ...]) -> IntegerModel:
    """A shape with random weights, always the same."""
    torch.manual_seed(0)
    audio = np.random.default_rng(0).standard_normal(SAMPLE_RATE // 4).astype(np.float32) * 0.2
    return quantize(from_tcn(Tcn(TcnConfig(arrays))), audio, [], name=name)


def a2_full() -> IntegerModel:
    """The shape of A2-Full, random weights, always the same."""
    return random_model("A2-Full", (A2_FULL,))


def main(arguments: list[str] | None = None) -> None:
    """Measures and prints a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", type=Path, help="a .grit; none: A2-Full's and A1 standard's shapes")
    parser.add_argument("--seconds", type=float, default=5.0, help="of audio to play (default 5)")
    parser.add_argument("--npm", type=Path, default=Path("node_modules"), help="where npm's packages are")
    parser.add_argument("--pypi", help="a Python that has neural-amp-modeler (none: this one, if it has)")
    options = parser.parse_args(arguments)
    if options.model is not None:
        models = [grit.read_grit(options.model)]
    else:
        models = [a2_full(), random_model("A1 standard", A1_STANDARD)]
    for model in models:
        measure(model, options.seconds, options.npm, options.pypi)


def measure(model: IntegerModel, seconds: float, modules: Path, python: str | None) -> None:
    """Prints how many times faster than real time each plays it."""
    frames = int(seconds * SAMPLE_RATE) // BLOCK * BLOCK
    audio = (np.random.default_rng(1).standard_normal(frames) * 6000).astype(np.int16)
    engine, network = Engine(grit.to_bytes(model)), to_tflite(model, None)

    def ours_from_silence() -> NDArray[np.int16]:
        engine.reset()
        return engine.process(audio)

    def ours_in_blocks() -> NDArray[np.int16]:
        engine.reset()
        return np.concatenate([engine.process(audio[at : at + BLOCK]) for at in range(0, frames, BLOCK)])

    ours, taken = _timed(ours_from_silence)
    _, taken_in_blocks = _timed(ours_in_blocks)
    theirs, their_taken = _timed(lambda: run_tflite(network, audio))
    same = "the same samples" if np.array_equal(ours, theirs) else "DIFFERENT samples"
    print(f"{model.name}: {model.macs_per_frame} MAC a frame, {frames / SAMPLE_RATE:g} s of audio, one core, {same}")
    still = model if model.film is None else at_position(model, np.asarray(model.default_position, np.int16))
    text = write_nam_text(dequantize(still), model.name)
    rows: list[tuple[str, float | None]] = [
        ("C engine", frames / SAMPLE_RATE / taken),
        (f"C engine, blocks of {BLOCK}", frames / SAMPLE_RATE / taken_in_blocks),
        ("TensorFlow Lite", frames / SAMPLE_RATE / their_taken),
        ("npm @opendaw/nam-wasm, blocks of 64", npm_times(text, modules, 1.0)),
        ("PyPI neural-amp-modeler, a second at once", pypi_times(text, python, 1.0)),
    ]
    for name, times in rows:
        told = "not there (npm: make web-packages; PyPI: --pypi)" if times is None else f"{times:7.1f} times real time"
        print(f"{name:<44}{told}")


def _timed(play: Callable[[], NDArray[np.int16]]) -> tuple[NDArray[np.int16], float]:
    """What it plays, and the least processor time of three further times."""
    played, taken = play(), []
    for _ in range(3):
        start = time.process_time()
        play()
        taken.append(time.process_time() - start)
    return played, min(taken)


if __name__ == "__main__":
    main()
