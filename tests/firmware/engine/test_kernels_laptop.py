"""Each of the laptop's kernels, by what the machine has, against the reference: the same bits. What this machine lacks
is skipped; AVX2 alone is what most laptops have."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gritspace.quantize.firmware_sources import ENGINE
from gritspace.quantize.model import arithmetic, c_engine
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.reference import run
from tests.firmware.engine.test_kernels_m7 import SHAPES, loud_audio, model_of

CPUINFO = Path("/proc/cpuinfo")
FLAVOURS = {
    "plain": (),
    "AVX2": ("avx2",),
    "AVX2 and VNNI": ("avx2", "avx_vnni"),
    "AVX-512 without VNNI": ("avx2", "avx512bw", "avx512vl"),
    "AVX-512": ("avx2", "avx512bw", "avx512vl", "avx512_vnni"),
}
"""What the processor must have, by its own names."""
OPTIONS = {"avx_vnni": "-mavxvnni", "avx512_vnni": "-mavx512vnni"}
SHAPE_NAMES = ("tanh, two arrays", "leaky, kernels of 6 and 15, a head of 16", "odd widths and every kernel length")


def lacking(flavour: str) -> list[str]:
    """What this processor has not of what the kernels need."""
    has = CPUINFO.read_text().split() if CPUINFO.is_file() else []
    return [name for name in FLAVOURS[flavour] if name not in has]


def flavoured(flavour: str, folder: Path) -> ctypes.CDLL:
    """The engine with just these kernels, compiled into that folder."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    assert compiler is not None, "a C compiler is missing: apt install gcc"
    built = folder / f"{flavour.replace(' ', '-')}.so"
    # the same bits as -O3's, sooner
    flags = ["-O1", *(OPTIONS.get(name, f"-m{name}") for name in FLAVOURS[flavour])]
    units = [str(ENGINE / unit) for unit in c_engine.UNITS]
    subprocess.run([compiler, *c_engine.FLAGS, *flags, f"-I{ENGINE}", *units, "-o", str(built)], check=True)
    return c_engine.typed(ctypes.CDLL(str(built)))


@pytest.fixture(scope="module", params=FLAVOURS)
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    if missing := lacking(request.param):
        pytest.skip(f"this processor has no {', '.join(missing)}: run it on one that has")
    return flavoured(request.param, tmp_path_factory.mktemp("laptop"))


@pytest.fixture
def engine(library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], c_engine.Engine]]:
    with monkeypatch.context() as other:
        other.setattr(c_engine, "_library", lambda: library)
        yield c_engine.Engine


@pytest.mark.parametrize("shape", SHAPE_NAMES)
def test_blocks_of_any_length_come_out_as_the_reference_puts_them_out(
    shape: str, engine: Callable[[bytes], c_engine.Engine]
) -> None:
    model = model_of(SHAPES[shape])
    audio = loud_audio(300)
    playing, parts, at = engine(to_bytes(model)), [], 0
    for frames in (1, 7, 8, 9, 48, 50, 64, 13, 100):
        parts.append(playing.process(audio[at : at + frames]))
        at += frames
    assert at == len(audio)
    np.testing.assert_array_equal(np.concatenate(parts), run(model, audio))


def test_tanh_of_every_int16_is_the_tables(library: ctypes.CDLL, engine: Callable[[bytes], c_engine.Engine]) -> None:
    engine(to_bytes(model_of(SHAPES["tanh, two arrays"])))  # a kernel's own table is made when a model is opened
    values = np.arange(-32768, 32768).astype(np.int16)
    found = values.copy()
    library.grit_kernel_tanh(ctypes.c_void_p(found.ctypes.data), ctypes.c_size_t(found.size))
    np.testing.assert_array_equal(found, arithmetic.tanh(values))
