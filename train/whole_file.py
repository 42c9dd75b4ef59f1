"""A file from strangers, whole: a file and no pipe or device, which might never end, and of a bounded size."""

from __future__ import annotations

from pathlib import Path

from gritspace.train.errors import InputError

MAX_BYTES = 512 << 20


def read_bytes(path: Path, most: int = MAX_BYTES) -> bytes:
    """All of it, at most so many bytes. Raises InputError that names the file and what was wrong."""
    path = Path(path)
    refuse_no_file(path)
    try:
        if path.stat().st_size > most:
            raise InputError(f"{path}: it has more than {most >> 20} MB, as no such file has; check what it is.")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: it could not be read ({error.strerror}); check the name.") from error


def refuse_no_file(path: Path) -> None:
    """Raises InputError for what is not there, a folder, a pipe or a device: to open one may wait for ever."""
    try:
        if path.is_file():
            return
        what = "this is a folder; name a file" if path.is_dir() else None
        if what is None:
            what = "this is no file but a pipe or a device; name a file" if path.exists() else None
    except (OSError, ValueError) as error:  # a name too long, or with a zero in it
        raise InputError(f"{path}: this cannot be a file's name ({error}); check it.") from error
    raise InputError(f"{path}: {what or 'there is no such file; check the path'}.")
