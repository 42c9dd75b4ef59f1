"""The line between a pseudo-terminal, which a program opens as a module's port, and the simulated module's packets.

QEMU hands a UART its bytes one by one, each through both its threads: some 20 to 50 kB/s, where audio needs 100 each
way. The board's Ethernet controller takes a packet at a time, as USB does on a real module. QEMU passes packets on
through a socket, each behind its length.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import threading
import tty
from collections.abc import Callable

import numpy as np

from gritspace.host_tools.module.machine_control import MachineControl

_LENGTH = struct.Struct(">I")
_HEADER = b"\xff" * 6 + b"\x02host\x00" + b"\x88\xb5"
"""To everybody, from a local address, with the EtherType that IEEE keeps for experiments."""
_PAYLOAD_LENGTH = struct.Struct("<H")
_MOST = 1400
"""Bytes of the link in a packet."""

Disturb = Callable[[bytes], bytes]
"""What a bad line makes of bytes."""


def bad_line(rate: float, seed: int) -> Disturb:
    """A line on which a byte is lost, damaged, or comes twice, each with a third of the chance `rate`, 0..1."""
    rng = np.random.default_rng(seed)

    def disturb(data: bytes) -> bytes:
        came = np.frombuffer(data, np.uint8).copy()
        chance = rng.random(len(came))
        damaged = (rate / 3 <= chance) & (chance < 2 * rate / 3)
        came[damaged] ^= (1 << rng.integers(0, 8, int(damaged.sum()))).astype(np.uint8)
        times = np.where(chance < rate / 3, 0, np.where((2 * rate / 3 <= chance) & (chance < rate), 2, 1))
        return np.repeat(came, times).tobytes()

    return disturb


class SimulatorLine:
    """`port` is the pseudo-terminal's name, `far_end` the socket that QEMU takes over.

    control, rest_seconds: a machine to whom nobody has spoken for so long is held, until somebody does; None: never.
    """

    def __init__(
        self,
        to_module: Disturb | None = None,
        to_laptop: Disturb | None = None,
        control: MachineControl | None = None,
        rest_seconds: float | None = None,
    ) -> None:
        self._master, self._slave = os.openpty()  # our slave keeps the terminal alive between two programs
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self._near, self.far_end = socket.socketpair()
        self._to_module = to_module or bytes
        self._to_laptop = to_laptop or bytes
        self._control = control
        self._rest_seconds = None if control is None else rest_seconds
        self.held = False
        """The machine stands still."""
        self._stop_reading, self._stop_writing = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begins to carry; call it when QEMU has taken `far_end`."""
        self.far_end.close()
        self._thread.start()

    def close(self) -> None:
        """Stops; the port vanishes."""
        os.close(self._stop_writing)
        if self._thread.is_alive():
            self._thread.join()
        for descriptor in (self._master, self._slave, self._stop_reading):
            os.close(descriptor)
        self._near.close()
        self.far_end.close()

    def _run(self) -> None:
        come, near = b"", self._near.fileno()
        with contextlib.suppress(OSError):  # QEMU has gone: the port falls silent
            while True:
                patience = None if self.held else self._rest_seconds
                ready, _, _ = select.select([self._master, near, self._stop_reading], [], [], patience)
                if self._stop_reading in ready:
                    return
                self._hold(not ready)
                if self._master in ready:
                    for packet in packets_of(self._to_module(os.read(self._master, 65536))):
                        self._near.sendall(packet)
                if near in ready:
                    data = self._near.recv(65536)
                    if not data:
                        return
                    link, come = link_bytes_of(come + data)
                    with contextlib.suppress(BlockingIOError):  # nobody reads: lost, as on any line
                        os.write(self._master, self._to_laptop(link))

    def _hold(self, held: bool) -> None:
        if self._control is None or held == self.held:
            return
        if held:
            self._control.hold()
        else:
            self._control.go_on()
        self.held = held


def packets_of(link: bytes) -> list[bytes]:
    """Bytes of the link -> packets, each behind its length, as QEMU takes them."""
    packets = []
    for at in range(0, len(link), _MOST):
        piece = link[at : at + _MOST]
        packet = _HEADER + _PAYLOAD_LENGTH.pack(len(piece)) + piece
        packets.append(_LENGTH.pack(len(packet)) + packet)
    return packets


def link_bytes_of(stream: bytes) -> tuple[bytes, bytes]:
    """What QEMU gave -> (the link's bytes in whole packets, the rest to come back with more)."""
    link, at = b"", 0
    start = len(_HEADER) + _PAYLOAD_LENGTH.size
    while len(stream) - at >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(stream, at)
        if len(stream) - at - _LENGTH.size < length:
            break
        packet = stream[at + _LENGTH.size : at + _LENGTH.size + length]
        if packet[12:14] == _HEADER[12:14] and length >= start:
            (used,) = _PAYLOAD_LENGTH.unpack_from(packet, len(_HEADER))
            link += packet[start : start + used]
        at += _LENGTH.size + length
    return link, stream[at:]
