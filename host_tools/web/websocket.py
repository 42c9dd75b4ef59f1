"""The server's side of a WebSocket, as much of it as a line of bytes needs. Source: RFC 6455."""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import BinaryIO

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MAX_BYTES = 1 << 20
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10


def accept_key(key: str) -> str:
    """What Sec-WebSocket-Accept answers to Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()


def frame(payload: bytes, opcode: int = _BINARY) -> bytes:
    """A whole message from the server."""
    head = bytes([0x80 | opcode])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 1 << 16:
        return head + struct.pack(">BH", 126, len(payload)) + payload
    return head + struct.pack(">BQ", 127, len(payload)) + payload


def read_message(source: BinaryIO, sink: BinaryIO) -> bytes | None:
    """The next message's bytes; None when the other side closes, goes, or does not keep to the protocol."""
    whole = b""
    while True:
        head = source.read(2)
        if len(head) < 2 or not head[1] & 0x80:  # a client's frames are masked
            return None
        final, opcode, length = bool(head[0] & 0x80), head[0] & 15, head[1] & 127
        if length >= 126:
            width = 2 if length == 126 else 8
            length = int.from_bytes(source.read(width), "big")
        if length + len(whole) > MAX_BYTES:
            return None
        mask, data = source.read(4), source.read(length)
        if len(mask) < 4 or len(data) < length:
            return None
        data = _unmasked(data, mask)
        if opcode == _CLOSE:
            return None
        if opcode == _PING:
            sink.write(frame(data, _PONG))
            sink.flush()
        elif opcode in (0, _TEXT, _BINARY):
            whole += data
            if final:
                return whole


def _unmasked(data: bytes, mask: bytes) -> bytes:
    repeated = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(data), "big")
