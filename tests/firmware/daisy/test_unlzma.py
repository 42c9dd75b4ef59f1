"""The Daisy's packed image: what liblzma (Python's `lzma`) packs, firmware/boards/daisy_seed/unlzma.c unpacks."""

from __future__ import annotations

import ctypes
import lzma
import mmap
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.host.host_module import CHECKS, FLAGS
from tests.places import ROOT

sys.path.insert(0, str(ROOT / "firmware"))
from packing import pack

PAGE = mmap.PAGESIZE
WORK_BYTES = 2 * (12 * 32 + 12 * 4 + 4 * 64 + 115 + 16 + 2 * (2 + 32 * 8 + 256) + (0x300 << 2))


class Unpacker:
    """Calls the C code with everything it is given just before a page that may not be touched."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._function = library.daisy_unlzma
        self._function.restype = ctypes.c_size_t
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._kept: list[mmap.mmap] = []
        self._places = [self._guarded(1 << 17) for _ in range(3)]

    def _guarded(self, room: int) -> int:
        memory = mmap.mmap(-1, room + PAGE)
        self._kept.append(memory)
        start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        assert self._libc.mprotect(ctypes.c_void_p(start + room), ctypes.c_size_t(PAGE), 0) == 0
        return start + room

    def __call__(self, block: bytes, room: int) -> bytes:
        """What came out; b"" where it was refused."""
        into, out, work = (end - size for end, size in zip(self._places, (len(block), room, WORK_BYTES), strict=True))
        ctypes.memmove(into, block, len(block))
        ctypes.memset(out - 8, 0xA5, room + 8)
        pointers = (ctypes.c_void_p(into), ctypes.c_size_t(len(block)), ctypes.c_void_p(out), ctypes.c_size_t(room))
        count = self._function(*pointers, ctypes.c_void_p(work))
        assert ctypes.string_at(out - 8, 8) == b"\xa5" * 8
        assert count <= room
        return ctypes.string_at(out, count)


@pytest.fixture(scope="module")
def unpack(tmp_path_factory: pytest.TempPathFactory) -> Unpacker:
    library = tmp_path_factory.mktemp("unlzma") / "unlzma.so"
    compiler = shutil.which("gcc") or shutil.which("cc")
    assert compiler is not None
    source = ROOT / "firmware" / "boards" / "daisy_seed" / "unlzma.c"
    subprocess.run([compiler, *FLAGS, *CHECKS, str(source), "-o", str(library)], check=True)
    return Unpacker(ctypes.CDLL(str(library)))


def packed(data: bytes, literal: int, literal_position: int, position: int) -> bytes:
    sort = {"id": lzma.FILTER_LZMA1, "lc": literal, "lp": literal_position, "pb": position, "dict_size": 1 << 18}
    stream = lzma.compress(data, format=lzma.FORMAT_RAW, filters=[sort])
    return bytes([literal + 9 * (literal_position + 5 * position)]) + stream


PIECES = st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.integers(1, 60)), min_size=1, max_size=12)
PROPERTIES = [
    (literal, below, position) for literal in range(3) for below in range(3 - literal) for position in range(5)
]
CODE = (ROOT / "firmware" / "engine" / "generated" / "kernels_m7.S").read_bytes()[:40000]


@settings(deadline=None, max_examples=100)
@given(pieces=PIECES, properties=st.sampled_from(PROPERTIES))
def test_what_was_packed_comes_out_again(
    unpack: Unpacker, pieces: list[tuple[bytes, int]], properties: tuple[int, int, int]
) -> None:
    data = b"".join(piece * times for piece, times in pieces)
    assert unpack(packed(data, *properties), len(data)) == data


def test_text_gets_smaller_and_noise_hardly_larger(unpack: Unpacker) -> None:
    assert len(pack(CODE)) < len(CODE) / 5
    assert unpack(pack(CODE), len(CODE)) == CODE
    noise = np.random.default_rng(1).bytes(40000)
    assert len(pack(noise)) < len(noise) + 1000
    assert unpack(pack(noise), len(noise)) == noise


def test_matches_at_each_distance_come_out_again(unpack: Unpacker) -> None:
    """Short, long, of a byte, and at one of the last four distances: what code holds seldom."""
    random = np.random.default_rng(2)
    data = bytearray(random.bytes(600))
    while len(data) < 100_000:
        back = int(2 ** random.uniform(0, np.log2(len(data))))
        for _ in range(int(random.integers(1, 4))):
            for _ in range(int(random.choice([1, 2, 3, 9, 17, 40, 273, 400]))):
                data.append(data[-back])
            data.append(int(random.integers(256)))
    assert unpack(pack(bytes(data)), len(data)) == bytes(data)


@settings(deadline=None, max_examples=80)
@given(pieces=PIECES, cut=st.integers(1, 400))
def test_a_stream_that_is_cut_is_refused(unpack: Unpacker, pieces: list[tuple[bytes, int]], cut: int) -> None:
    data = b"".join(piece * times for piece, times in pieces)
    block = pack(data)
    assert unpack(block[: max(0, len(block) - cut)], len(data)) == b""


@settings(deadline=None, max_examples=120)
@given(start=st.integers(0, 35_000), bit=st.integers(0, 8 * 200), room=st.integers(0, 4000))
def test_a_damaged_stream_stays_inside_its_room(unpack: Unpacker, start: int, bit: int, room: int) -> None:
    block = bytearray(pack(CODE[start : start + 1500]))
    block[bit // 8 % len(block)] ^= 1 << bit % 8
    unpack(bytes(block), room)


@settings(deadline=None, max_examples=150)
@given(block=st.binary(max_size=60), room=st.integers(0, 300))
def test_any_bytes_stay_inside_their_room(unpack: Unpacker, block: bytes, room: int) -> None:
    unpack(block, room)
    unpack(bytes([pack(b"")[0], 0]) + block, room)


def test_too_little_room_a_byte_behind_the_end_and_unknown_properties_are_refused(unpack: Unpacker) -> None:
    data = bytes(range(200)) * 5
    block = pack(data)
    assert unpack(block, len(data)) == data
    assert unpack(block, len(data) + 9) == data
    assert unpack(block, len(data) - 1) == b""
    assert unpack(block + b"\0", len(data)) == b""
    assert unpack(bytes([3]) + block[1:], len(data)) == b"", "lc = 3: more literals than there is memory for"
    assert unpack(bytes([225]) + block[1:], len(data)) == b""
