"""LZ4's block format: how the fast code lies in the Seed's small flash. Unpacked by boards/daisy_seed/unpack.c."""

from __future__ import annotations

_SHORTEST = 4
_FARTHEST = 65535
_TRIES = 64
_LAST_LITERALS = 5  # the format's: a block ends in at least so many literals
_LAST_MATCH = 12  # and no match begins later than this before the end


def _length(value: int) -> bytes:
    """What of a length does not fit into its four bits (15 and more)."""
    if value < 15:
        return b""
    whole, rest = divmod(value - 15, 255)
    return b"\xff" * whole + bytes([rest])


def _sequence(literals: bytes, offset: int, match: int) -> bytes:
    extra = match - _SHORTEST
    token = min(len(literals), 15) << 4 | min(extra, 15)
    return bytes([token]) + _length(len(literals)) + literals + offset.to_bytes(2, "little") + _length(extra)


def _longest(data: bytes, at: int, earlier: list[int]) -> tuple[int, int]:
    """(length, where) of the longest of the last matches with what begins at `at`."""
    best, where = 0, 0
    most = len(data) - _LAST_LITERALS - at
    for start in reversed(earlier[-_TRIES:]):
        if at - start > _FARTHEST:
            break
        length = 0
        while length < most and data[start + length] == data[at + length]:
            length += 1
        if length > best:
            best, where = length, start
    return best, where


def pack(data: bytes) -> bytes:
    """Any bytes -> an LZ4 block."""
    seen: dict[bytes, list[int]] = {}
    out = bytearray()
    literals_from = at = 0
    while at < len(data) - _LAST_MATCH:
        length, where = _longest(data, at, seen.get(data[at : at + _SHORTEST], []))
        step = 1
        if length >= _SHORTEST:
            out += _sequence(data[literals_from:at], at - where, length)
            step = length
            literals_from = at + length
        for i in range(at, at + step):
            seen.setdefault(data[i : i + _SHORTEST], []).append(i)
        at += step
    literals = data[literals_from:]
    return bytes(out) + bytes([min(len(literals), 15) << 4]) + _length(len(literals)) + literals
