"""What PyTorch saves (spaces, snapshots, checkpoints), with a SHA-256 of all of it in the file, checked before use."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

from gritspace.train.errors import InputError
from gritspace.train.output_file import written_whole
from gritspace.train.sealed_file import refuse_rot, sealed


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
