"""The link's frames: the module's C and the laptop's Python take any bytes apart in the same way."""

from __future__ import annotations

import ctypes
import zlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gritspace.host_tools.link.frames import MAX_PAYLOAD, Frame, FrameReceiver, cobs_decode, cobs_encode, encode_frame

frames = st.builds(
    Frame,
    message=st.integers(0, 255),
    sequence=st.integers(0, 65535),
    payload=st.one_of(
        st.binary(max_size=40),
        st.integers(0, MAX_PAYLOAD).map(lambda n: bytes(n)),
        st.integers(0, MAX_PAYLOAD).map(lambda n: b"\x55" * n),
    ),
    version=st.integers(0, 255),
)


class CReceiver:
    """The module's receiver."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.state = ctypes.create_string_buffer(library.host_receiver_bytes())

    def feed(self, data: bytes) -> list[bytes]:
        """Header and payload of every intact frame."""
        payloads = ctypes.create_string_buffer(len(data) + 2 * MAX_PAYLOAD)  # the first frame may have begun before
        lengths = (ctypes.c_size_t * (len(data) + 1))()
        count = self.library.host_receive(self.state, data, ctypes.c_size_t(len(data)), payloads, lengths)
        found, at = [], 0
        for length in lengths[:count]:
            found.append(payloads.raw[at : at + length])
            at += length
        return found

    @property
    def counts(self) -> list[int]:
        """Good frames, CRC errors, frame errors."""
        counts = (ctypes.c_uint32 * 3)()
        self.library.host_receiver_counts(self.state, counts)
        return list(counts)


def same_in_both(library: ctypes.CDLL, data: bytes, cuts: list[int]) -> list[Frame]:
    """Feeds both, cut at other places; asserts that they agree; returns the frames."""
    c, python = CReceiver(library), FrameReceiver()
    from_c, from_python, at = [], [], 0
    for cut in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        from_c += c.feed(data[at:cut])
        at = cut
    for piece in np.array_split(np.frombuffer(data, np.uint8), 3):
        from_python += python.feed(piece.tobytes())
    assert c.counts == [python.frames_good, python.crc_errors, python.frame_errors]
    headers = [bytes([f.message, f.version]) + f.sequence.to_bytes(2, "little") for f in from_python]
    assert from_c == [header + f.payload for header, f in zip(headers, from_python, strict=True)]
    return from_python


@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=4))
@settings(max_examples=500, deadline=None)
def test_any_bytes_mean_the_same_to_both_ends(library: ctypes.CDLL, data: bytes, cuts: list[int]) -> None:
    same_in_both(library, data, cuts)


@given(sent=st.lists(frames, max_size=5), cuts=st.lists(st.integers(0, 3000), max_size=4))
@settings(max_examples=300, deadline=None)
def test_intact_frames_arrive_whole_and_in_order(library: ctypes.CDLL, sent: list[Frame], cuts: list[int]) -> None:
    assert same_in_both(library, b"".join(map(encode_frame, sent)), cuts) == sent


@given(
    sent=st.lists(frames, min_size=1, max_size=4),
    damage=st.lists(
        st.tuples(st.integers(0, 5000), st.integers(0, 255), st.sampled_from("xid")), min_size=1, max_size=4
    ),
)
@settings(max_examples=500, deadline=None)
def test_a_damaged_frame_is_never_taken_for_another(
    library: ctypes.CDLL, sent: list[Frame], damage: list[tuple[int, int, str]]
) -> None:
    data = bytearray(b"".join(map(encode_frame, sent)))
    for at, byte, kind in damage:
        at %= len(data)
        if kind == "x":
            data[at] = byte
        elif kind == "i":
            data.insert(at, byte)
        elif len(data) > 1:
            del data[at]
    arrived = same_in_both(library, bytes(data), [])
    assert all(frame in sent for frame in arrived)


def test_a_frame_too_long_for_the_module_is_an_error_and_the_next_one_arrives(library: ctypes.CDLL) -> None:
    body = bytes([1, 1, 0, 0]) + bytes(range(1, 201)) * 40
    too_long = cobs_encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"
    good = Frame(2, 7, b"abc")
    assert same_in_both(library, too_long + encode_frame(good), [100, 9000]) == [good]
    endless = bytes([255]) * 100_000
    assert same_in_both(library, endless + b"\0" + encode_frame(good), []) == [good]


def test_cobs_codes_the_examples_of_its_authors() -> None:
    # Cheshire and Baker, "Consistent Overhead Byte Stuffing", IEEE/ACM Transactions on Networking 7(2), 1999; and
    # the table in Wikipedia's article.
    examples = {
        "00": "0101",
        "0000": "010101",
        "11220033": "0311220233",
        "11223344": "0511223344",
        "11000000": "0211010101",
    }
    for raw, coded in examples.items():
        assert cobs_encode(bytes.fromhex(raw)).hex() == coded
    run = bytes(range(1, 255))
    assert cobs_encode(run)[:1] == b"\xff"
    assert cobs_encode(run + b"\xff")[:1] + cobs_encode(run + b"\xff")[255:] == b"\xff\x02\xff"


@given(st.binary(max_size=1200))
def test_cobs_has_no_zero_and_an_inverse(raw: bytes) -> None:
    coded = cobs_encode(raw)
    assert 0 not in coded
    assert cobs_decode(coded) == raw
    assert len(coded) <= len(raw) + len(raw) // 254 + 1
