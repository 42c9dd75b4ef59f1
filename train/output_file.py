"""Writing a file whole or not at all: beside under a name of its own, to the disk, then renamed over the old one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gritspace.train.errors import InputError


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Gives a path beside `path` to write to; on success it becomes `path`, on any error it vanishes.

    Raises InputError if the folder is missing or not writable, or the disk is full.
    """
    path = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another folder or free it.") from error
    os.close(handle)
    beside = Path(name)
    try:
        try:
            yield beside
            with beside.open("rb") as written:
                os.fsync(written.fileno())
            umask = os.umask(0)
            os.umask(umask)
            beside.chmod(0o666 & ~umask)
            os.replace(beside, path)
            _to_disk(path.parent)
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(f"{path}: could not be written ({reason}); free some space or choose another.") from error
    finally:
        beside.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all. Raises InputError, naming the file, when it cannot."""
    with written_whole(path) as beside:
        beside.write_bytes(data)


def _to_disk(folder: Path) -> None:
    """A rename outlives a power cut only when the folder too is on the disk; not every system can say so."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    except OSError:  # some network drives know no such thing; the file itself is written
        pass
    finally:
        os.close(handle)
