"""More over USB than the module's queue holds, while the main loop is busy: stm32duino 2.12 then takes one more packet
into a buffer that is none, at address 0, where ITCM is kept empty. Nothing else may be touched."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.module.emulated import IDLE, wait_for
from gritspace.host_tools.module.emulator import Emulator
from tests.board.test_sound import BLOCK, PINS, at_the_codec
from tests.firmware.host.host_module import HostModule

QUEUE_BYTES, PACKET = 80 * 64, 64
JUNK = 0xA5A5A5A5
SECONDS = 60
ITCM_WORDS = 64
BUSY_MS = 20
PATIENCE = 240.0


def flood(emulator: Emulator) -> None:
    """Twice what the queue holds, while nobody reads it."""
    emulator.tell(f"busy {BUSY_MS}")
    port = os.open(emulator.port, os.O_RDWR | os.O_NOCTTY)
    try:
        left = b"\xa5" * (2 * QUEUE_BYTES)
        while left:
            left = left[os.write(port, left[:PACKET]) :]
    finally:
        os.close(port)
    over, until = emulator.ask()["ms"] + 2 * BUSY_MS, time.monotonic() + PATIENCE
    while emulator.ask()["ms"] < over:
        assert time.monotonic() < until
        time.sleep(0.2)


def test_a_flood_of_the_receive_queue_ends_in_the_empty_beginning_of_itcm_and_is_not_heard(
    daisy_image: Callable[[str], Path], host: HostModule, tmp_path: Path
) -> None:
    music = (riff(SECONDS) * 20000).astype(np.int16)
    heard = np.stack([music, np.roll(music, 1000)], axis=1)
    (tmp_path / "heard").write_bytes(heard.tobytes())
    files = ("-i", str(tmp_path / "heard"), "-o", str(tmp_path / "played"))
    with Emulator(daisy_image("daisy_seed"), options=[*IDLE, *files]) as emulator:
        wait_for(emulator)
        before = emulator.ask(f"peek 0 {ITCM_WORDS}")["peek"]
        flood(emulator)
        after = emulator.ask(f"peek 0 {ITCM_WORDS}")["peek"]
        with Module(emulator.port, patience_seconds=PATIENCE) as module:
            assert module.info().firmware_version != ""
    assert JUNK not in before
    assert after[: PACKET // 4] == [JUNK] * (PACKET // 4), "the queue was not flooded: this shows nothing"
    assert after[PACKET // 4 :] == before[PACKET // 4 :]
    assert [line for line in emulator.console if "FAULT" in line] == []
    assert emulator.report["resets"] == 0
    played = np.fromfile(tmp_path / "played", np.int32).reshape(-1, 2)
    blocks = min(len(played), len(heard)) // BLOCK - 4
    codes = np.full(len(PINS), 32768, np.uint16)
    wanted = []
    for block in range(blocks):
        host.panel(codes)
        host.switches(False, False)
        wanted.append(host.stereo(heard[block * BLOCK : (block + 1) * BLOCK].T).T)
    codec = at_the_codec(np.concatenate(wanted))
    assert np.abs(codec).max() > 1 << 20
    assert min(np.count_nonzero(played[at : at + len(codec)] != codec) for at in range(3 * BLOCK)) == 0
