"""The kernels that ship, on models that nobody trained: Cortex-M7, AVX2, AVX-512 put out what plain C does, to the bit.

Models are altered at random, in weights and records, and their CRC repaired; what the checker lets through is run.
"""

from __future__ import annotations

import ctypes
import random
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from gritspace.quantize.cycles.build import PACKAGES
from gritspace.quantize.cycles.trace import EmulatedEngine
from gritspace.quantize.model import c_engine
from gritspace.quantize.model.grit import read_header, to_bytes
from tests.firmware.engine.test_kernels_laptop import FLAVOURS, flavoured, lacking
from tests.firmware.engine.test_kernels_m7 import SHAPES, model_of
from tests.quantize.model.extremes import loud
from tests.reliability import LONG, campaign, cases

MAX_STATE = 512 * 1024
FRAMES = 70
CRC_START = 16


def altered(blob: bytes, rng: random.Random) -> bytes:
    """One to eight bytes are others: a value anywhere, an extreme, a bit. The CRC fits again."""
    data = bytearray(blob)
    header = read_header(blob)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        records = rng.random() < 0.5
        at = rng.randrange(header["arrays"] if records else 124, header["total_bytes"])
        if records:
            at = rng.randrange(CRC_START, min(len(data), 124 + 2000))
        data[at] = rng.choice((rng.randrange(256), 0, 1, 127, 128, 255, data[at] ^ 1 << rng.randrange(8)))
    struct.pack_into("<I", data, 12, zlib.crc32(bytes(data[CRC_START : header["total_bytes"]])))
    return bytes(data)


def heard(engine: c_engine.Engine | EmulatedEngine, audio: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The audio, the position moving from its frame 30 on."""
    parts = [engine.process(audio[:30])]
    if len(target):
        engine.set_position(target)
    return np.concatenate([*parts, engine.process(audio[30:])])


@pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in PACKAGES),
    reason=f"missing: apt-get install {' '.join(PACKAGES.values())}",
)
def test_no_model_makes_the_shipped_kernels_differ_from_plain_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = flavoured("plain", tmp_path)
    kernels = {"this machine's": c_engine._library()}
    if LONG:
        found = [name for name in FLAVOURS if name != "plain" and not lacking(name)]
        kernels |= {name: flavoured(name, tmp_path) for name in found}
    rng, noise = random.Random(3), np.random.default_rng(3)
    seeds = [to_bytes(model_of(config)) for config in SHAPES.values()]
    run = 0

    def played(library: ctypes.CDLL, blob: bytes, start: np.ndarray | None, *rest: np.ndarray) -> np.ndarray:
        with monkeypatch.context() as other:
            other.setattr(c_engine, "_library", lambda: library)
            return heard(c_engine.Engine(blob, start), *rest)

    with campaign("altered models: Cortex-M7, AVX2, AVX-512 against plain C") as told:
        for turn in range(cases(250, 4_000)):
            blob = altered(seeds[turn % len(seeds)], rng)
            told.cases += 1
            if c_engine.check_blob(blob) != 0:
                continue
            count = read_header(blob)["position_count"]
            places = noise.integers(-32768, 32768, (2, count)).astype(np.int16)
            audio = loud(FRAMES, noise)
            start = places[0] if count else None
            if c_engine.Engine(blob, start).state_bytes > MAX_STATE:
                continue
            run += 1
            expected = played(plain, blob, start, audio, places[1])
            for name, library in kernels.items():
                assert np.array_equal(played(library, blob, start, audio, places[1]), expected), f"{name}, turn {turn}"
            assert np.array_equal(heard(EmulatedEngine(blob, start), audio, places[1]), expected), (
                f"Cortex-M7, turn {turn}"
            )
        told.notes = f"{run:,} of them pass the check and are run; {', '.join(kernels)}"
    assert run > told.cases // 10
