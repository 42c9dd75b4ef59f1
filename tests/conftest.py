"""What tests of several rooms share: the command line as a user runs it, and a small space with its integer model."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import settings
from numpy.typing import NDArray

from tests.once import once

settings.register_profile("gritspace", deadline=None)  # a speed is a benchmark, never a test
settings.load_profile("gritspace")

Cli = Callable[..., subprocess.CompletedProcess[str]]

SLOW = (
    "board/test_power.py",
    "board/test_sound.py",
    "end_to_end",
    "examples",
    "firmware/engine/test_fuzz_kernels.py",
    "firmware/engine/test_fuzz_model.py",
    "firmware/memory/test_flash_states.py",
    "firmware/sim",
    "firmware/sound/test_audio_pieces.py",
    "firmware/sound/test_fuzz_playing.py",
    "firmware/sound/test_loudness.py",
    "firmware/wire/test_fuzz_link.py",
    "hardware/test_board.py",
    "hardware/test_build.py",
    "hardware/test_circuit.py",
    "hardware/test_drawings.py",
    "hardware/test_kicad_schematic.py",
    "hardware/test_models.py",
    "hardware/test_simulations.py",
    "host_tools/commands",
    "host_tools/hil/test_rig.py",
    "host_tools/models/test_nam_files.py",
    "host_tools/module/test_loop.py",
    "host_tools/spaces",
    "quantize/cycles",
    "quantize/model/test_accumulators.py",
    "quantize/rounding/test_finetune.py",
    "readers",
    "train/audio/recording",
    "train/bench",
    "train/knobs/test_fit.py",
    "train/network/test_compilers.py",
    "train/network/test_native_build.py",
    "train/research",
    "train/snapshot",
    "train/space/test_cached_training.py",
    "train/space/test_enroll.py",
    "train/space/test_measures_of_a_space.py",
    "train/space/test_renders.py",
    "train/space/test_several_machines.py",
    "train/space/test_train.py",
    "web/test_bridges.py",
    "web/test_listening.py",
    "web/test_page_in_chromium.py",
    "web/test_quantizer.py",
)
"""Files and folders that train, emulate, build firmware or start the command line again and again: marked slow as a
whole, which `make test-quick` leaves out. Of other files the tests that take long carry the mark themselves."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks them."""
    here = Path(__file__).parent
    for item in items:
        if not item.path.is_relative_to(here):
            continue
        path = item.path.relative_to(here)
        if any(str(place) in SLOW for place in (path, *path.parents)):
            item.add_marker(pytest.mark.slow)


def pytest_runtest_setup() -> None:
    """Training flushes denormal numbers to zero, and so do some audio libraries; each test starts with all numbers."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


@pytest.fixture(scope="session")
def gritspace() -> Cli:
    """Runs `gritspace` in a process of its own: gritspace("run", model, ..., cwd=folder) -> exit code and output."""

    def call(
        *arguments: object, cwd: Path | None = None, timeout: float = 120, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gritspace.host_tools.cli", *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return call


@pytest.fixture(scope="session")
def space_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained but lively space of four dimensions that calls two settings of two built-in circuits its own."""
    return once(tmp_path_factory, "space", _make_space) / "small.pt"


def _make_space(folder: Path) -> None:
    import torch

    from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
    from gritspace.train.space.space import Space, SpaceConfig, save_space

    torch.manual_seed(11)
    layers = LayerArrayConfig(4, (3,) * 5, (1, 2, 4, 8, 16))
    space = Space(SpaceConfig(TcnConfig((layers,), position_size=4, film_hidden=6)))
    with torch.no_grad():
        assert space.decoder.film is not None
        for parameter in space.decoder.film.parameters():
            parameter.mul_(4)
        space.decoder.arrays[0].head.weight.mul_(0.5)
    space.positions = {
        "diode_clipper@drive=0.2,tone=0.5": [-0.6, 0.1, 0.0, 0.2],
        "diode_clipper@drive=0.8,tone=0.5": [0.6, 0.1, 0.0, -0.2],
        "rat@distortion=0.5,filter=0.5": [0.3, -0.5, 0.4, 0.0],
    }
    space.gains = {"diode_clipper": 1.5, "rat": 0.7}
    space.licences = {"diode_clipper": "MIT", "rat": "MIT"}
    save_space(space, folder / "small.pt")


@pytest.fixture(scope="session")
def model_file(space_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That space's integer model, beside it, as `gritspace quantize` makes it."""
    from gritspace.host_tools.audio_sources import riff
    from gritspace.host_tools.models.model_files import model_from_space
    from gritspace.quantize.model.grit import write_grit
    from gritspace.train.space.space import load_space

    path = space_file.with_suffix(".grit")
    once(
        tmp_path_factory,
        "space_model",
        lambda _: write_grit(model_from_space(load_space(space_file), space_file, riff(2)), path),
    )
    return path


@pytest.fixture(scope="session")
def wav_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of two tones, dying away: mono, 48 kHz."""
    path = tmp_path_factory.mktemp("audio") / "tones.wav"
    soundfile.write(path, tones(24000), 48000)
    return path


def tones(frames: int) -> NDArray[np.float32]:
    """Two tones and a decay: (frames,), peak about 0.5."""
    time = np.arange(frames) / 48000
    wave = 0.3 * np.sin(2 * np.pi * 110 * time) + 0.2 * np.sin(2 * np.pi * 1234 * time)
    return (wave * np.exp(-time * 3)).astype(np.float32)
