"""The module's C sources on this computer, compiled with those checks that need no runtime library."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.link.frames import Frame, FrameReceiver, encode_frame
from gritspace.host_tools.link.messages import Message, message_of
from gritspace.quantize.firmware_sources import ENGINE, MODULE, sources

FLAGS = ["-std=c11", "-O2", "-g", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fPIC", "-shared"]
# Traps instead of messages: a finding ends the test run with SIGILL, and no sanitizer library must be preloaded.
CHECKS = ["-fsanitize=undefined,bounds-strict", "-fsanitize-undefined-trap-on-error", "-fstack-protector-strong"]
ARENA_BYTES = 512 * 1024
LIBRARY = "host_module.so"
_SEND = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_size_t)


def compile_module(folder: Path, defines: tuple[str, ...] = ()) -> ctypes.CDLL:
    """Engine, module and tests/firmware/host/host_*.c as one shared library in that folder, opened."""
    build_library(folder, defines)
    return open_library(folder)


def build_library(folder: Path, defines: tuple[str, ...] = ()) -> None:
    """Compiles it."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    assert compiler is not None, "a C compiler is missing: apt install gcc"
    library = folder / LIBRARY
    # As in firmware/platformio.ini; the Cortex-M7's own kernels leave themselves out elsewhere.
    files = [
        *sources(ENGINE, ".c"),
        *sources(MODULE, ".c"),
        *Path(__file__).parent.glob("host_*.c"),
    ]
    includes = [f"-I{room}" for room in (ENGINE, MODULE, Path(__file__).parent)]
    subprocess.run([compiler, *FLAGS, *CHECKS, *defines, *includes, *map(str, files), "-o", str(library)], check=True)


def open_library(folder: Path) -> ctypes.CDLL:
    """What `build_library` left in that folder."""
    loaded = ctypes.CDLL(str(folder / LIBRARY))
    for name in (
        "host_module_bytes",
        "host_receiver_bytes",
        "host_receive",
        "host_module_receive",
        "host_module_hear",
        "host_module_position",
    ):
        getattr(loaded, name).restype = ctypes.c_size_t
    return loaded


def _aligned(data: bytes) -> NDArray[np.uint8]:
    words = np.zeros(len(data) // 8 + 1, np.uint64).view(np.uint8)
    words[: len(data)] = np.frombuffer(data, np.uint8)
    return words


class HostModule:
    """A grit_module_t. What it sends is collected as bytes, in order."""

    def __init__(
        self, library: ctypes.CDLL, blob: bytes, arena_bytes: int = ARENA_BYTES, with_flash: bool = False
    ) -> None:
        self.library = library
        self.sent: list[bytes] = []
        self._blob = _aligned(blob)
        self._arena = np.zeros(arena_bytes // 8 + 1, np.uint64)
        self._send = _SEND(lambda at, count: self.sent.append(ctypes.string_at(at, count)))
        self._host = ctypes.create_string_buffer(library.host_module_bytes())
        library.host_module_open(
            self._host,
            self._send,
            ctypes.c_void_p(self._blob.ctypes.data),
            ctypes.c_size_t(len(blob)),
            ctypes.c_void_p(self._arena.ctypes.data),
            ctypes.c_size_t(arena_bytes),
            int(with_flash),
        )
        self._receiver = FrameReceiver()

    def feed(self, data: bytes) -> bytes:
        """Bytes in -> bytes out."""
        while data:
            taken = self.library.host_module_receive(self._host, data, ctypes.c_size_t(len(data)))
            assert 0 < taken <= len(data)
            data = data[taken:]
        out = b"".join(self.sent)
        self.sent.clear()
        return out

    def ask(self, frame: Frame) -> list[Message]:
        """A frame in -> the messages out."""
        return self._messages(self.feed(encode_frame(frame)))

    def ask_at_once(self, *frames: Frame) -> list[Message]:
        """Frames in, no block of audio between them -> the messages out."""
        data = b"".join(map(encode_frame, frames))
        while data:
            data = data[self.library.host_module_hear(self._host, data, ctypes.c_size_t(len(data))) :]
        return self._messages(self.feed(b""))

    def _messages(self, data: bytes) -> list[Message]:
        messages = [message_of(answer) for answer in self._receiver.feed(data)]
        return [message for message in messages if message is not None]

    def idle_until_saved(self) -> bool:
        """Until the flash rests; False if its power fails."""
        return bool(self.library.host_module_idle_until_saved(self._host))

    def audio(self, block: NDArray[np.int16]) -> NDArray[np.int16]:
        """A block from the converter -> the block to it."""
        out = np.empty(48, np.int16)
        source = np.ascontiguousarray(block, np.int16)
        self.library.host_module_audio(
            self._host, ctypes.c_void_p(source.ctypes.data), ctypes.c_void_p(out.ctypes.data)
        )
        return out

    def stereo(self, block: NDArray[np.int16]) -> NDArray[np.int16]:
        """Blocks from the converter -> those to it; int16 (2, 48)."""
        out = np.empty((2, 48), np.int16)
        source = np.ascontiguousarray(block, np.int16)
        at = [ctypes.c_void_p(half.ctypes.data) for half in (*source, *out)]
        self.library.host_module_stereo(self._host, *at)
        return out

    def switches(self, gate: bool, button: bool) -> None:
        """Gate and button before a block."""
        self.library.host_module_switches(self._host, int(gate), int(button))

    def leds(self) -> NDArray[np.uint8]:
        """(2, 2): left and right; red and green, 0..255."""
        shown = np.zeros((2, 2), np.uint8)
        self.library.host_module_leds(self._host, ctypes.c_void_p(shown.ctypes.data))
        return shown

    def status(self) -> dict[str, int]:
        """How the module is."""
        names = ("flags", "model", "wanted", "why", "preset", "peak_in", "peak_out", "limited", "delay", "work")
        values = np.zeros(len(names), np.uint32)
        self.library.host_module_status(self._host, ctypes.c_void_p(values.ctypes.data))
        return dict(zip(names, map(int, values), strict=True))

    def position(self) -> NDArray[np.int16]:
        """Where what is heard heads for."""
        position = np.zeros(16, np.int16)
        return position[: self.library.host_module_position(self._host, ctypes.c_void_p(position.ctypes.data))]

    def alive(self) -> bool:
        """Whether main loop and audio have both moved since the last time."""
        return bool(self.library.host_module_alive(self._host))

    def panel(self, codes: NDArray[np.uint16]) -> None:
        """What the panel's converter reads before a block."""
        source = np.ascontiguousarray(codes, np.uint16)
        self.library.host_module_panel(self._host, ctypes.c_void_p(source.ctypes.data))

    def late(self) -> None:
        """The last block took too long."""
        self.library.host_module_late(self._host)

    def idle(self) -> None:
        """The main loop has nothing to do."""
        self.library.host_module_idle(self._host)
