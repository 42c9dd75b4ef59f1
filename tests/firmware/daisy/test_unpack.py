"""The Daisy Seed's packed code: what Python packs, C unpacks, and what LZ4's own library packs too."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.host.host_module import CHECKS, FLAGS
from tests.places import ROOT

sys.path.insert(0, str(ROOT / "firmware"))
from packing import pack

# Made by LZ4's reference implementation: lz4.block.compress(b"abcabcabcabcabcabcabcabcabc-end" * 2, store_size=False)
REFERENCE = bytes.fromhex("3f6162630300054f2d656e641c0005706162632d656e64")


@pytest.fixture(scope="module")
def unpacker(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    library = tmp_path_factory.mktemp("unpack") / "unpack.so"
    compiler = shutil.which("gcc") or shutil.which("cc")
    assert compiler is not None
    source = ROOT / "firmware" / "boards" / "daisy_seed" / "unpack.c"
    subprocess.run([compiler, *FLAGS, *CHECKS, str(source), "-o", str(library)], check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.daisy_unpack.restype = ctypes.c_size_t
    return loaded


def unpack(unpacker: ctypes.CDLL, block: bytes, room: int) -> bytes:
    out = ctypes.create_string_buffer(b"\xa5" * (room + 8), room + 8)
    count = unpacker.daisy_unpack(block, ctypes.c_size_t(len(block)), out, ctypes.c_size_t(room))
    assert out.raw[room:] == b"\xa5" * 8
    return out.raw[:count]


@settings(deadline=None, max_examples=150)
@given(pieces=st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.integers(1, 60)), max_size=12))
def test_what_was_packed_comes_out_again(unpacker: ctypes.CDLL, pieces: list[tuple[bytes, int]]) -> None:
    data = b"".join(piece * times for piece, times in pieces)
    assert unpack(unpacker, pack(data), len(data)) == data


def test_a_block_of_lz4s_own_library_is_unpacked(unpacker: ctypes.CDLL) -> None:
    data = b"abcabcabcabcabcabcabcabcabc-end" * 2
    assert unpack(unpacker, REFERENCE, len(data)) == data


def test_code_gets_smaller(unpacker: ctypes.CDLL) -> None:
    data = (ROOT / "firmware" / "engine" / "generated" / "kernels_m7.S").read_bytes()[:40000]
    block = pack(data)
    assert len(block) < len(data) / 3
    assert unpack(unpacker, block, len(data)) == data


@settings(deadline=None, max_examples=300)
@given(block=st.binary(max_size=60), room=st.integers(0, 300))
def test_a_damaged_block_stays_inside_its_room(unpacker: ctypes.CDLL, block: bytes, room: int) -> None:
    assert len(unpack(unpacker, block, room)) <= room


def test_too_little_room_is_refused(unpacker: ctypes.CDLL) -> None:
    data = bytes(range(200)) * 5
    assert unpack(unpacker, pack(data), len(data) - 1) == b""
    assert unpack(unpacker, pack(data)[:-1], len(data)) != data
