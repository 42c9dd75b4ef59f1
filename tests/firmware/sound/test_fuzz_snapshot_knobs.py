"""A snapshot's knobs under any turns, audio, networks and fits: AddressSanitizer and UBSan.

A long run: `python -m tests.firmware.sound.test_fuzz_snapshot_knobs 1000000`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from gritspace.quantize.firmware_sources import ENGINE, MODULE

HARNESS = Path(__file__).parent / "fuzz_snapshot_knobs.c"
# A right shift of a negative number is arithmetic on every compiler this project meets; all else must be defined.
FLAGS = ["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def fuzz(folder: Path, blocks: int, seed: int = 1) -> subprocess.CompletedProcess[str]:
    """Builds the harness in folder and plays that many blocks."""
    compiler = shutil.which("gcc") or shutil.which("clang")
    assert compiler is not None, "a C compiler is missing: apt install gcc"
    sources = [HARNESS, MODULE / "sound" / "snapshot_knobs.c", MODULE / "panel" / "knob_curves.c"]
    program = folder / "fuzz_snapshot_knobs"
    subprocess.run([compiler, *FLAGS, f"-I{ENGINE}", f"-I{MODULE}", *map(str, sources), "-o", str(program)], check=True)
    return subprocess.run([str(program), str(seed), str(blocks)], capture_output=True, text=True, check=False)


def test_nothing_upsets_the_knobs(tmp_path: Path) -> None:
    done = fuzz(tmp_path, 20_000)
    assert done.returncode == 0, done.stdout + done.stderr


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        done = fuzz(Path(folder), int(sys.argv[1]), seed=2)
    print(done.stdout + done.stderr, end="")
    sys.exit(done.returncode)
