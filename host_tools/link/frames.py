"""The link's frames: COBS(header, payload, CRC-32) and a zero byte. Nothing here knows what a message means."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from gritspace.host_tools.link.schema import schema

_HEADER = struct.Struct(schema().header.format)
_CRC = struct.Struct("<I")
VERSION = schema().version
MAX_PAYLOAD = schema().limit("payload_bytes")
_MAX_RAW = _HEADER.size + MAX_PAYLOAD + _CRC.size


class LinkError(Exception):
    """The link to the module failed; the message is one sentence and says what to do."""


@dataclass(frozen=True)
class Frame:
    """An intact frame. message: its id; sequence: 0..65535."""

    message: int
    sequence: int
    payload: bytes = b""
    version: int = VERSION


def cobs_encode(raw: bytes) -> bytes:
    """Any bytes -> the same without a zero. Source: Cheshire and Baker, 1999.

    >>> cobs_encode(bytes([17, 0, 34])).hex(" ")
    '02 11 02 22'
    """
    out = bytearray()
    for group in raw.split(b"\0"):
        while len(group) >= 254:
            out += b"\xff" + group[:254]
            group = group[254:]
        out.append(len(group) + 1)
        out += group
    return bytes(out)


def cobs_decode(coded: bytes) -> bytes | None:
    """The inverse; None if the last group is not whole. coded: without zeros, not empty.

    >>> cobs_decode(cobs_encode(bytes([7, 0, 0, 9]))).hex(" ")
    '07 00 00 09'
    >>> cobs_decode(b"\x09cut") is None
    True
    """
    out = bytearray()
    at, code = 0, 0xFF
    while at < len(coded):
        if code != 0xFF:
            out.append(0)
        code = coded[at]
        if at + code > len(coded):
            return None
        out += coded[at + 1 : at + code]
        at += code
    return bytes(out)


def encode_frame(frame: Frame) -> bytes:
    """A frame as it goes over the wire. Raises ValueError for a payload that is too long."""
    if len(frame.payload) > MAX_PAYLOAD:
        raise ValueError(f"a payload has at most {MAX_PAYLOAD} bytes, not {len(frame.payload)}")
    body = _HEADER.pack(frame.message, frame.version, frame.sequence) + frame.payload
    return cobs_encode(body + _CRC.pack(zlib.crc32(body))) + b"\0"


class FrameReceiver:
    """Takes a stream of bytes apart; damaged frames are counted and left out."""

    def __init__(self) -> None:
        self.frames_good = 0
        self.crc_errors = 0
        self.frame_errors = 0
        self._begun = b""

    def feed(self, data: bytes) -> list[Frame]:
        """More bytes -> the intact frames that they end, in order."""
        *ended, begun = (self._begun + data).split(b"\0")
        # What is too long already stays too long: no need to keep all of it.
        self._begun = begun[: 2 * _MAX_RAW]
        return [frame for coded in ended if coded and (frame := self._decode(coded)) is not None]

    def _decode(self, coded: bytes) -> Frame | None:
        raw = cobs_decode(coded)
        if raw is None or not _HEADER.size + _CRC.size <= len(raw) <= _MAX_RAW:
            self.frame_errors += 1
            return None
        body = raw[: -_CRC.size]
        if zlib.crc32(body) != _CRC.unpack(raw[-_CRC.size :])[0]:
            self.crc_errors += 1
            return None
        self.frames_good += 1
        message, version, sequence = _HEADER.unpack_from(body)
        return Frame(message, sequence, body[_HEADER.size :], version)
