"""The engine with NEON's loops on an emulated 64-bit Arm core, beside plain C on the same: the same bits."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from gritspace.quantize.firmware_sources import ENGINE
from gritspace.quantize.model.c_engine import UNITS
from gritspace.quantize.model.grit import write_grit
from gritspace.train.network.shapes import LayerArrayConfig as Array
from gritspace.train.network.shapes import TcnConfig
from tests.firmware.engine.test_kernels_m7 import model_of
from tests.quantize.morphs import two_alike

COMPILER, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64"
BLOCKS = "12"


def two(wide: int, narrow: int) -> TcnConfig:
    """Two arrays of tanh layers."""
    first = Array(wide, (3,) * 4, (1, 2, 4, 64), head_size=narrow)
    return TcnConfig((first, Array(narrow, (3,) * 3, (1, 8, 90))))


SHAPES = {
    "8 channels, leaky, a head of 16 taps": TcnConfig(
        (Array(8, (6, 15, 6), (1, 3, 41), "leaky_relu", head_kernel_size=16),)
    ),
    "16 channels and 8, tanh": two(16, 8),
    "4 channels and 2, tanh": two(4, 2),
    "3 channels, leaky": TcnConfig((Array(3, (6, 6), (1, 7), "leaky_relu"),)),
    "12 channels, tanh": TcnConfig((Array(12, (3, 3), (1, 30)),)),
}


@pytest.fixture(scope="module")
def players(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    missing = [tool for tool in (COMPILER, EMULATOR) if shutil.which(tool) is None]
    if missing:
        pytest.skip(
            f"{', '.join(missing)} not found: apt install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
        )
    folder = tmp_path_factory.mktemp("neon")
    warnings = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]
    flags = ["-std=c11", "-O2", "-fno-math-errno", *warnings, "-static", f"-I{ENGINE}"]
    files = [str(Path(__file__).with_name("neon.c")), *(str(ENGINE / unit) for unit in UNITS)]
    made = {}
    for name, more in {"neon": [], "plain": ["-DGRIT_KERNELS_PLAIN"]}.items():
        made[name] = folder / name
        subprocess.run([COMPILER, *flags, *more, *files, "-o", str(made[name])], check=True)
    return made


@pytest.mark.parametrize("shape", SHAPES)
def test_neon_plays_the_same_bits_as_plain_c(shape: str, players: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "model.grit"
    write_grit(model_of(SHAPES[shape]), path)
    heard = {}
    for name, player in players.items():
        run = subprocess.run([EMULATOR, str(player), str(path), BLOCKS], check=True, capture_output=True, text=True)
        heard[name] = run.stdout.split()
    assert len(set(heard["plain"])) == int(BLOCKS)
    assert heard["neon"] == heard["plain"]


@pytest.mark.parametrize("shape", SHAPES)
def test_neon_mixes_the_same_bits_as_plain_c(shape: str, players: dict[str, Path], tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("first.grit", "second.grit")]
    for model, path in zip(two_alike(SHAPES[shape]), paths, strict=True):
        write_grit(model, path)
    heard = {}
    for name, player in players.items():
        words = [EMULATOR, str(player), str(paths[0]), "60", str(paths[1])]
        heard[name] = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    assert len(set(heard["plain"])) == 60
    assert heard["neon"] == heard["plain"]
