"""Each of the Daisy's images, as it is shipped, from power-up to the first second of sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.module.emulator import board_of
from tests.board.bench import Run, run_board
from tests.board.conftest import ENVIRONMENTS

DaisyImage = Callable[[str], Path]
START_MS = 1500.0
FREE_BYTES = 24 * 1024
FLASH_BYTES = 131072
PATCH_KNOBS = ("PA3", "PA6", "PA2", "PA7")
"""All knobs stand in the middle, where the model begins: a Patch.Init()'s are then at a quarter of the converter."""


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def booted(request: pytest.FixtureRequest, daisy_image: DaisyImage, tmp_path_factory: pytest.TempPathFactory) -> Run:
    image = daisy_image(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    middle = [(0.0, f"adc {pin} 16384") for pin in PATCH_KNOBS] if "patch" in request.param else []
    return run_board(image, folder, START_MS, board_of(image), cache=True, script=middle)


def test_nothing_happens_that_a_real_board_would_not_survive(booted: Run) -> None:
    assert booted.faults == []
    assert booted.report["resets"] == 0


def test_the_clocks_are_what_the_firmware_reckons_with(booted: Run) -> None:
    report = booted.report
    assert (report["sysclk_hz"], report["hclk_hz"]) == (480_000_000, 240_000_000)
    assert (report["vos"], report["overdrive"], report["wait_states"]) == (3, 1, 4)
    assert report["audio_hz"] == pytest.approx(48000, rel=5e-4)


def test_usb_runs_by_the_crystal(booted: Run) -> None:
    assert (booted.report["usb_clock"], booted.report["usb_hz"]) == ("PLL1Q", 48_000_000)


def test_sdrams_rows_are_refreshed_before_they_forget(booted: Run) -> None:
    assert 0 < booted.report["sdram_row_us"] <= 64e3 / 8192


def test_it_sounds_within_a_second_and_a_half(booted: Run) -> None:
    assert 0 < booted.report["audio_started_ms"] < START_MS - 100
    assert booted.report["frames"] > 0
    assert booted.report["underruns"] == 0
    assert booted.report["codec_state"] == "plays"


def test_the_panel_is_read_before_it_is_played_by(booted: Run) -> None:
    assert 0 < booted.report["adc_first_round_ms"] <= booted.report["audio_started_ms"]


def test_memory_that_no_one_wrote_is_never_heard(booted: Run) -> None:
    """All of RAM holds 0xA5 at power-up; what is heard of silence is silence, from the first frame on."""
    assert len(booted.played) > 1000
    assert np.abs(booted.played).max() < 0.02 * (1 << 23)
    assert np.all(booted.played[:32] == 0)


def test_there_is_room_in_flash_for_what_is_to_come(booted: Run) -> None:
    assert booted.report["image_bytes"] <= FLASH_BYTES - FREE_BYTES


def test_the_stack_keeps_away_from_what_lies_below(booted: Run) -> None:
    assert booted.report["stack_low"] > 0x2002_0000 - 12 * 1024
