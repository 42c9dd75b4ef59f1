"""Which file a model was made from, by the checksum that it remembers. Nothing heavy is loaded for it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gritspace.quantize.model.model import IntegerModel
from gritspace.train.whole_file import read_bytes


def space_of(model_file: Path, model: IntegerModel) -> Path | None:
    """The space a model was made from, if it still lies beside the model or in the working folder, unchanged."""
    name, wanted = model.metadata.get("made_from"), model.metadata.get("made_from_sha256")
    if not isinstance(name, str) or not isinstance(wanted, str):
        return None
    for folder in dict.fromkeys((model_file.parent, Path.cwd())):
        candidate = folder / Path(name).name
        if candidate.is_file() and file_sha256(candidate) == wanted:
            return candidate
    return None


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes. Raises InputError if it cannot be read."""
    return hashlib.sha256(read_bytes(path)).hexdigest()
