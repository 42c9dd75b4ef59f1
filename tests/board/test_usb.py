"""The module behind the emulated board's USB: the project's own tools talk to it as to a real one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.link.frames import LinkError
from gritspace.host_tools.module.emulated import IDLE, wait_for
from gritspace.host_tools.module.emulator import Emulator
from gritspace.train.audio.audio_file import write_audio
from tests.conftest import Cli
from tests.places import ROOT

DaisyImage = Callable[[str], Path]
PATIENCE = 120.0


@pytest.fixture
def emulated(daisy_image: DaisyImage) -> Iterator[Emulator]:
    with Emulator(daisy_image("daisy_seed"), options=IDLE) as emulator:
        wait_for(emulator)
        yield emulator


def answers(emulator: Emulator) -> bool:
    """It tells who it is, sooner or later."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(LinkError), Module(emulator.port, patience_seconds=10) as module:
            return module.info().firmware_version != ""
    return False


def test_hil_finds_no_differing_sample_on_the_emulated_board(
    daisy_image: DaisyImage, gritspace: Cli, tmp_path: Path
) -> None:
    write_audio(tmp_path / "riff.wav", riff(0.5))
    result = gritspace(
        "hil", "--port", "emulated", "--model", ROOT / "spaces" / "circuits.grit", "--audio", "riff.wav", "--json",
        cwd=tmp_path, timeout=900, GRITSPACE_IMAGES=str(daisy_image("daisy_seed").parent),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    report = json.loads(result.stdout)
    assert report["differing_samples"] == 0
    assert report["frames"] >= 24000


def test_a_cable_that_is_pulled_and_put_in_again_is_a_port_again(emulated: Emulator) -> None:
    emulated.tell("usb 0")
    time.sleep(1)
    with pytest.raises(LinkError), Module(emulated.port, patience_seconds=2) as module:
        module.info()
    assert not emulated.ask()["usb_configured"]
    emulated.tell("usb 1")
    assert answers(emulated)
    assert emulated.ask()["resets"] == 0


def test_reboot_into_dfu_ends_in_the_chips_own_bootloader(emulated: Emulator) -> None:
    with Module(emulated.port, patience_seconds=60) as module:
        module.reboot(dfu=True)
    until = time.monotonic() + PATIENCE
    while emulated.running and time.monotonic() < until:
        time.sleep(0.1)
    emulated.stop()
    assert emulated.report["in_bootloader"]
    assert emulated.report["resets"] == 1
