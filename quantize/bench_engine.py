"""How fast a laptop plays an integer model: the C engine beside TensorFlow Lite on the same exported `.tflite`.

    python -m gritspace.quantize.bench_engine [MODEL.grit]

One core each. Without a model: the shape of Neural Amp Modeler's A2-Full with random weights; what a network costs does
not depend on its weights. The two are compared sample by sample on the way.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gritspace.quantize.export.tflite import run_tflite, to_tflite
from gritspace.quantize.model import grit
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn

SAMPLE_RATE = 48000
SEVEN = (1, 3, 7, 17, 41, 101, 239)
A2_FULL = LayerArrayConfig(
    8, (6,) * 14 + (15, 15) + (6,) * 7, (*SEVEN, *SEVEN, 1, 13, *SEVEN), "leaky_relu", head_kernel_size=16
)


def a2_full() -> IntegerModel:
    """The shape of A2-Full, random weights, always the same."""
    torch.manual_seed(0)
    audio = np.random.default_rng(0).standard_normal(SAMPLE_RATE // 4).astype(np.float32) * 0.2
    return quantize(from_tcn(Tcn(TcnConfig((A2_FULL,)))), audio, [], name="A2-Full")


def main(arguments: list[str] | None = None) -> None:
    """Measures and prints one line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", type=Path, help="a .grit; none: A2-Full's shape with random weights")
    parser.add_argument("--seconds", type=float, default=10.0, help="of audio to play (default 10)")
    options = parser.parse_args(arguments)
    model = a2_full() if options.model is None else grit.read_grit(options.model)
    audio = (np.random.default_rng(1).standard_normal(int(options.seconds * SAMPLE_RATE)) * 6000).astype(np.int16)
    engine, network = Engine(grit.to_bytes(model)), to_tflite(model, None)

    def ours_from_silence() -> NDArray[np.int16]:
        engine.reset()
        return engine.process(audio)

    ours, seconds = _timed(ours_from_silence)
    theirs, their_seconds = _timed(lambda: run_tflite(network, audio))
    same = "the same samples" if np.array_equal(ours, theirs) else "DIFFERENT samples"
    print(f"{model.name}: {model.macs_per_frame} MAC a frame, {options.seconds:g} s of audio, one core, {same}")
    print(f"C engine            {options.seconds / seconds:7.1f} times real time")
    print(f"TensorFlow Lite     {options.seconds / their_seconds:7.1f} times real time")


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
