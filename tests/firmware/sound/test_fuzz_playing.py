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
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from tests.firmware.sound.test_fuzz_bends import FLAGS
from tests.firmware.sound.test_impulse import cabinet
from tests.quantize.conftest import make_model
from tests.quantize.morphs import two_alike
from tests.reliability import campaign, cases

HERE = Path(__file__).parent
HOST = HERE.parent / "host"
GATE = 30
MORPH = TcnConfig((LayerArrayConfig(4, (3, 3), (1, 9), head_size=2), LayerArrayConfig(2, (3,), (4,))))
PRICES = {
    "snapshot": (3496, 4150, 3630, 3530, 2850),  # as of A1 feather
    "space": (5757, 6110, 5690, 5500, 4350),  # the factory space
    "pair": (6927, 7760, 7040, 6960, 6280),  # two A1 feathers, faded
    "morph": (3560, 4260, 3700, 3600, 2900),  # from one A1 feather to another
    "large": (9104, 9965, 9270, 9170, 7080),  # A2-Full, whose slope is more than a module has time for
}
"""What each model stands for, in cycles a frame: without a bend and under each one. docs/knobs.md has them."""


def built(folder: Path) -> Path:
    """The harness, compiled. 144 sectors: the store and four slots, so that an empty flash is quickly made.

    The engine, which has fuzzers of its own, is the computer's: here it is only to be quick.
    """
    compiler = shutil.which("gcc") or shutil.which("clang")
    assert compiler is not None, "a C compiler is missing: apt install gcc"
    files = [HERE / "fuzz_playing.c", HOST / "host_flash.c", *sources(MODULE, ".c"), build_library()]
    program = folder / "fuzz_playing"
    flags = [
        *FLAGS,
        "-Wl,--wrap=grit_instrument_piece",
        "-DHOST_FLASH_SECTORS=144u",
        *(f"-I{path}" for path in (ENGINE, MODULE, HOST)),
    ]
    subprocess.run([compiler, *flags, *map(str, files), "-o", str(program)], check=True)
    return program


def fuzz(program: Path, sequences: int, seed: int = 1) -> subprocess.CompletedProcess[str]:
    """A small snapshot in the image; a space with a response behind it, a pair, a morph, and one that is dear in the
    bank."""
    snapshot, space = make_model("relu_snapshot"), make_model("small_tanh_space")
    pair = replace(paired(snapshot, make_model("two_tanh_arrays"), "crossfade", 4096), knobs=KnobFit(measured=True))
    models = {
        "snapshot": snapshot,
        "space": replace(space, impulse=rounded(cabinet(24))),
        "pair": pair,
        "morph": replace(paired(*two_alike(MORPH), "morph", 4096), knobs=KnobFit(True, levels=tuple(range(-20, 0)))),
        "large": make_model("leaky_space_with_long_head"),
    }
    for name, model in models.items():
        (program.parent / f"{name}.grit").write_bytes(to_bytes(model))
    files = [
        word for name in models for word in (str(program.parent / f"{name}.grit"), ",".join(map(str, PRICES[name])))
    ]
    return subprocess.run(
        [str(program), str(seed), str(sequences), str(GATE), *files], capture_output=True, text=True, check=False
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
