"""Power that goes in the middle of each operation of the flash chip: what was saved before, or what was being saved."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.module import memory
from tests.board.bench import Run, run_board
from tests.firmware.host.host_module import build_library, open_library
from tests.firmware.host.rig import Rig
from tests.once import once
from tests.places import ROOT

DaisyImage = Callable[[str], Path]
PRESSED, RELEASED, END = 1300.0, 2450.0, 2800.0
"""Milliseconds: the button is held for a second and more, so that what is heard goes into the preset."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return open_library(once(tmp_path_factory, "host_module", build_library))


@pytest.fixture
def sources(library: ctypes.CDLL) -> Iterator[Rig]:
    """The same sources on this computer, which read what the chip was left with."""
    rig = Rig(library, (ROOT / "spaces" / "circuits.grit").read_bytes())
    yield rig
    rig.flash[:] = 0xFF
    rig.boot()


def save(image: Path, folder: Path, chip: Path, cut: int = 0) -> Run:
    script = [(PRESSED, "pin PC11 0"), (RELEASED, "pin PC11 1"), (1200.0, "adc PA6 50000")]
    options = ("-q", "32", *(("-c", str(cut)) if cut else ()))
    return run_board(image, folder, END, script=sorted(script), flash=chip, options=options)


def preset(sources: Rig, chip: Path) -> object:
    sources.flash[:] = np.fromfile(chip, np.uint8)
    sources.boot()
    with sources.client() as client:
        return memory.get_preset(client, 0)


@pytest.mark.slow
def test_power_cut_in_each_flash_operation_loses_nothing_that_was_saved(
    daisy_image: DaisyImage, sources: Rig, tmp_path: Path
) -> None:
    image, chip = daisy_image("daisy_seed"), tmp_path / "chip.bin"
    chip.write_bytes(b"\xff" * (8 << 20))
    before = preset(sources, chip)
    whole = save(image, tmp_path, chip)
    assert whole.faults == []
    operations = whole.report["flash_operations"]
    assert operations > 2
    after = preset(sources, chip)
    assert after != before
    for cut in range(1, operations + 1):
        chip.write_bytes(b"\xff" * (8 << 20))
        assert save(image, tmp_path, chip, cut).faults == []
        assert preset(sources, chip) in (before, after), f"after operation {cut} of {operations}"
    again = save(image, tmp_path, chip)
    assert again.faults == []
    assert again.report["flash_errors"] == 0
    assert preset(sources, chip) == after
