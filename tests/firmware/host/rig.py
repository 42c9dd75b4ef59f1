"""A module on this computer with a flash and a panel, behind a port, that can be switched off and on."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.link.client import Module
from tests.firmware.host.host_module import HostModule
from tests.firmware.host.served import served
from tests.firmware.memory.test_store import Store


class Rig:
    """The flash outlasts `boot`. codes: what the panel's converter reads each time the laptop says something."""

    def __init__(self, library: ctypes.CDLL, blob: bytes) -> None:
        self.library, self.blob = library, blob
        self.flash = Store(library).flash
        self.flash[:] = 0xFF
        self.codes: Callable[[], NDArray[np.uint16]] | None = None
        self.boot()

    def boot(self, power: int = -1, seed: int = 1) -> None:
        self.library.host_flash_power(ctypes.c_int64(power), seed)
        self.module = HostModule(self.library, self.blob, with_flash=True)

    def answer(self, data: bytes) -> bytes:
        if self.codes is not None:
            self.module.panel(self.codes())
        out = self.module.feed(data)
        for _ in range(40):  # the main loop goes around
            self.module.idle()
        return out

    @contextmanager
    def port(self) -> Iterator[str]:
        with served(self.answer) as port:
            yield port

    @contextmanager
    def client(self, patience_seconds: float = 5.0) -> Iterator[Module]:
        with self.port() as port, Module(port, patience_seconds) as client:
            yield client
