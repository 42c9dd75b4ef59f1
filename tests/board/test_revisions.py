"""The boards there are: each codec is woken as it wants to be, and the module says which board it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gritspace.host_tools.link.client import Module
from gritspace.host_tools.module.emulated import IDLE, wait_for
from gritspace.host_tools.module.emulator import Emulator
from tests.board.bench import run_board

DaisyImage = Callable[[str], Path]
REVISIONS = [
    ("daisy_seed", "seed_1_0", "AK4556", "daisy_seed 1.0"),
    ("daisy_seed", "seed_1_1", "WM8731", "daisy_seed 1.1"),
    ("daisy_seed", "seed_2_dfm", "PCM3060", "daisy_seed 1.2"),
    ("daisy_patch_sm", "patch_sm", "PCM3060", "daisy_patch_sm"),
]


@pytest.mark.parametrize(("environment", "board", "codec", "name"), REVISIONS)
def test_each_revision_is_told_by_its_straps_and_its_codec_plays(
    environment: str, board: str, codec: str, name: str, daisy_image: DaisyImage, tmp_path: Path
) -> None:
    run = run_board(daisy_image(environment), tmp_path, 1550, board)
    assert run.faults == []
    assert (run.report["codec"], run.report["codec_state"]) == (codec, "plays")
    assert run.report["frames"] > 1000
    assert run.report["underruns"] == 0


@pytest.mark.parametrize(("environment", "board", "codec", "name"), REVISIONS[2:])
def test_info_says_which_board_it_is(
    environment: str, board: str, codec: str, name: str, daisy_image: DaisyImage
) -> None:
    with Emulator(daisy_image(environment), board, options=IDLE) as emulator:
        wait_for(emulator)
        with Module(emulator.port, patience_seconds=60) as module:
            assert module.info().board == name
