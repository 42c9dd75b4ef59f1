"""What a page renders, and the same by the module's C sources on this computer."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.web.bench import A1_STANDARD, random_model
from gritspace.host_tools.web.wasm import ROOT
from gritspace.quantize.bench_engine import a2_full
from gritspace.quantize.model.grit import to_bytes
from tests.firmware.host.host_module import HostModule

DELAY = 32
"""Frames by which blocks of 48 lag behind quanta of 128."""
ARENA_BYTES = 8 << 20


def moving_panel(blocks: int) -> list[dict[str, object]]:
    """Knobs and voltages that move in every 20th block; the levels stay where they are."""
    rng = np.random.default_rng(4)
    codes = np.full(11, 32768)
    script: list[dict[str, object]] = []
    for block in range(0, blocks, 20):
        moved = rng.choice([0, 1, 2, 3, 7, 8, 9, 10], 3, replace=False)
        codes[moved] = rng.integers(0, 65536, 3)
        script.append({"block": block, "codes": codes.tolist()})
    return script


def on_this_computer(
    library: ctypes.CDLL, blob: bytes, audio: NDArray[np.int16], script: list[dict[str, object]]
) -> NDArray[np.int16]:
    """The same by the module's C sources, natively. int16 (2, frames)."""
    module = HostModule(library, blob, ARENA_BYTES)
    moves = {move["block"]: np.array(move["codes"], np.uint16) for move in script}
    parts = []
    for block in range(len(audio) // 48):
        if block in moves:
            codes = moves[block]
        library.host_module_panel(module._host, ctypes.c_void_p(codes.ctypes.data))
        library.host_module_switches(module._host, 0, 0)
        samples = audio[block * 48 : block * 48 + 48]
        parts.append(module.stereo(np.stack([samples, samples])))
        library.host_module_idle(module._host)
    return np.concatenate(parts, axis=1)


def blob_of(name: str) -> bytes:
    if name == "A1 standard's shape":
        return to_bytes(random_model(name, A1_STANDARD))
    factory = ROOT / "spaces" / f"{name}.grit"
    return factory.read_bytes() if factory.exists() else to_bytes(a2_full())
