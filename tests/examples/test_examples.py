"""Every program in examples/ runs as its own text says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gritspace.quantize.model.grit import read_grit, to_bytes
from gritspace.quantize.network.nam import write_nam_text
from gritspace.quantize.network.network import from_tcn
from gritspace.train.audio.audio_file import read_audio
from tests.firmware.host.host_module import build_library, open_library
from tests.firmware.host.rig import Rig
from tests.once import once
from tests.places import ROOT
from tests.quantize.conftest import make_model, make_tcn

EXAMPLES = ROOT / "examples"


def example(name: str, *arguments: object, timeout: float = 240) -> str:
    command = [sys.executable, EXAMPLES / f"{name}.py", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_readme_lists_every_example_and_no_other() -> None:
    listed = set(re.findall(r"\]\((\w+\.py)\)", (EXAMPLES / "README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in EXAMPLES.glob("*.py")}


@pytest.mark.slow
def test_a_tiny_space_is_trained_and_quantized(tmp_path: Path) -> None:
    said = example("train_a_tiny_space", tmp_path / "space.grit", "--seconds", 8)
    assert "rat" in said
    assert read_grit(tmp_path / "space.grit").position_count == 4


def test_a_circuit_of_ones_own_plays(tmp_path: Path) -> None:
    said = example("add_a_circuit", tmp_path / "wet.wav")
    assert len(said.splitlines()) == 4
    assert len(read_audio(tmp_path / "wet.wav")) == 4 * 96000


def test_a_capture_is_quantized_and_played(tmp_path: Path) -> None:
    capture = tmp_path / "amp.nam"
    capture.write_text(write_nam_text(from_tcn(make_tcn("relu_snapshot")), "amp"), encoding="utf-8")
    said = example("play_a_capture", capture, tmp_path / "wet.wav")
    assert "cycles a frame" in said
    assert len(read_audio(tmp_path / "wet.wav")) == 3 * 48000


@pytest.mark.slow
def test_a_simulated_module_answers_and_plays(model_file: Path) -> None:
    said = example("talk_to_a_module", model_file)
    assert "48000 samples came back" in said
    assert "0 blocks were late" in said


def test_the_handshake_of_the_documentation_is_the_modules(tmp_path_factory: pytest.TempPathFactory) -> None:
    library = open_library(once(tmp_path_factory, "host_module", build_library))
    with Rig(library, to_bytes(make_model("tanh_space"))).port() as port:
        said = example("editor_handshake", port)
    assert "message 129, link version 2, answer to 7" in said
    assert "board host" in said
