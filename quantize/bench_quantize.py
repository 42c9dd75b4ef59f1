"""What rounding costs: our quantizer beside TensorFlow's own 16x8 post-training converter, on the same float networks.

    python -m gritspace.quantize.bench_quantize [CAPTURE.nam ...] [--python PYTHON]

Both calibrate on the same audio, at all levels, and are measured on other audio against the float network, as it was
recorded and hot: TensorFlow keeps no headroom. Integers of both are int8 weights and int16 activations. Without
captures: three shapes with random weights. TensorFlow runs in a process of its own, in this Python or another:
pip install 'gritspace[tensorflow]'.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.network.nam import read_nam
from gritspace.quantize.network.network import Floats, Network, from_tcn
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.audio import signals
from gritspace.train.audio.levels import at_all_levels
from gritspace.train.errors import InputError
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.snapshot.snapshot import SHAPES, fresh

CONVERTER = Path(__file__).with_name("bench_converter.py")
SECONDS, PIECES = 2.0, 4
HOT_PEAK = 0.9
A1_NANO = TcnConfig(
    (
        LayerArrayConfig(4, (3,) * 7, (1, 2, 4, 8, 16, 32, 64), head_size=2),
        LayerArrayConfig(2, (3,) * 7, (128, 256, 512, 1, 2, 4, 8)),
    )
)
GATED = TcnConfig((LayerArrayConfig(6, (3,) * 5, (1, 2, 4, 8, 16), gated=True),))


def compared(network: Network, python: str = sys.executable) -> list[tuple[float, float]]:
    """ESR of our integers and of TensorFlow's against the float network: on audio as recorded, and on hot audio.

    Raises InputError without TensorFlow.
    """
    heard = at_all_levels(np.concatenate([signals.synthetic(SECONDS, seed) for seed in range(PIECES)]))
    usual = signals.synthetic(SECONDS, 1_000_000)
    tests = [usual, np.clip(usual * np.float32(HOT_PEAK / np.abs(usual).max()), -1, 1)]
    engine_file = to_bytes(model := quantize(network, heard))
    theirs = converted(network, np.split(heard, PIECES), tests, python)
    told = []
    for dry, other in zip(tests, theirs, strict=True):
        wanted = run_float(network, dry)
        samples = np.clip(np.round(dry * 32768), -32768, 32767).astype(np.int16)
        ours = Engine(engine_file).process(samples) / 32768 * 2.0**model.output_shift
        told.append((_esr(wanted, ours), _esr(wanted, other)))
    return told


def converted(
    network: Network, heard: list[NDArray[np.float32]], dry: list[NDArray[np.float32]], python: str
) -> list[Floats]:
    """dry (frames,) each through TensorFlow Lite's integers of a network; heard: pieces as long to calibrate on.

    Raises InputError if that Python has no TensorFlow, or it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "network.npz", Path(folder) / "wet.npy"
        lead = np.zeros(network.receptive_field - 1, np.float32)
        audio = np.stack([np.concatenate([lead, one]) for one in (*heard, *dry)])
        np.savez(given, described=json.dumps(_described(network)), audio=audio, heard=len(heard), **_arrays(network))
        done = subprocess.run([python, CONVERTER, given, made], capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise InputError(
                f"{python}: TensorFlow's converter did not run ({last}); pip install 'gritspace[tensorflow]'."
            )
        return list(np.load(made).astype(np.float64))


def _described(network: Network) -> list[list[dict[str, Any]]]:
    return [
        [
            {"dilation": one.dilation, "activation": one.activation, "slope": one.negative_slope, "gated": one.gated}
            for one in array.layers
        ]
        for array in network.arrays
    ]


def _arrays(network: Network) -> dict[str, NDArray[np.float32]]:
    """By place: the array's number, the layer's, what it is."""
    found: dict[str, Floats] = {}
    for a, array in enumerate(network.arrays):
        found |= {f"{a}_rechannel": array.rechannel, f"{a}_head": array.head_weight, f"{a}_head_bias": array.head_bias}
        for i, one in enumerate(array.layers):
            found |= {f"{a}_{i}_conv": one.weight, f"{a}_{i}_bias": one.bias, f"{a}_{i}_mixin": one.mixin}
            found |= {f"{a}_{i}_one": one.residual_weight, f"{a}_{i}_one_bias": one.residual_bias}
    return {name: values.astype(np.float32) for name, values in found.items()}


def _esr(wanted: Floats, got: Floats) -> float:
    return float(np.square(got - wanted).sum() / np.square(wanted).sum())


def _networks(captures: list[Path]) -> Iterator[tuple[str, Network]]:
    if not captures:
        for name, shape in (("a1-nano", A1_NANO), ("gated", GATED), ("a2-lite", SHAPES["a2-lite"])):
            torch.manual_seed(0)
            yield f"{name}, random weights", from_tcn(fresh(shape))
    for path in captures:
        yield path.stem, read_nam(path).networks[-1]


def main(arguments: list[str] | None = None) -> None:
    """Prints one row for each, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="*", type=Path)
    parser.add_argument("--python", default=sys.executable, help="one that has TensorFlow (default: this one)")
    options = parser.parse_args(arguments)
    print("| ESR | MAC a frame | ours | TensorFlow's | ours, hot | TensorFlow's, hot |\n|---|---|---|---|---|---|")
    for name, network in _networks(options.captures):
        told = " | ".join(f"{esr:.1e}" for pair in compared(network, options.python) for esr in pair)
        print(f"| {name} | {network.macs_per_frame:,} | {told} |", flush=True)


if __name__ == "__main__":
    main()
