"""A whole module at whose panel and link anything is done: AddressSanitizer and UBSan.

A long run: `python -m tests.firmware.sound.test_fuzz_playing 1000000`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from gritspace.host_tools.models.impulse import rounded
from gritspace.host_tools.models.pair import paired
from gritspace.quantize.firmware_sources import ENGINE, MODULE, sources
from gritspace.quantize.model.c_engine import build_library
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import KnobFit
from tests.firmware.sound.test_fuzz_bends import FLAGS
from tests.firmware.sound.test_impulse import cabinet
from tests.quantize.conftest import make_model
from tests.reliability import campaign, cases

HERE = Path(__file__).parent
HOST = HERE.parent / "host"


def built(folder: Path) -> Path:
    """The harness, compiled. 80 sectors: the store and two slots, so that an empty flash is quickly made.

    The engine, which has fuzzers of its own, is the computer's: here it is only to be quick.
    """
    compiler = shutil.which("gcc") or shutil.which("clang")
    assert compiler is not None, "a C compiler is missing: apt install gcc"
    files = [HERE / "fuzz_playing.c", HOST / "host_flash.c", *sources(MODULE, ".c"), build_library()]
    program = folder / "fuzz_playing"
    flags = [*FLAGS, "-DHOST_FLASH_SECTORS=80u", *(f"-I{path}" for path in (ENGINE, MODULE, HOST))]
    subprocess.run([compiler, *flags, *map(str, files), "-o", str(program)], check=True)
    return program


def fuzz(program: Path, sequences: int, seed: int = 1) -> subprocess.CompletedProcess[str]:
    """A small snapshot in the image; a space with a response behind it and a pair in the bank."""
    snapshot, space = make_model("relu_snapshot"), make_model("small_tanh_space")
    pair = replace(paired(snapshot, make_model("two_tanh_arrays"), "crossfade", 4096), knobs=KnobFit(measured=True))
    models = {"snapshot": snapshot, "space": replace(space, impulse=rounded(cabinet(24))), "pair": pair}
    for name, model in models.items():
        (program.parent / f"{name}.grit").write_bytes(to_bytes(model))
    files = [str(program.parent / f"{name}.grit") for name in models]
    return subprocess.run(
        [str(program), str(seed), str(sequences), *files], capture_output=True, text=True, check=False
    )


def test_nothing_done_at_the_panel_upsets_a_playing_module(tmp_path: Path) -> None:
    with campaign("playing: knobs, voltages, bends, gates, presets and models anyhow") as told:
        sequences = cases(1_000, 1_000_000)
        done = fuzz(built(tmp_path), sequences)
        assert done.returncode == 0, done.stdout + done.stderr
        told.cases += sequences


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        outcome = fuzz(built(Path(made)), int(sys.argv[1]), seed=7)
        print(outcome.stdout + outcome.stderr, end="")
        sys.exit(outcome.returncode)
