"""What the firmware makes of things that go wrong: a crash, a hang, power that goes, a damaged image, no crystal."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gritspace.host_tools.link.client import Module
from gritspace.host_tools.module.emulated import IDLE, wait_for
from gritspace.host_tools.module.emulator import Emulator
from tests.board.bench import run_board

DaisyImage = Callable[[str], Path]


def wait_for_reset(emulator: Emulator) -> None:
    until = time.monotonic() + 300
    while not emulator.ask()["resets"]:
        assert time.monotonic() < until, emulator.console[-3:]
        time.sleep(0.2)


def test_a_wild_jump_is_recorded_and_told_after_the_restart(daisy_image: DaisyImage) -> None:
    with Emulator(daisy_image("daisy_seed"), options=IDLE) as emulator:
        wait_for(emulator)
        emulator.tell("jump 60000000")
        wait_for_reset(emulator)
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
        wait_for_reset(emulator)
        wait_for(emulator)
        with Module(emulator.port, patience_seconds=60) as module:
            assert module.fault().kind == "watchdog"


def test_without_a_crystal_the_boards_own_led_blinks(daisy_image: DaisyImage, tmp_path: Path) -> None:
    run = run_board(daisy_image("daisy_seed"), tmp_path, 800, options=("-x",))
    assert run.report["led_edges"] >= 4
    assert run.report["frames"] == 0


EARLY = ("daisy_boot", "begin", "enter", "grit_crc32")
"""What runs before the check is done, and the check: what they do when they are damaged, nobody can say."""


def test_no_single_bit_that_flips_in_the_image_goes_unseen(daisy_image: DaisyImage, tmp_path: Path) -> None:
    image = daisy_image("daisy_seed")
    whole, early, rng = flash_of(image), early_code(image), np.random.default_rng(4)
    damaged_file = tmp_path / "damaged.bin"
    (tmp_path / "whole.bin").write_bytes(whole)
    assert not run_board(tmp_path / "whole.bin", tmp_path, 60).report["in_bootloader"]
    places = [64, len(whole) - 1, *map(int, rng.integers(64, len(whole), 40))]
    for place in places:
        if any(at <= place < at + size for at, size in early):
            continue
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(rng.integers(8))
        damaged_file.write_bytes(damaged)
        run = run_board(damaged_file, tmp_path, 60)
        assert run.report["in_bootloader"], f"a bit of the byte at {place:#x} of {len(whole):#x}"


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


def early_code(image: Path) -> list[tuple[int, int]]:
    """(offset in flash, bytes) of what runs before the image is known to be whole. Half as much again for literals."""
    from elftools.elf.elffile import ELFFile

    found = []
    with image.open("rb") as file:
        for symbol in ELFFile(file).get_section_by_name(".symtab").iter_symbols():
            if symbol.name.split(".")[0] in EARLY and symbol["st_size"]:
                found.append(((symbol["st_value"] & ~1) - 0x0800_0000, symbol["st_size"] + 16))
    assert found
    return found
