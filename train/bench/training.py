"""How fast training steps are: the native core, PyTorch as it is, and torch.compile, side by side in one run.

    python -m gritspace.train.bench.training [--seconds 2] [--json out/bench-train.json]

One step is forward, a squared error and backward, on the same network, batch and audio. The ways take turns, step by
step, so that whatever else the machine does meets all of them alike; the median step counts. Samples are output frames.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gritspace.train.network import native
from gritspace.train.network.native_build import NoCore, build_core, build_program
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from gritspace.train.output_file import written_whole
from gritspace.train.space.config import TrainConfig

_SEVEN = (1, 3, 7, 17, 41, 101, 239)
_A2 = (6,) * 14 + (15, 15) + (6,) * 7, (*_SEVEN, *_SEVEN, 1, 13, *_SEVEN)
_A1 = (3,) * 10, tuple(2**i for i in range(10))
NETWORKS: dict[str, TcnConfig] = {
    "A2-Full": TcnConfig((LayerArrayConfig(8, *_A2, "leaky_relu", head_kernel_size=16),)),
    "A2-Lite": TcnConfig((LayerArrayConfig(3, *_A2, "leaky_relu", head_kernel_size=16),)),
    "A1 standard": TcnConfig((LayerArrayConfig(16, *_A1, "tanh", head_size=8), LayerArrayConfig(8, *_A1, "tanh"))),
    "decoder": TrainConfig().space_config().decoder,
}
"""Neural Amp Modeler's shapes, and the space's decoder as `gritspace train` makes it."""
BATCH, FRAMES = 16, {"A2-Full": 8192, "A2-Lite": 8192, "A1 standard": 8192, "decoder": 2048}

_PEAK = """
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>
#include "vectors.h"
using namespace core;
static void run(float* result) {
  Vec<float> sums[CORE_ACCUMULATORS], x = Vec<float>{} + 0.5f, y = Vec<float>{} + 0.25f;
_Pragma("GCC unroll 24")
  for (int i = 0; i < CORE_ACCUMULATORS; i++) sums[i] = Vec<float>{} + float(i);
  for (int n = 0; n < 4000000; n++) {
    CORE_IN_REGISTER(x);
_Pragma("GCC unroll 24")
    for (int i = 0; i < CORE_ACCUMULATORS; i++) sums[i] += x * y;
  }
_Pragma("GCC unroll 24")
  for (int i = 0; i < CORE_ACCUMULATORS; i++) *result += sums[i][0];
}
int main(int, char** argv) {
  const int threads = argv[1][0] - '0';
  double best = 0;
  float result[16] = {};
  for (int repeat = 0; repeat < 5; repeat++) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> all;
    for (int i = 0; i < threads; i++) all.emplace_back(run, result + i);
    for (auto& one : all) one.join();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double rate = 4e6 * CORE_ACCUMULATORS * lanes<float> * threads / seconds / 1e9;
    best = rate > best ? rate : best;
  }
  std::printf("%.1f\\n", best);
  return result[0] == 1.0f;
}
"""


@dataclass(frozen=True)
class Row:
    """One network at one number of threads. None: torch.compile did not run here."""

    network: str
    threads: int
    core_samples_per_s: float
    eager_samples_per_s: float
    compile_samples_per_s: float | None
    core_gmac_per_s: float
    peak_gmac_per_s: float
    core_over_eager: float
    core_over_compile: float | None
    core_peak_share: float
    core_kept_mib: float


def macs_of_step(config: TcnConfig, batch: int, frames: int) -> int:
    """Multiplications of a step, lead-in and all: forward, and twice that backward (weights and audio)."""
    total, inputs, length = 0, 1, frames + config.receptive_field - 1
    for a in config.arrays:
        rows = a.channels * (2 if a.gated else 1)
        total += length * inputs * a.channels
        for kernel, dilation in zip(a.kernel_sizes, a.dilations, strict=True):
            length -= (kernel - 1) * dilation
            total += length * (rows * (a.channels * kernel + 1) + a.channels * a.channels)
        total += length * a.head_size * a.channels * a.head_kernel_size
        inputs = a.channels
    return 3 * batch * total


def peak_gmac_per_s(threads: int) -> float:
    """What the processor multiplies and adds at most, from registers, measured now. Raises NoCore."""
    with tempfile.TemporaryDirectory() as folder:
        program = build_program(_PEAK, Path(folder))
        return float(subprocess.run([program, str(threads)], capture_output=True, text=True, check=True).stdout)


def measure(network: str, threads: int, seconds: float, with_compile: bool) -> Row:
    """One row, in about `seconds` for each way. Raises NoCore without a compiler."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    config, frames = NETWORKS[network], FRAMES[network]
    tcn = Tcn(config)
    dry = 0.1 * torch.randn(BATCH, config.receptive_field - 1 + frames)
    target = torch.tanh(4 * dry[:, -frames:])
    position = torch.randn(BATCH, config.position_size)

    def step(forward: Callable[..., Tensor]) -> float:
        started = time.perf_counter()
        tcn.zero_grad(set_to_none=True)
        modulation = None if tcn.film is None else tcn.film(position)
        (forward(dry, modulation) - target).square().mean().backward()
        return time.perf_counter() - started

    ways: dict[str, Callable[..., Tensor]] = {
        "core": lambda dry, modulation: native.run(tcn, dry, modulation),
        "eager": tcn.in_pytorch,
    }
    if with_compile:
        torch._dynamo.reset()
        ways["compile"] = torch.compile(tcn.in_pytorch)
    for name in list(ways):
        try:
            step(ways[name])
            step(ways[name])
        except Exception as error:
            if name != "compile":
                raise
            print(f"note: torch.compile does not run here ({str(error).splitlines()[0]})", file=sys.stderr)
            del ways[name]
    times: dict[str, list[float]] = {name: [] for name in ways}
    end = time.monotonic() + seconds * len(ways)
    while time.monotonic() < end or len(times["eager"]) < 3:
        for name, forward in ways.items():
            times[name].append(step(forward))
    rate = {name: BATCH * frames / statistics.median(taken) for name, taken in times.items()}
    gmac = macs_of_step(config, BATCH, frames) * rate["core"] / (BATCH * frames) / 1e9
    peak = peak_gmac_per_s(threads)
    compiled = rate.get("compile")
    kept = native.Shape(config).sizes(dry.shape[1], keep=True).workspace * BATCH * 4 / 2**20
    return Row(
        network,
        threads,
        rate["core"],
        rate["eager"],
        compiled,
        gmac,
        peak,
        rate["core"] / rate["eager"],
        rate["core"] / compiled if compiled else None,
        gmac / peak,
        kept,
    )


def line(row: Row) -> str:
    """A row of the table."""
    compiled = "-" if row.compile_samples_per_s is None else f"{row.compile_samples_per_s / 1e3:.0f}"
    over = "-" if row.core_over_compile is None else f"{row.core_over_compile:.1f}"
    return (
        f"{row.network:12} {row.threads:7} {row.core_samples_per_s / 1e3:9.0f} {row.eager_samples_per_s / 1e3:9.0f} "
        f"{compiled:>9} {row.core_over_eager:8.1f} {over:>9} {row.core_gmac_per_s:8.0f} {row.core_peak_share:6.0%} "
        f"{row.core_kept_mib:9.0f}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Prints the table and writes the JSON; 0, or 2 without a compiler."""
    parser = argparse.ArgumentParser(
        prog="python -m gritspace.train.bench.training", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--seconds", type=float, default=2.0, help="for each way, network and number of threads")
    parser.add_argument("--json", type=Path, default=Path("out/bench-train.json"))
    parser.add_argument("--network", choices=list(NETWORKS), action="append", help="only these")
    parser.add_argument("--threads", type=int, action="append", help="only so many; else one, and two")
    parser.add_argument("--no-compile", action="store_true", help="without torch.compile, which takes a minute a row")
    options = parser.parse_args(arguments)
    try:
        build_core()
    except NoCore as error:
        print(f"error: there is no native core to measure: {error}.", file=sys.stderr)
        return 2
    print("             thousand samples a second, forward and backward      core over       core     of  core keeps")
    print("network      threads      core     eager   compile    eager   compile   GMAC/s   peak       MiB")
    rows: list[dict[str, Any]] = []
    for network in options.network or NETWORKS:
        for threads in options.threads or (1, 2):
            row = measure(network, threads, options.seconds, not options.no_compile)
            print(line(row), flush=True)
            rows.append(vars(row))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 2**20)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(options.json) as beside:
        beside.write_text(json.dumps({"rows": rows, "batch": BATCH, "peak_memory_mib": memory}, indent=2) + "\n")
    print(f"the table is in {options.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
