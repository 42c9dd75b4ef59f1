"""A whole module at whose panel and link anything is done: AddressSanitizer and UBSan.

A long run: `python -m tests.firmware.sound.test_fuzz_playing 1000000`.
"""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from gritspace.host_tools.sound.bends import KINDS
from gritspace.host_tools.sound.impulse import rounded
from gritspace.host_tools.sound.pair import paired
from gritspace.quantize.cycles.shapes import NETWORKS, random_model
from gritspace.quantize.cycles.whole import price_whole
from gritspace.quantize.firmware_sources import ENGINE, MODULE, sources
from gritspace.quantize.model.c_engine import build_library
from gritspace.quantize.model.grit import read_grit, to_bytes
from gritspace.quantize.model.grit_layout import BEND_CURVE
from gritspace.quantize.model.model import IntegerModel, KnobFit
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from tests.firmware.sound.test_fuzz_bends import FLAGS
from tests.firmware.sound.test_impulse import cabinet
from tests.places import ROOT
from tests.quantize.conftest import make_model
from tests.quantize.morphs import two_alike
from tests.reliability import campaign, cases

HERE = Path(__file__).parent
HOST = HERE.parent / "host"
MORPH = TcnConfig((LayerArrayConfig(4, (3, 3), (1, 9), head_size=2), LayerArrayConfig(2, (3,), (4,))))
FEATHER = NETWORKS["A1 feather"]
CURVE = (0,) * BEND_CURVE
"""Of a bend's level: there is one, so that it is held, and paid for."""


def played() -> dict[str, IntegerModel]:
    """Small ones: a snapshot in the image; a space with a response behind it, a pair, a morph, and one that stands for
    a dear one, in the bank."""
    snapshot, space = make_model("relu_snapshot"), make_model("small_tanh_space")
    pair = replace(paired(snapshot, make_model("two_tanh_arrays"), "crossfade", 4096), knobs=KnobFit(measured=True))
    return {
        "snapshot": snapshot,
        "space": replace(space, impulse=rounded(cabinet(24))),
        "pair": pair,
        "morph": replace(paired(*two_alike(MORPH), "morph", 4096), knobs=KnobFit(True, levels=tuple(range(-20, 0)))),
        "large": make_model("leaky_space_with_long_head"),
    }


def stood_for() -> dict[str, IntegerModel]:
    """What each of them stands for, of the size that people have. The dear one is just within the limit: under one
    bend or another it is not."""
    feathers = [replace(random_model(FEATHER, name), bend_curve=CURVE, knobs=KnobFit(True)) for name in ("a", "b")]
    large = random_model(NETWORKS["A2-Full"], "large")
    return {
        "snapshot": feathers[0],
        "space": read_grit(ROOT / "spaces" / "circuits.grit"),
        "pair": paired(feathers[0], feathers[1], "crossfade", 4096),
        "morph": replace(paired(*two_alike(FEATHER), "morph", 4096), bend_curve=CURVE, knobs=KnobFit(True)),
        "large": replace(large, bend_curve=CURVE, knobs=KnobFit(True), impulse=rounded(cabinet(512))),
    }


@cache
def prices() -> dict[str, tuple[int, ...]]:
    """Of each model stood for, cycles a frame without a bend and under each one: the whole interrupt, pessimistic, as
    `gritspace cycles` has it. A minute of a processor."""
    found = {}
    for name, model in stood_for().items():
        blob = to_bytes(model)
        found[name] = tuple(math.ceil(price_whole(blob, bend=bend).whole.pessimistic) for bend in range(len(KINDS)))
    return found


@cache
def gate_price() -> int:
    """Of a gate in front, cycles a frame."""
    blob = to_bytes(stood_for()["snapshot"])
    return math.ceil(price_whole(blob, gate=60).whole.pessimistic - price_whole(blob).whole.pessimistic)


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
    """Everything anyhow, that often."""
    files = []
    for name, model in played().items():
        path = program.parent / f"{name}.grit"
        path.write_bytes(to_bytes(model))
        files += [str(path), ",".join(map(str, prices()[name]))]
    return subprocess.run(
        [str(program), str(seed), str(sequences), str(gate_price()), *files],
        capture_output=True,
        text=True,
        check=False,
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
