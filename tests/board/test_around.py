"""Bends, a gate and a pair through the emulated board's USB, their knobs moving: hil, to the bit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.module.emulated import IDLE, wait_for
from gritspace.host_tools.module.emulator import Emulator
from gritspace.host_tools.sound.pair import paired
from gritspace.quantize.model.grit import to_bytes
from gritspace.train.audio.audio_file import write_audio
from tests.conftest import Cli
from tests.places import ROOT
from tests.quantize.conftest import make_model

DaisyImage = Callable[[str], Path]
TURNS = (
    "time,control,value\n0,drive,0.9\n0.05,tone,-0.7\n0.1,drive,-0.6\n0.15,dynamics,1\n0.2,drive,0\n0.24,drive,0.3\n"
)
SECONDS = 0.3


@pytest.fixture
def port(daisy_image: DaisyImage) -> Iterator[str]:
    with Emulator(daisy_image("daisy_seed"), options=IDLE) as emulator:
        wait_for(emulator)
        yield emulator.port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With what is played and how."""
    write_audio(tmp_path / "riff.wav", riff(SECONDS))
    (tmp_path / "turns.csv").write_text(TURNS)
    return tmp_path


def differing(gritspace: Cli, folder: Path, *words: object) -> int:
    """Samples of the automated take that differ from what the laptop foretells."""
    told = gritspace(
        *("hil", "--audio", "riff.wav", "--automation", "turns.csv", "--gate", "-50", "--json", *words),
        cwd=folder, timeout=900,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-2000:]
    report = json.loads(told.stdout)
    assert report["frames"] >= SECONDS * 48000
    return int(report["differing_samples"])


@pytest.mark.parametrize("bend", ["slope", "hold", "feedback", "rate"])
def test_a_bent_and_gated_space_differs_in_no_sample(gritspace: Cli, port: str, folder: Path, bend: str) -> None:
    model = ROOT / "spaces" / "circuits.grit"
    assert differing(gritspace, folder, "--port", port, "--model", model, "--bend", bend) == 0


def test_a_bent_and_gated_pair_differs_in_no_sample(gritspace: Cli, port: str, folder: Path) -> None:
    pair = paired(make_model("relu_snapshot"), make_model("two_tanh_arrays"), "crossfade", 4096)
    model = folder / "both.grit"
    model.write_bytes(to_bytes(pair))
    put = gritspace("upload", model, "--port", port, "--select", cwd=folder, timeout=900)
    assert put.returncode == 0, put.stderr[-2000:]
    assert differing(gritspace, folder, "--port", port, "--model", model) == 0
    assert differing(gritspace, folder, "--port", port, "--model", model, "--bend", "feedback") == 0
