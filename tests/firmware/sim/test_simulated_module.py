"""The firmware as PlatformIO builds it, in QEMU, with its interrupts, through the laptop's own client."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.hil.expected import moves_of
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.link.frames import LinkError
from gritspace.host_tools.module.flashing import firmware_build
from gritspace.host_tools.module.simulator import Simulator
from gritspace.quantize.model import reference
from gritspace.quantize.model.model import IntegerModel
from tests.quantize.conftest import noise, q15


@pytest.fixture(scope="module")
def port(image: Path) -> Iterator[str]:
    with Simulator(image) as simulator:
        yield simulator.port


def journey(blocks: int, seed: int = 3) -> np.ndarray:
    """Positions that jump about, some before the glide has got there."""
    rng = np.random.default_rng(seed)
    stays = rng.integers(1, 40, blocks)
    corners = rng.integers(-32768, 32768, (blocks, 4)).astype(np.int16)
    return np.repeat(corners, stays, axis=0)[:blocks]


def wanted(model: IntegerModel, audio: np.ndarray, positions: np.ndarray) -> np.ndarray:
    position, moves = moves_of(positions)
    padded = np.concatenate([audio, np.zeros(-len(audio) % 48, np.int16)])
    return reference.run(model, padded, position, moves)[: len(audio)]


def test_the_module_says_who_it_is(port: str, model: IntegerModel, blob: bytes) -> None:
    with Module(port) as module:
        info = module.info()
    assert info.model_sha256 == hashlib.sha256(blob).hexdigest()
    assert (info.model_name, info.board, info.work_unit) == (model.name, "sim", "cycles")
    assert (info.position_count, info.output_shift) == (model.played_size, model.output_shift)


def test_every_sample_is_the_reference_models_while_the_position_moves(port: str, model: IntegerModel) -> None:
    audio = q15(noise(24000))
    positions = journey(500)
    heard: list[tuple[int, int]] = []
    with Module(port) as module:
        first = module.stream(audio, positions, lambda *progress: heard.append(progress))
        second = module.stream(audio, positions)
    assert np.array_equal(first.samples, wanted(model, audio, positions))
    assert np.array_equal(second.samples, first.samples)
    assert (first.crc_errors, first.frame_errors) == (0, 0)
    assert heard[-1] == (24000, 24000)
    assert len(first.cycles) == 500
    assert first.cycles.min() > model.macs_per_frame * 48 / 4, "fewer cycles than there is work"
    assert np.array_equal(first.cycles, second.cycles), "the same work must always cost the same"


def test_audio_that_is_no_whole_number_of_blocks_keeps_its_length(port: str, model: IntegerModel) -> None:
    audio = q15(noise(1000))
    positions = np.tile(np.array([1, 2, 3, 4], np.int16), (21, 1))
    with Module(port) as module:
        result = module.stream(audio, positions[0])
        empty = module.stream(audio[:0], positions[:0])
    assert np.array_equal(result.samples, wanted(model, audio, positions))
    assert empty.samples.shape == (0,)


def test_between_streams_the_converter_keeps_the_millisecond_and_a_position_can_be_set(port: str) -> None:
    with Module(port) as module:
        before = module.status()
        target = np.array([5, -6, 7, -8], np.int16)
        assert module.set_position(target).tolist() == target.tolist()
        after = module.status()
        while after.blocks < before.blocks + 50:
            after = module.status()
    assert after.streaming == 0
    assert 0 < after.work_p50 <= after.work_p99 <= after.work_max


def test_wrong_positions_are_refused_before_anything_is_sent(port: str) -> None:
    with Module(port) as module:
        with pytest.raises(ValueError, match="4 numbers"):
            module.stream(np.zeros(96, np.int16))
        with pytest.raises(ValueError, match=r"\(2, 4\)"):
            module.stream(np.zeros(96, np.int16), np.zeros((3, 4), np.int16))
        with pytest.raises(LinkError, match="another size"):
            module.set_position([1, 2])


def test_two_programs_one_after_the_other_and_a_stream_left_halfway(port: str, model: IntegerModel) -> None:
    audio, positions = q15(noise(9600)), journey(200)

    class LeftEarlyError(Exception):
        pass

    def leave(done: int, _: int) -> None:
        if done > 4000:
            raise LeftEarlyError

    for _ in range(3):
        with Module(port) as module, pytest.raises(LeftEarlyError):
            module.stream(audio, positions, leave)
    with Module(port) as module:
        assert np.array_equal(module.stream(audio, positions).samples, wanted(model, audio, positions))


def test_a_port_in_use_is_one_clear_sentence(port: str) -> None:
    with Module(port), pytest.raises(LinkError, match=r"cannot open the port .*in use"):
        Module(port)


def test_the_uart_carries_the_same_samples(image: Path, model: IntegerModel) -> None:
    audio, positions = q15(noise(960)), journey(20)
    with Simulator(image, uart=True) as simulator, Module(simulator.port) as module:
        assert np.array_equal(module.stream(audio, positions).samples, wanted(model, audio, positions))


def test_a_bad_line_costs_retries_but_no_sample(image: Path, model: IntegerModel) -> None:
    rng = np.random.default_rng(5)

    def damage(data: bytes) -> bytes:
        changed = bytearray(data)
        for at in np.flatnonzero(rng.random(len(data)) < 1e-4):
            changed[at] ^= 1 << int(rng.integers(8))
        return bytes(changed) if rng.random() > 0.02 else b""

    audio, positions = q15(noise(24000)), journey(500)
    with Simulator(image, to_module=damage, to_laptop=damage) as simulator, Module(simulator.port) as module:
        result = module.stream(audio, positions)
    assert np.array_equal(result.samples, wanted(model, audio, positions))
    assert result.retries > 0


def test_a_module_that_vanishes_in_mid_stream_is_one_clear_sentence(image: Path) -> None:
    with Simulator(image) as simulator, Module(simulator.port, patience_seconds=5.0) as module:

        def unplug(done: int, _: int) -> None:
            if done > 4800:
                simulator.stop()

        with pytest.raises(LinkError, match=r"has gone|stopped answering|no module answers"):
            module.stream(q15(noise(48000)), np.zeros(4, np.int16), unplug)
        with pytest.raises(LinkError):
            module.info()


def test_a_module_that_nobody_speaks_to_rests_and_goes_on_where_it_stood(image: Path, model: IntegerModel) -> None:
    audio, positions = q15(noise(48 * 40, seed=5)), journey(40)
    with Simulator(image, rest_seconds=0.5) as simulator:  # longer than until the laptop asks again
        for _ in range(2):
            with Module(simulator.port) as module:
                assert np.array_equal(module.stream(audio, positions).samples, wanted(model, audio, positions))
            while not simulator.resting:
                assert simulator.running
                time.sleep(0.02)
    with Simulator(image) as simulator:
        assert not simulator.resting


def test_a_processor_that_stops_in_mid_stream_is_noticed(image: Path) -> None:
    with Simulator(image) as simulator, Module(simulator.port, patience_seconds=1.0) as module:
        assert simulator.running
        process = simulator._process
        assert process is not None
        stopped = threading.Timer(0.05, lambda: os.kill(process.pid, 19))
        stopped.start()
        with pytest.raises(LinkError, match=r"stopped answering|no module answers"):
            module.stream(q15(noise(480_000)), np.zeros(4, np.int16))
        stopped.join()


def test_a_port_that_is_not_there_or_has_no_module_is_one_clear_sentence() -> None:
    with pytest.raises(LinkError, match="cannot open the port /dev/no-such-port"):
        Module("/dev/no-such-port")
    master, slave = os.openpty()
    try:
        with (
            Module(os.ttyname(slave), patience_seconds=0.5) as module,
            pytest.raises(LinkError, match="no module answers"),
        ):
            module.info()
    finally:
        os.close(master)
        os.close(slave)


def test_a_firmware_with_a_bad_model_says_so_over_the_link(blob: bytes, tmp_path: Path) -> None:
    altered = bytearray(blob)
    altered[200] ^= 1
    array = ",".join(map(str, altered))
    source = f"_Alignas(8) const unsigned char grit_model_blob[] = {{{array}}};\n"
    (tmp_path / "model.c").write_text(source + f"const unsigned int grit_model_blob_bytes = {len(altered)}u;\n")
    image = firmware_build.build("sim", tmp_path / "model.c", tmp_path / "build")
    with Simulator(image) as simulator, Module(simulator.port) as module:
        assert module.info().model_status == 5
        with pytest.raises(LinkError, match=r"cannot play its model: .*status 5"):
            module.stream(np.zeros(48, np.int16))


def test_a_fault_says_where_it_happened(tmp_path: Path) -> None:
    # A model at an address where there is no memory.
    (tmp_path / "model.c").write_text(
        '__asm__(".global grit_model_blob\\n.set grit_model_blob, 0x70000000\\n");\n'
        "const unsigned int grit_model_blob_bytes = 64u;\n"
    )
    image = firmware_build.build("sim", tmp_path / "model.c", tmp_path / "build")
    with Simulator(image) as simulator:
        with (
            Module(simulator.port, patience_seconds=1.0) as module,
            pytest.raises(LinkError, match="no module answers"),
        ):
            module.info()
        assert any("fault at pc=" in line and "bfar=700000" in line for line in simulator.console)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RigError, match="build it first"):
        Simulator(tmp_path / "none.elf").start()
    with pytest.raises(RigError, match="there is no model at"):
        firmware_build.build("sim", tmp_path / "none.c")
    with pytest.raises(RigError, match="no firmware environment 'toaster'"):
        firmware_build.build("toaster")
    (tmp_path / "model.c").write_text("int x = ;\n")
    with pytest.raises(RigError, match=r"did not build: .*expected expression"):
        firmware_build.build("sim", tmp_path / "model.c", tmp_path / "build")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RigError, match="qemu-system-arm is missing"):
        Simulator(tmp_path / "model.c").start()
    with pytest.raises(RigError, match="arm-none-eabi-gcc is missing"):
        firmware_build.build("sim", tmp_path / "model.c")


def test_a_simulated_panels_knobs_turn_and_leave_streams_alone(port: str, model: IntegerModel) -> None:
    audio = q15(noise(4800))
    positions = journey(100)
    codes = [0] * 3 + [65535] * 4 + [32988] * 4  # CV jacks at 0 V
    with Module(port) as module:
        at_rest = module.controls()
        module.turn(codes)
        deadline = time.monotonic() + 5
        while (turned := module.controls()).knobs[0] != 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        result = module.stream(audio, positions)
    assert max(abs(played) for played in at_rest.played) < 60  # the converter's noise, until it is frozen
    assert 0 < np.abs(np.subtract(turned.codes, codes)).max() <= 10
    assert turned.knobs[:4] == (0, 0, 0, 65535)
    assert np.allclose(turned.played, [-32768, -32768, -32768, 32767], atol=60)
    assert np.array_equal(result.samples, wanted(model, audio, positions))
