"""A large capture on the emulated board: its state lies where `gritspace cycles` says, and it plays to the bit; and the
audio interrupt leaves time enough for the rest."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.host_tools.hil import measure
from gritspace.host_tools.hil.takes import Take
from gritspace.host_tools.link.client import Module, ModuleHealth, Refusal
from gritspace.host_tools.module import memory
from gritspace.host_tools.module.emulated import IDLE, wait_for
from gritspace.host_tools.module.emulator import Emulator
from gritspace.quantize.cycles.interrupt import EmulatedInterrupt
from gritspace.quantize.cycles.real_time import FAST_STATE_BYTES, LIMIT_PERCENT, SLOW_STATE_BYTES
from gritspace.quantize.cycles.shapes import NETWORKS
from gritspace.quantize.cycles.whole import price_whole
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from tests.firmware.engine.test_kernels_m7 import loud_audio, model_of

DaisyImage = Callable[[str], Path]
BLOCKS = 40
GARBAGE = 0xA5A5A5A5
"""What every word of RAM holds at power-up."""
ARENAS = {"fast": (0x20000000, FAST_STATE_BYTES), "slow": (0x24000000, SLOW_STATE_BYTES)}
"""Where DTCM and AXI SRAM begin, and how much of each is for engines' states."""


def arenas(image: Path) -> dict[str, tuple[int, int]]:
    """(address, bytes) by what its symbols say."""
    told = subprocess.run(["arm-none-eabi-nm", "-S", str(image)], capture_output=True, text=True, check=True).stdout
    found = {}
    for name, symbol in (("fast", "fast_arena"), ("slow", "large_arena")):
        at, size = re.search(rf"^(\w+) (\w+) . \S*{symbol}", told, re.MULTILINE).groups()  # type: ignore[union-attr]
        found[name] = (int(at, 16), int(size, 16))
    return found


def written(emulator: Emulator, at: int, size: int) -> int:
    """Bytes from the beginning to the last one that is not as it was at power-up."""
    words: NDArray[np.uint32] = np.array(emulator.ask(f"peek {at:x} {size // 4}")["peek"], np.uint32)
    return 4 * int(np.flatnonzero(words != GARBAGE)[-1] + 1) if (words != GARBAGE).any() else 0


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The board's time goes by more slowly than ours, on a busy machine much more."""
    monkeypatch.setattr(memory, "_FLASH_SECONDS", 300.0)
    monkeypatch.setattr(measure, "Module", lambda port: Module(port, patience_seconds=120))


@pytest.fixture
def emulated(daisy_image: DaisyImage) -> Iterator[Emulator]:
    with Emulator(daisy_image("daisy_seed"), options=IDLE) as emulator:
        wait_for(emulator)
        yield emulator


def test_the_image_keeps_as_much_of_each_memory_for_states_as_cycles_reckons_with(daisy_image: DaisyImage) -> None:
    for name, (at, size) in arenas(daisy_image("daisy_seed")).items():
        begin, room = ARENAS[name]
        assert begin <= at < begin + (128 << 10)
        assert size == room


def send(port: str, model: IntegerModel) -> ModuleHealth:
    """Into the module's memory, and played if the guard admits it; how the module then is."""
    with Module(port, patience_seconds=120) as module:
        slot = memory.upload(module, to_bytes(model))
        memory.select(module, slot.slot + 1)
        return module.health()


@pytest.mark.parametrize("name", ["A2-Full", "A1 feather"])
def test_a_state_lies_where_cycles_says_and_hil_finds_no_differing_sample(name: str, emulated: Emulator) -> None:
    """The largest that the guard admits, of either family."""
    model = model_of(NETWORKS[name])
    places = arenas(emulated.image)
    before = {kind: written(emulated, *place) for kind, place in places.items()}
    health = send(emulated.port, model)
    assert health.why == "nothing"
    take = Take("noise", loud_audio(48 * BLOCKS), np.zeros((BLOCKS, 4), np.int16))
    measured = measure.measure(emulated.port, model, [take], None, lambda done, total, words: None)
    assert measured.differing_samples == 0
    assert np.abs(measured.outcomes[0].module.astype(int)).max() > 1000
    regions = EmulatedInterrupt(to_bytes(model), stereo="stereo" in health.flags).regions
    assert regions["slow"] > 0 or name != "A2-Full"
    for kind, place in places.items():
        most = max(before[kind], regions[kind])
        assert most - 32 <= written(emulated, *place) <= most, kind
    assert emulated.ask()["faults"] == 0


def test_what_the_price_refuses_does_not_play(emulated: Emulator) -> None:
    model = model_of(NETWORKS["A1 standard"])
    assert not price_whole(to_bytes(model)).admitted
    with pytest.raises(Refusal, match="it does not run in real time"):
        send(emulated.port, model)


def test_the_link_and_the_memory_have_time_enough_beside_the_longest_interrupt(daisy_image: DaisyImage) -> None:
    """As much as a model may take, and no less in any block; the main loop at its own speed."""
    options = ("-m", "-q", "1", "-w", str(LIMIT_PERCENT))
    with Emulator(daisy_image("daisy_seed"), options=options) as emulator:
        wait_for(emulator)
        with Module(emulator.port, patience_seconds=120) as module:
            begun = emulator.ask()["ms"]
            for _ in range(8):
                module.health()
            answered = emulator.ask()["ms"]
            memory.upload(module, to_bytes(model_of(NETWORKS["A1 nano"])))
            memory.wait_until_saved(module)
        report = emulator.ask()
    assert report["resets"] == report["faults"] == report["underruns"] == 0
    assert (answered - begun) / 8 < 50
    assert report["watchdog_longest_ms"] < 1000
