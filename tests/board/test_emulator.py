"""The emulated board itself, by a program of the tests' own (own_image/image.c), without any vendor's code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.board.bench import Run, run_board

TIME, UNCACHED, CACHED, STUMBLE, NO_CLOCK, STARVE, FLASH, CONDITION, SUPPLY = range(9)
ALL = ("-b", "3")


def play(
    image: Path,
    folder: Path,
    part: int,
    milliseconds: float,
    cache: bool = False,
    flash: Path | None = None,
    peek: tuple[float, int] | None = None,
) -> Run:
    script = [(0.0, f"pin PB{bit} {part >> bit & 1}") for bit in range(4)]
    if peek is not None:
        script.append((peek[0], f"peek {peek[1]:x} 1"))
    return run_board(image, folder, milliseconds, script=script, cache=cache, flash=flash, options=ALL)


def test_time_goes_by_and_a_tick_is_a_millisecond(own_image: Path, tmp_path: Path) -> None:
    run = play(own_image, tmp_path, TIME, 41, peek=(30.5, 0x20000020))
    assert run.faults == []
    assert run.peeked == [[30]]


def test_dma_takes_sound_from_memory_that_is_not_cached_and_interrupts(own_image: Path, tmp_path: Path) -> None:
    run = play(own_image, tmp_path, UNCACHED, 5)
    assert run.faults == []
    assert run.report["audio_hz"] == pytest.approx(48000, rel=1e-3)
    words = run.played[:96].reshape(-1)
    np.testing.assert_array_equal(words, np.arange(192) % 64 + 1)
    assert run.report["interrupts"] > 5


def test_what_the_cache_has_not_written_back_is_not_what_dma_plays(own_image: Path, tmp_path: Path) -> None:
    run = play(own_image, tmp_path, CACHED, 5, cache=True)
    assert any("works in cached memory" in line for line in run.faults)
    assert any("has not written back" in line for line in run.faults)
    assert not np.array_equal(run.played[:32].reshape(-1), np.arange(64) + 1)
    assert np.all(run.played[0] == np.array([0xA5A5A5, 0xA5A5A5]) - (1 << 24)), "what lay there at power-up"


def test_a_conditional_store_to_cached_memory_leaves_no_condition_behind(own_image: Path, tmp_path: Path) -> None:
    assert play(own_image, tmp_path, CONDITION, 1, cache=True, peek=(0.9, 0x20000000)).peeked == [[4]]


def test_a_read_where_nothing_is_is_a_bus_fault_at_its_instruction(own_image: Path, tmp_path: Path) -> None:
    run = play(own_image, tmp_path, STUMBLE, 2, peek=(1, 0x20000004))
    assert 0x0800_0000 < run.peeked[0][0] < 0x0800_0800
    assert any("60000000, where nothing is" in line for line in run.log)


def test_a_peripheral_without_its_clock_does_not_answer(own_image: Path, tmp_path: Path) -> None:
    run = play(own_image, tmp_path, NO_CLOCK, 1)
    assert len(run.faults) == 1
    assert "SAI1" in run.faults[0]
    assert "clock is off" in run.faults[0]


def test_memory_that_is_written_before_the_supply_is_set_is_a_fault(own_image: Path, tmp_path: Path) -> None:
    run = play(own_image, tmp_path, SUPPLY, 1)
    assert len(run.faults) == 1
    assert "before the supply" in run.faults[0]


def test_a_watchdog_that_is_not_fed_starts_the_chip_anew(own_image: Path, tmp_path: Path) -> None:
    run = play(own_image, tmp_path, STARVE, 20)
    assert run.report["resets"] in (3, 4)
    assert any("the watchdog bites" in line for line in run.log)


def test_the_flash_chip_keeps_what_was_programmed_and_only_erasing_sets_a_bit(own_image: Path, tmp_path: Path) -> None:
    chip = tmp_path / "chip.bin"
    run = play(own_image, tmp_path, FLASH, 10, flash=chip)
    kept = np.fromfile(chip, np.uint8)
    assert len(kept) == 8 << 20
    assert kept[0x1234] == 0xF0 & 0x0F
    assert set(np.delete(kept, 0x1234)) == {0xFF}
    assert run.report["flash_operations"] == 2
    assert len(run.faults) == 1
    assert "not erased" in run.faults[0]
