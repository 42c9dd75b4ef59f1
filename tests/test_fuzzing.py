"""The fuzzers' limits count the fuzzer's own memory and time, not those of whoever started it or runs beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.firmware.engine.test_fuzz_model import clang
from tests.fuzzing import BY_A_SHELL, run_fuzzer
from tests.places import ROOT

PEAK = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
LARGE = """
import subprocess, sys
held = bytearray(b"x") * 400_000_000
print(subprocess.run(sys.argv[1:], capture_output=True, text=True, check=True).stdout)
"""


def peak_kilobytes(*before: str) -> int:
    """What a small program, started by one of 400 MB, says of its own peak."""
    command = [sys.executable, "-c", LARGE, *before, sys.executable, "-c", PEAK]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_a_program_started_through_the_shell_has_a_peak_of_its_own() -> None:
    assert peak_kilobytes(*BY_A_SHELL) < 100_000


SLEEPS_AND_SPINS = """
#include <stdint.h>
#include "own_time.h"
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static volatile uint64_t turns;
  limit_own_time();
  if (size > 1 && data[0] == 's') sleep(3);
  while (size > 1 && data[0] == 'c') turns++;
  return 0;
}
"""


@pytest.mark.skipif(clang() is None, reason="libFuzzer is missing: apt-get install clang libclang-rt-14-dev")
@pytest.mark.parametrize(("first", "code"), [(b"sleeps", 0), (b"computes", 77)])
def test_an_input_may_wait_for_its_turn_but_not_compute_for_ever(tmp_path: Path, first: bytes, code: int) -> None:
    compiler, program, corpus = clang(), tmp_path / "fuzzer", tmp_path / "corpus"
    assert compiler is not None
    corpus.mkdir()
    (corpus / "first").write_bytes(first)
    (tmp_path / "harness.c").write_text(SLEEPS_AND_SPINS)
    flags = ["-fsanitize=fuzzer", "-std=c11", "-DOWN_SECONDS=1", f"-I{ROOT / 'tests' / 'firmware'}"]
    subprocess.run([compiler, *flags, str(tmp_path / "harness.c"), "-o", str(program)], check=True)
    result = run_fuzzer(program, corpus, 3, longest=8)
    assert result.returncode == code, result.stderr
    assert ("too much processor time" in result.stderr) == (code != 0)
