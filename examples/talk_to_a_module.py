"""A simulated module is built and booted, asked who it is, and played through while its position moves.

With --port it is a real one, or one that `gritspace simulate` keeps running.
"""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.module.simulated import simulated_module
from gritspace.quantize.model.grit import read_grit

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("model", type=Path, help="a .grit file of a space")
parser.add_argument("--port", help="of a module that runs it")
arguments = parser.parse_args()

samples = np.round(riff(1.0) * 32767).astype(np.int16)
running = nullcontext(arguments.port) if arguments.port else simulated_module(read_grit(arguments.model))
with running as port, Module(port) as module:
    info = module.info()
    print(
        f"{info.board}, firmware {info.firmware_version}, plays {info.model_name!r} ({info.position_count} dimensions)"
    )
    positions = np.zeros((len(samples) // info.block_frames, info.position_count), np.int16)
    positions[:, 0] = np.linspace(-32768, 32767, len(positions))  # drive, from left to right
    result = module.stream(samples, positions)
    print(f"{len(result.samples)} samples came back, the loudest {np.abs(result.samples.astype(int)).max()}")
    print(f"{module.status().xruns} blocks were late")
