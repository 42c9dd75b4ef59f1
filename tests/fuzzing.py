"""Starts a libFuzzer program from a test."""

from __future__ import annotations

import subprocess
from pathlib import Path

OPTIONS = ("-seed=1", "-rss_limit_mb=2048", "-timeout=0")
"""No limit by the clock on the wall: an input's is of the processor's time, firmware/own_time.h."""

BY_A_SHELL = ("/bin/sh", "-c", '"$@"; exit $?', "sh")
"""libFuzzer reads its peak memory from getrusage, and Linux carries that peak over execve: a program started by a
pytest process of 2.4 GB begins at 2.4 GB. A shell between forks anew, with a peak of its own few kilobytes."""


def run_fuzzer(program: Path, corpus: Path, runs: int, longest: int) -> subprocess.CompletedProcess[str]:
    """Feeds the program `runs` inputs of up to `longest` bytes, grown from the corpus, in the program's folder."""
    command = [*BY_A_SHELL, str(program), str(corpus), f"-runs={runs}", f"-max_len={longest}", *OPTIONS]
    return subprocess.run(command, capture_output=True, text=True, cwd=program.parent, check=False)
