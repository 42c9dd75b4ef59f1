"""What the firmware makes of things that go wrong: a crash, a hang, power that goes, a damaged image, no crystal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from gritspace.host_tools.link.client import Module
from gritspace.host_tools.module.emulated import IDLE, wait_for
from gritspace.host_tools.module.emulator import Emulator
from tests.board.bench import run_board

DaisyImage = Callable[[str], Path]


def test_a_wild_jump_is_recorded_and_told_after_the_restart(daisy_image: DaisyImage) -> None:
    with Emulator(daisy_image("daisy_seed"), options=IDLE) as emulator:
        wait_for(emulator)
        emulator.tell("jump 60000000")
        wait_for(emulator)
        with Module(emulator.port, patience_seconds=60) as module:
            fault = module.fault()
        assert emulator.ask()["resets"] == 1
    assert fault.count == 1
    assert fault.pc == 0x6000_0000


def test_a_main_loop_that_hangs_is_ended_by_the_watchdog_and_told(daisy_image: DaisyImage) -> None:
    with Emulator(daisy_image("daisy_seed"), options=IDLE) as emulator:
        wait_for(emulator)
        emulator.tell("hang")
        for _ in range(600):
            if emulator.ask()["resets"]:
                break
        wait_for(emulator)
        with Module(emulator.port, patience_seconds=60) as module:
            assert module.fault().kind == "watchdog"


def test_without_a_crystal_the_boards_own_led_blinks(daisy_image: DaisyImage, tmp_path: Path) -> None:
    run = run_board(daisy_image("daisy_seed"), tmp_path, 5000, options=("-x", "-b", "5"))
    assert run.report["led_edges"] >= 4
    assert run.report["frames"] == 0


def test_no_single_bit_that_flips_in_the_image_goes_unseen(daisy_image: DaisyImage, tmp_path: Path) -> None:
    """All of the image but the few hundred bytes that look: what they do when they are damaged, nobody can say."""
    whole = flash_of(daisy_image("daisy_seed"))
    first, rng = checked_from(whole), np.random.default_rng(4)
    for place in [first, len(whole) - 1, *rng.integers(first, len(whole), 58)]:
        damaged = bytearray(whole)
        damaged[int(place)] ^= 1 << int(rng.integers(8))
        (tmp_path / "damaged.bin").write_bytes(damaged)
        run = run_board(tmp_path / "damaged.bin", tmp_path, 400)
        assert run.report["in_bootloader"], f"bit at {int(place):#x} of {len(whole):#x} unseen"


def flash_of(image: Path) -> bytes:
    """An ELF file's loaded bytes from the flash's beginning on."""
    from elftools.elf.elffile import ELFFile

    out = bytearray()
    with image.open("rb") as file:
        for segment in ELFFile(file).iter_segments("PT_LOAD"):
            at = segment["p_paddr"] - 0x0800_0000
            if segment["p_filesz"] and 0 <= at < 131072:
                out[len(out) :] = b"\xff" * (at + segment["p_filesz"] - len(out))
                out[at : at + segment["p_filesz"]] = segment.data()
    return bytes(out)


def checked_from(image: bytes) -> int:
    """Where the part begins that the image's own check guards: after it, the vectors and what runs before."""
    return 0x1000
