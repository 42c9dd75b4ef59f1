"""The fuzzers' memory limit counts the fuzzer's memory, not that of the process that started it."""

from __future__ import annotations

import subprocess
import sys

from tests.fuzzing import BY_A_SHELL

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
