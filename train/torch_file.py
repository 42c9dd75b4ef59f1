"""What PyTorch saves (spaces, snapshots, checkpoints), with a SHA-256 of all of it in the file, checked before use.

The file is a zip archive, as torch.save writes it; the checksum stands in the archive's comment, its very end, so that
every other reader of such files still reads it. A file without a comment carries none: it was written before there
were checksums, or by another program. Then a SHA256SUMS beside it, as `sha256sum` writes them, is asked; if that does
not know the file either, it is used, and a note says so.
"""

from __future__ import annotations

import hashlib
import pickle
import struct
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

from gritspace.train.errors import InputError
from gritspace.train.output_file import written_whole
from gritspace.train.plain_text import printable
from gritspace.train.whole_file import read_bytes

MARK = b"gritspace sha256 "
COMMENT_BYTES = len(MARK) + 64
SUMS = "SHA256SUMS"
_END, _END_BYTES = b"PK\x05\x06", 22
"""Of a zip archive: its last record, which ends with the length of a comment, and the comment."""
_told: set[str] = set()


def save_torch(contents: dict[str, Any], path: Path) -> None:
    """torch.save, whole or not at all, sealed. Raises InputError if the file cannot be written."""
    with written_whole(path) as beside:
        try:
            with beside.open("wb") as file:  # by its name, PyTorch would write that name into the archive
                torch.save(contents, file)
        except RuntimeError as error:  # PyTorch's way to report a full disk
            raise OSError(str(error).splitlines()[0]) from error
        beside.write_bytes(sealed(beside.read_bytes()))


def load_torch(path: Path, what: str) -> dict[str, Any]:
    """A dictionary that torch.save wrote; plain data only, no code. Raises InputError if it is none, or is damaged."""
    path = Path(path)
    refuse_rot(path, what)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of PyTorch, about odd files: what matters is told as an error
            contents = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError as error:
        raise InputError(f"{path}: it asks for more memory than there is; it is no {what}, or is damaged.") from error
    except (RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile, EOFError, OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: this is no {what}, or it is damaged; make it again.") from error
    except Exception as error:  # a crafted pickle can raise anything that plain data's constructors raise
        raise InputError(f"{path}: this is no {what} ({type(error).__name__}); make it again.") from error
    if not isinstance(contents, dict) or not all(isinstance(key, str) for key in contents):
        raise InputError(f"{path}: this is no {what}; give a file that `gritspace train` wrote.")
    return contents


def load_versioned(path: Path, what: str, mark: str, version: int, written: str, again: str) -> dict[str, Any]:
    """load_torch of a file that says `mark` and `version` of itself. Raises InputError if it says others.

    written: what wrote such files, for the sentence; again: what to do with one of another version.
    """
    contents = load_torch(path, what)
    if contents.get("format") != mark:
        raise InputError(f"{path}: this is no {what}; give a file that {written}.")
    if contents.get("version") != version:
        found = f"{contents.get('version')!s:.20}"
        raise InputError(f"{path}: this {what} has version {found}, not {version}; {again}.")
    return contents


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
