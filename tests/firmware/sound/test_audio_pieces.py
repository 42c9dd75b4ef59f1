"""Firmware that takes 16 frames of audio at a time: the same sound to the bit, in its time."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.hil import measure, plan
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.module import memory
from gritspace.host_tools.module.flashing import firmware_build
from gritspace.host_tools.module.simulator import Simulator
from gritspace.quantize.export.c_array import write_c_array
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from tests.conftest import Cli
from tests.firmware.host.host_module import compile_module
from tests.firmware.host.rig import Rig
from tests.firmware.sound.test_playing import MIDDLE, MIX, OTHER, play, preset, pulse
from tests.quantize.conftest import noise, q15

BLOCKS = 500


@pytest.fixture(scope="module")
def thirds(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return compile_module(tmp_path_factory.mktemp("thirds"), ("-DGRIT_AUDIO_FRAMES=16",))


def lively(library: ctypes.CDLL, blob: bytes) -> NDArray[np.int16]:
    """Knobs turn, a preset is morphed to, another model is faded in, a late block is left out."""
    rig = Rig(library, blob)
    rig.flash[:] = 0xFF
    rig.boot()
    with rig.client() as client:
        memory.upload(client, to_bytes(OTHER))
        memory.put_preset(client, preset(1, (20000, -30000, 5, 9000), level=6000))
        memory.put_preset(client, preset(2, (0, 0, 0, 0), model=1, level=2000))
    audio = q15(noise(48 * BLOCKS))
    turned = MIDDLE.copy()
    turned[[0, 4, MIX, 6]] = 12000, 50000, 30000, 44000
    heard = []
    for part in range(5):
        codes = turned if part % 2 else MIDDLE
        gate = pulse(20) if part in (1, 2) else pulse(BLOCKS)
        heard.append(play(rig.module, 100, codes, gate=gate, audio=audio[4800 * part : 4800 * (part + 1)])[0])
        if part == 3:
            rig.module.late()
    assert rig.module.status()["model"] == 1
    return np.concatenate(heard)


def test_the_whole_path_is_the_same_to_the_bit(library: ctypes.CDLL, thirds: ctypes.CDLL, blob: bytes) -> None:
    whole = lively(library, blob)
    assert np.array_equal(lively(thirds, blob), whole)
    assert np.count_nonzero(whole) > 0.8 * len(whole)
    assert not whole[48 * 400 : 48 * 401].any(), "the block after a late one is left out"


def test_a_model_is_let_in_by_its_dearest_piece(library: ctypes.CDLL, thirds: ctypes.CDLL, blob: bytes) -> None:
    """The board says that each piece costs 100 units: three pieces are 300, in a block that has time for so many."""
    try:
        for board, pieces in ((library, 1), (thirds, 3)):
            for budget, plays in ((100 * pieces, False), (2 * 100 * pieces, True)):
                board.host_board_speed(ctypes.c_uint32(1000 * budget), ctypes.c_uint32(100))
                assert ("bypass" not in _flags(Rig(board, blob))) == plays
    finally:
        for board in (library, thirds):
            board.host_board_speed(ctypes.c_uint32(0), ctypes.c_uint32(0))


def _flags(rig: Rig) -> set[str]:
    from tests.firmware.sound.test_playing import flags

    return flags(rig.module)


def test_the_simulated_module_of_16_frames_is_bit_equal_through_the_link(
    model: IntegerModel, tmp_path: Path, gritspace: Cli
) -> None:
    write_c_array(model, tmp_path / "model.c", made_from="the tests' small space")
    image = firmware_build.build("sim_16", tmp_path / "model.c", tmp_path / "build")
    assert image.parent.name == "sim_16"
    with Simulator(image) as simulator:
        measured = measure.measure(
            simulator.port, model, plan.plan(model, riff(0.5)), None, lambda done, total, words: None
        )
        with Module(simulator.port) as module:
            before = module.status()
            info = module.info()
            after = module.status()
    assert measured.differing_samples == 0
    assert measured.frames == 24000
    assert info.block_frames == 48
    assert after.xruns == before.xruns
    assert 0 < before.work_p50 < 500_000, "instructions of a whole block, of half a million there are"


def test_a_build_for_another_number_of_frames_is_refused(gritspace: Cli) -> None:
    result = gritspace("build", "sim", "--frames", "20")
    assert result.returncode == 2
    assert "48 or 16" in result.stderr
