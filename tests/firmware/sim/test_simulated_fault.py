"""A crash of the simulated module, brought about by a debugger: it comes back, and says over the link where it was."""

from __future__ import annotations

import shutil
import socket
import time
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.link.client import Module, Refusal
from gritspace.host_tools.link.frames import LinkError
from gritspace.host_tools.module import memory
from gritspace.host_tools.module.simulator import Simulator
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.reference import run
from tests.quantize.model.slow_model import sharing_blob, slow_blob

PC = 15  # the register's number in GDB's protocol
NO_MEMORY = 0x70000000


HELD_AT = 0x203F0100
"""In RAM at the far end of the stack, where nothing else reads or writes: not among the program's own data."""


class Debugger:
    """As much of GDB's remote protocol as it takes to make a processor stumble."""

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(10)
        self._read = b""
        for _ in range(100):
            try:
                self._line.connect(str(path))
                break
            except OSError:
                time.sleep(0.05)

    def ask(self, packet: str) -> str:
        """The answer. A stop told unasked (QEMU may report that of our coming, whenever) answers no command."""
        self.send(packet)
        while True:
            answer = self._packet()
            if packet == "?" or not answer.startswith(("S", "T")):
                return answer

    def _packet(self) -> str:
        """The next packet's text, acknowledged; what lies behind it stays for the next call."""
        while b"$" not in self._read or b"#" not in self._read.partition(b"$")[2]:
            self._read += self._line.recv(4096)
        text, _, rest = self._read.partition(b"$")[2].partition(b"#")
        self._read = rest[2:]  # behind the checksum, which over a local socket needs no proof
        self._line.sendall(b"+")
        return text.decode()

    def send(self, packet: str) -> None:
        self._line.sendall(f"${packet}#{sum(packet.encode()) & 255:02x}".encode())

    def hold(self, at: int = HELD_AT) -> None:
        """The processor goes round and round in one place, with whatever lay there gone."""
        assert self.ask("?").startswith(("S", "T"))
        assert self.ask(f"M{at:x},2:fee7") == "OK"  # b .
        assert self.ask("qXfer:features:read:target.xml:0,ffb")
        assert self.ask(f"P{PC:x}={at.to_bytes(4, 'little').hex()}") == "OK"
        self.send("D")
        time.sleep(0.1)
        self._line.close()

    def jump(self, address: int) -> None:
        """The processor, stopped since the debugger came, goes on at an address."""
        assert self.ask("?").startswith(("S", "T"))
        assert self.ask("qXfer:features:read:target.xml:0,ffb")  # or QEMU does not let single registers be written
        assert self.ask(f"P{PC:x}={address.to_bytes(4, 'little').hex()}") == "OK"
        self.send("D")  # detaches: QEMU goes on
        time.sleep(0.1)
        self._line.close()


@pytest.fixture
def debugged(image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A PATH whose QEMU listens to a debugger; the firmware, and where to connect."""
    qemu = shutil.which("qemu-system-arm")
    at = tmp_path / "gdb"
    wrapper = tmp_path / "qemu-system-arm"
    wrapper.write_text(f'#!/bin/sh\nexec {qemu} "$@" -gdb unix:{at},server=on,wait=off\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return image, at


def test_after_a_crash_the_module_plays_again_and_tells_where_it_was(
    debugged: tuple[Path, Path], model: IntegerModel
) -> None:
    firmware, at = debugged
    with Simulator(firmware) as simulator:
        with Module(simulator.port) as module:
            assert module.fault().kind == "none"
            assert "fault" not in module.health().flags
            assert 500 < module.health().stack_used < module.health().stack_bytes
        for count in (1, 2):
            Debugger(at).jump(NO_MEMORY)
            time.sleep(0.3)
            with Module(simulator.port) as module:
                fault = module.fault()
                assert (fault.count, fault.pc) == (count, NO_MEMORY)
                assert fault.kind in ("bus", "hard")
                assert fault.cfsr & 0x100  # IBUSERR: there is nothing to execute
                assert "fault" in module.health().flags
                audio, at_rest = np.arange(480, dtype=np.int16) * 37, np.zeros(4, np.int16)
                assert (module.stream(audio, at_rest).samples == run(model, audio, at_rest)).all()


def test_a_main_loop_that_is_held_is_noticed_by_the_watchdog_and_the_module_starts_anew(
    debugged: tuple[Path, Path],
) -> None:
    firmware, at = debugged
    with Simulator(firmware) as simulator:
        with Module(simulator.port) as module:
            assert module.fault().kind == "none"
        Debugger(at).hold(HELD_AT)
        time.sleep(1.0)
        with Module(simulator.port) as module:
            fault = module.fault()
            assert (fault.kind, fault.count, fault.pc) == ("watchdog", 1, HELD_AT)


def test_models_far_too_slow_are_refused_at_once_and_hold_nothing(image: Path) -> None:
    """The watchdog lets the main loop go for 100 ms of the machine's time; the trial used to take seconds."""
    with Simulator(image) as simulator, Module(simulator.port) as module:
        with pytest.raises(LinkError, match="refused the model"):
            memory.upload(module, sharing_blob())
        slot = memory.upload(module, slow_blob())
        for _ in range(3):
            with pytest.raises(Refusal, match="does not run in real time"):
                memory.select(module, slot.slot + 1)
        assert module.fault().kind == "none"
        memory.delete(module, slot.slot)
