"""Is a file firmware for this chip, and this place in it? What to know before a module is flashed."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from gritspace.train.errors import InputError
from gritspace.train.whole_file import read_bytes

FLASH_START, FLASH_BYTES = 0x08000000, 128 * 1024
"""A Daisy Seed's and a Patch SM's internal flash (STM32H750)."""
CODE = ((FLASH_START, FLASH_BYTES), (0x00000000, 64 * 1024))
"""Where handlers may lie: in flash, in ITCM."""
RAM = ((0x20000000, 128 * 1024), (0x24000000, 512 * 1024), (0x30000000, 288 * 1024), (0x38000000, 64 * 1024))
"""Where the stack may begin, at the end or inside: DTCM, AXI SRAM, SRAM1 to 3, SRAM4."""
MAX_BYTES, MAX_SEGMENTS = 64 << 20, 64
"""Of a file, with all that a debugger wants to know, and of its parts."""
_VECTORS = 16
_ELF_HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
_ELF_SEGMENT = struct.Struct("<IIIIIIII")
_EM_ARM, _PT_LOAD = 40, 1


@dataclass(frozen=True)
class FirmwareImage:
    """Bytes and the address they belong to."""

    address: int
    data: bytes


def read_image(path: Path, address: int = FLASH_START) -> FirmwareImage:
    """A `.bin` (for `address`) or an ELF file (which says its own address) -> what is to be flashed, checked.

    Raises InputError, one sentence, for anything that a module could not start from there.
    """
    data = read_bytes(path, MAX_BYTES)
    image = _from_elf(path, data) if data[:4] == b"\x7fELF" else FirmwareImage(address, data)
    refuse_wrong_image(image, path)
    return image


def refuse_wrong_image(image: FirmwareImage, path: Path) -> None:
    """Raises InputError unless the image starts with a vector table that this chip, at this address, can start from."""
    advice = "build one with: gritspace build daisy_seed"
    if image.address != FLASH_START:
        raise InputError(
            f"{path}: it is for 0x{image.address:08X}; the chip's own flash begins at 0x{FLASH_START:08X}; {advice}."
        )
    if len(image.data) < 4 * _VECTORS:
        raise InputError(f"{path}: {len(image.data)} bytes are no firmware; {advice}.")
    if len(image.data) > FLASH_BYTES:
        raise InputError(
            f"{path}: {len(image.data):,} bytes are more than the flash's {FLASH_BYTES:,}; build in a smaller model."
        )
    stack, reset, *handlers = struct.unpack_from(f"<{_VECTORS}I", image.data)
    if not any(start < stack <= start + size for start, size in RAM) or stack % 8:
        raise InputError(f"{path}: its stack would begin at 0x{stack:08X}, where this chip has no memory; {advice}.")
    if not reset & 1 or not FLASH_START <= reset - 1 < FLASH_START + len(image.data):
        raise InputError(f"{path}: it would start at 0x{reset:08X}, which is outside it; {advice}.")
    for number, handler in enumerate(handlers, 2):
        if handler and (not handler & 1 or not any(start <= handler - 1 < start + size for start, size in CODE)):
            raise InputError(f"{path}: its handler {number} at 0x{handler:08X} is no code of this chip; {advice}.")


def _from_elf(path: Path, data: bytes) -> FirmwareImage:
    """The loaded segments by their load addresses, gaps filled as erased flash is."""
    try:
        header = _ELF_HEADER.unpack_from(data)
        if data[4] != 1 or header[2] != _EM_ARM:
            raise InputError(
                f"{path}: an ELF file, but not for a 32-bit ARM; build one with: gritspace build daisy_seed."
            )
        if header[10] > MAX_SEGMENTS:
            raise struct.error
        rows = [_ELF_SEGMENT.unpack_from(data, header[5] + i * header[9]) for i in range(header[10])]
        rows = [row for row in rows if row[0] == _PT_LOAD and row[4]]
        if not rows or any(row[1] + row[4] > len(data) for row in rows) or sum(row[4] for row in rows) > MAX_BYTES:
            raise struct.error
        pieces = sorted((row[3], data[row[1] : row[1] + row[4]]) for row in rows)
    except struct.error:
        raise InputError(f"{path}: an ELF file that is cut or has nothing in it; build it again.") from None
    start = pieces[0][0]
    if pieces[-1][0] + len(pieces[-1][1]) - start > 64 << 20:
        raise InputError(f"{path}: its parts lie too far apart to be one flash's; build one with: gritspace build.")
    whole = bytearray()
    for at, piece in pieces:
        whole += b"\xff" * (at - start - len(whole))
        whole[at - start : at - start + len(piece)] = piece
    return FirmwareImage(start, bytes(whole))
