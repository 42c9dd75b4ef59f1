"""The wheel, in an empty folder with an empty HOME: what a user of `pip install gritspace` has."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.places import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its program, in an environment that borrows every package from this one but Gritspace itself."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, ROOT], check=True)
    (wheel,) = folder.glob("gritspace-*.whl")
    venv.create(folder / "venv", symlinks=True)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    borrowed = Path(np.__file__).parents[1]
    for path in borrowed.iterdir():
        if "gritspace" not in path.name and path.suffix != ".pth":
            (packages / path.name).symlink_to(path)
    subprocess.run([*pip, "--python", folder / "venv", "install", "--no-deps", wheel], check=True)
    return folder / "venv" / "bin" / "gritspace"


@pytest.fixture
def empty(tmp_path: Path, installed: Path):
    """Runs the program in an empty folder: (words) -> what it said; it must exit 0."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYTHON", "GRITSPACE_"))}

    def call(*words: object) -> str:
        result = subprocess.run(
            [installed, *map(str, words)],
            cwd=tmp_path / "work",
            env={**kept, "HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    soundfile.write(tmp_path / "work" / "dry.wav", 0.3 * np.sin(np.arange(24000) * 0.03), 48000)
    return call


def spaces(installed: Path) -> Path:
    (found,) = (installed.parents[1] / "lib").glob("python*/site-packages/gritspace/spaces")
    return found


def test_everything_that_needs_no_checkout_needs_none(installed: Path, empty, tmp_path: Path) -> None:
    model = spaces(installed) / "circuits.grit"
    empty("run", model, "dry.wav", "wet.wav", "--position", "0.5,0,0,0")
    assert len(soundfile.read(tmp_path / "work" / "wet.wav")[0]) == 24000
    assert "cycles" in empty("cycles", model)
    empty("quantize", spaces(installed) / "circuits.pt", "-o", "again.grit")
    report = empty(
        "hil", "--port", "sim", "--model", "again.grit", "--audio", "dry.wav", "--position", "0,0,0,0", "--json"
    )
    assert '"differing_samples": 0' in report
