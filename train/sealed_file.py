"""The SHA-256 of a `.pt` file, in the file. PyTorch is not needed to look at it.

The file is a zip archive, as torch.save writes it; the checksum stands in the archive's comment, its very end, so that
every other reader of such files still reads it. A file without a comment carries none: it was written before there
were checksums, or by another program. Then a SHA256SUMS beside it, as `sha256sum` writes them, is asked; if that does
not know the file either, it is used, and a note says so.
"""

from __future__ import annotations

import hashlib
import struct
import sys
from pathlib import Path

from gritspace.train.errors import InputError
from gritspace.train.plain_text import printable
from gritspace.train.whole_file import read_bytes

MARK = b"gritspace sha256 "
COMMENT_BYTES = len(MARK) + 64
SUMS = "SHA256SUMS"
_END, _END_BYTES = b"PK\x05\x06", 22
"""Of a zip archive: its last record, which ends with the length of a comment, and the comment."""
_told: set[str] = set()


def refuse_rot(path: Path, what: str) -> None:
    """Raises InputError if the file is not what was written; says on standard error if nobody can know."""
    data = read_bytes(path)
    archive = data.startswith(b"PK")
    bare = data[-_END_BYTES:][:4] == _END and data.endswith(b"\0\0")
    if MARK in data[-COMMENT_BYTES:] or (archive and not bare):
        good = _seal(data) == data[-COMMENT_BYTES:]
    else:
        wanted = _listed(path)
        good = wanted is None or hashlib.sha256(data).hexdigest() == wanted
        if wanted is None and archive:
            _tell(path, what)
    if not good:
        raise InputError(
            f"{path}: this {what} is damaged: its checksum does not fit; copy it again from where it is whole, "
            "or make it again."
        )


def sealed(archive: bytes) -> bytes:
    """A zip archive without a comment -> the same with its checksum in the comment."""
    if archive[-_END_BYTES:][:4] != _END:
        raise ValueError("this is no zip archive that ends without a comment")
    room = archive[:-2] + struct.pack("<H", COMMENT_BYTES) + bytes(COMMENT_BYTES)
    return room[:-COMMENT_BYTES] + _seal(room)


def _seal(data: bytes) -> bytes:
    return MARK + hashlib.sha256(data[:-COMMENT_BYTES]).hexdigest().encode()


def _listed(path: Path) -> str | None:
    try:
        lines = (path.parent / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    sums = {name.lstrip("*"): digest for digest, _, name in (line.partition("  ") for line in lines)}
    return sums.get(path.name)


def _tell(path: Path, what: str) -> None:
    if str(path) not in _told:
        _told.add(str(path))
        print(f"note: {printable(path)}: this {what} carries no checksum, so nobody would notice rot.", file=sys.stderr)
