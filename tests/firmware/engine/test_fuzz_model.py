"""No bytes whatever make the engine read or write outside its memory: libFuzzer, AddressSanitizer, UBSan.

A long run: `python -m tests.firmware.engine.test_fuzz_model 1000000 [memory]`; memory: MemorySanitizer instead.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gritspace.quantize.firmware_sources import ENGINE
from gritspace.quantize.model.c_engine import UNITS
from gritspace.quantize.model.grit import to_bytes
from tests.fuzzing import run_fuzzer
from tests.quantize.conftest import SHAPES, make_model
from tests.reliability import campaign, cases

HARNESS = Path(__file__).parent / "fuzz_model.c"


def clang() -> str | None:
    """A clang that has libFuzzer's runtime."""
    for name in ("clang", "clang-14", "clang-16", "clang-19"):
        if path := shutil.which(name):
            runtime = subprocess.run([path, "-print-runtime-dir"], capture_output=True, text=True, check=False)
            folders = [Path(runtime.stdout.strip()), *Path("/usr/lib").glob("llvm-*/lib/clang/*/lib/linux")]
            if any(list(folder.glob("libclang_rt.fuzzer*")) for folder in folders if folder.is_dir()):
                return path
    return None


def build_harness(folder: Path, sanitizers: str = "address,undefined") -> Path:
    """The harness, in folder: a program that fuzzes, or runs the files it is given."""
    compiler = clang()
    assert compiler is not None
    program = folder / "fuzz_model"
    sources = [str(ENGINE / unit) for unit in UNITS]
    # a right shift of a negative number is arithmetic on every compiler this project meets; all else must be defined
    flags = [f"-fsanitize=fuzzer,{sanitizers}", "-fno-sanitize-recover=all", "-O1", "-g", "-std=c11", f"-I{ENGINE}"]
    subprocess.run([compiler, *flags, str(HARNESS), *sources, "-o", str(program)], check=True)
    return program


def fuzz(folder: Path, runs: int, sanitizers: str = "address,undefined") -> subprocess.CompletedProcess[str]:
    """Builds the harness in folder and feeds it `runs` inputs, grown from a model of every shape."""
    program = build_harness(folder, sanitizers)
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for shape in SHAPES:
        (corpus / shape).write_bytes(b"\0" + to_bytes(make_model(shape)))
    return run_fuzzer(program, corpus, runs, longest=16384)


@pytest.mark.skipif(clang() is None, reason="libFuzzer is missing: apt-get install clang libclang-rt-14-dev")
def test_no_bytes_make_the_engine_leave_its_memory(tmp_path: Path) -> None:
    runs = cases(6_000, 1_000_000)
    with campaign("engine on any bytes: libFuzzer, AddressSanitizer, UBSan") as told:
        result = fuzz(tmp_path, runs)
        assert result.returncode == 0, result.stderr[-3000:]
        assert "DONE" in result.stderr
        told.cases = runs


@pytest.mark.skipif(clang() is None, reason="libFuzzer is missing: apt-get install clang libclang-rt-14-dev")
def test_no_bytes_make_the_engine_read_what_was_never_written(tmp_path: Path) -> None:
    runs = cases(1_000, 100_000)
    with campaign("engine on any bytes: libFuzzer, MemorySanitizer") as told:
        result = fuzz(tmp_path, runs, "memory")
        assert result.returncode == 0, result.stderr[-3000:]
        told.cases = runs


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        outcome = fuzz(Path(scratch), int(sys.argv[1]), *sys.argv[2:3])
        print(outcome.stderr[-2000:])
        sys.exit(outcome.returncode)
