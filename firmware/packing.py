"""LZMA: how all but an image's first kilobytes lie in the Seed's small flash, for boards/daisy_seed/unlzma.c."""

from __future__ import annotations

import lzma

LITERAL, LITERAL_POSITION, POSITION = 1, 1, 1
"""LZMA's lc, lp and pb: for Thumb code, whose instructions are of two bytes."""
_FILTER = {
    "id": lzma.FILTER_LZMA1,
    "preset": 9 | lzma.PRESET_EXTREME,
    "lc": LITERAL,
    "lp": LITERAL_POSITION,
    "pb": POSITION,
    "dict_size": 1 << 18,  # more than the memories that it is unpacked into
}


def pack(data: bytes) -> bytes:
    """Any bytes -> LZMA's byte of properties, a raw stream with its end mark."""
    properties = LITERAL + 9 * (LITERAL_POSITION + 5 * POSITION)
    return bytes([properties]) + lzma.compress(data, format=lzma.FORMAT_RAW, filters=[_FILTER])
