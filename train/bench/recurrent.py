"""How fast recurrent captures play, in times real time on one thread: the native core and PyTorch, side by side.

    python -m gritspace.train.bench.recurrent

Both play the same rows of audio; they take turns, and the quickest of their turns counts. Time is the thread's own, so
that what else the machine does counts little.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from gritspace.train.devices.captures.recurrent import NATIVE_RATE, ROWS_AT_ONCE, Capture
from gritspace.train.network import native_recurrent
from gritspace.train.network.native_build import core

LAYERS: dict[str, tuple[type[nn.LSTM] | type[nn.GRU], int]] = {
    "LSTM-8": (nn.LSTM, 8),
    "LSTM-20": (nn.LSTM, 20),
    "LSTM-40": (nn.LSTM, 40),
    "GRU-8": (nn.GRU, 8),
    "GRU-40": (nn.GRU, 40),
}


def measure(name: str, frames: int, turns: int) -> tuple[float, float, float]:
    """Times real time of the core and of PyTorch on ROWS_AT_ONCE rows, and the largest difference of their outputs."""
    torch.manual_seed(0)
    kind, hidden = LAYERS[name]
    head = nn.Linear(hidden, 1)
    capture = Capture(name, "MIT", kind(1, hidden), head, True)
    in_core = native_recurrent.NativeRecurrent(capture.recurrent, head, 1.0)
    rows = np.random.default_rng(0).normal(0, 0.2, (ROWS_AT_ONCE, frames)).astype(np.float32)
    knobs = np.zeros((ROWS_AT_ONCE, 0), np.float32)
    ways: list[Callable[[], np.ndarray]] = [
        lambda: in_core.run(rows, knobs),
        lambda: capture._run_in_pytorch(rows, knobs),
    ]
    took: list[list[float]] = [[], []]
    wets = [way() for way in ways]
    for _ in range(turns):
        for way, times in zip(ways, took, strict=True):
            started = time.thread_time()
            way()
            times.append(time.thread_time() - started)
    speed = [rows.size / NATIVE_RATE / min(times) for times in took]
    return speed[0], speed[1], float(np.abs(wets[0] - wets[1]).max())


def main(arguments: list[str] | None = None) -> int:
    """Prints the table; 0, or 2 without a core."""
    parser = argparse.ArgumentParser(
        prog="python -m gritspace.train.bench.recurrent", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args(arguments)
    if core() is None:
        return 2
    torch.set_num_threads(1)
    print("layer       core  PyTorch  ratio  largest difference")
    for name in LAYERS:
        ours, theirs, difference = measure(name, options.frames, options.turns)
        print(f"{name:8}{ours:8.0f}{theirs:9.0f}{ours / theirs:7.1f}{difference:20.1e}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
