"""LZ4's block format: how the fast code lies in the Seed's small flash. Unpacked by boards/daisy_seed/unpack.c."""

from __future__ import annotations

import sys
from pathlib import Path

import lz4.block

BEST = 12
"""LZ4's highest level: packing is done once, on a computer, and flash is small."""


def pack(data: bytes) -> bytes:
    """Any bytes -> an LZ4 block, by LZ4's own library."""
    return bytes(lz4.block.compress(data, mode="high_compression", compression=BEST, store_size=False))


if __name__ == "__main__":  # packing.py PLAIN PACKED
    Path(sys.argv[2]).write_bytes(pack(Path(sys.argv[1]).read_bytes()))
