"""Bends under any turns, audio, networks and levels: AddressSanitizer and UBSan.

A long run: `python -m tests.firmware.sound.test_fuzz_bends 1000000`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from gritspace.quantize.firmware_sources import ENGINE, MODULE, sources
from gritspace.quantize.model.grit import to_bytes
from tests.quantize.conftest import make_model
from tests.reliability import campaign, cases

HARNESS = Path(__file__).parent / "fuzz_bends.c"
UNITS = ("bends", "bend_level", "bend_feedback", "bend_rate", "snapshot_knobs")
# A right shift of a negative number is arithmetic on every compiler this project meets; all else must be defined.
FLAGS = ["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
SHAPES = ("relu_snapshot", "small_tanh_space")


def built(folder: Path) -> Path:
    """The harness, compiled."""
    compiler = shutil.which("gcc") or shutil.which("clang")
    assert compiler is not None, "a C compiler is missing: apt install gcc"
    files = [HARNESS, *sources(ENGINE, ".c"), MODULE / "panel" / "knob_curves.c"]
    files += [MODULE / "sound" / f"{unit}.c" for unit in UNITS]
    program = folder / "fuzz_bends"
    subprocess.run([compiler, *FLAGS, f"-I{ENGINE}", f"-I{MODULE}", *map(str, files), "-o", str(program)], check=True)
    return program


def fuzz(program: Path, shape: str, blocks: int, seed: int = 1) -> subprocess.CompletedProcess[str]:
    """Plays that many blocks on one network."""
    model = program.parent / f"{shape}.grit"
    model.write_bytes(to_bytes(make_model(shape)))
    return subprocess.run(
        [str(program), str(model), str(seed), str(blocks)], capture_output=True, text=True, check=False
    )


def test_nothing_upsets_the_bends(tmp_path: Path) -> None:
    program = built(tmp_path)
    with campaign("bends: any turns, audio and levels") as told:
        for shape in SHAPES:
            blocks = cases(1_500, 500_000)
            done = fuzz(program, shape, blocks)
            assert done.returncode == 0, f"{shape}: {done.stdout}{done.stderr}"
            told.cases += blocks


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        harness = built(Path(made))
        for number, one in enumerate(SHAPES):
            told = fuzz(harness, one, int(sys.argv[1]) // len(SHAPES), seed=2 + number)
            print(f"{one}: {told.stdout}{told.stderr}", end="")
            if told.returncode:
                sys.exit(told.returncode)
