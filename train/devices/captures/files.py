"""Recurrent captures in files and folders, of whatever kind: GuitarML's, and AIDA-X's."""

from __future__ import annotations

from pathlib import Path

from gritspace.train.devices.captures.guitarml import guitarml_capture
from gritspace.train.devices.captures.keras import is_keras, keras_capture
from gritspace.train.devices.captures.recurrent import Capture, NoObject, read_object
from gritspace.train.errors import InputError

SUFFIXES = (".json", ".aidax")


def read_capture(path: Path) -> Capture:
    """A Proteus, NeuralPi, NeuralSeed or AIDA-X file.

    Raises InputError that names the file, the key, and what was expected and found.
    """
    model = read_object(path)
    return keras_capture(path, model) if is_keras(model) else guitarml_capture(path, model)


def find_captures(path: Path) -> list[Capture]:
    """The capture of a file, or all captures in a folder, searched whole; other JSON files in it are passed over.

    Raises InputError if there is none, or one is damaged.
    """
    if path.is_file():
        if path.suffix.lower() not in SUFFIXES:
            raise InputError(f"{path}: this is no Proteus, NeuralPi, NeuralSeed or AIDA-X capture (.json, .aidax).")
        return [read_capture(path)]
    if not path.is_dir():
        raise InputError(f"{path}: there is no such file or folder; check the path.")
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and not is_hidden(file, path))
    found = [read_capture(file) for file in files if _looks_like_one(file)]
    if not found:
        raise InputError(f"{path}: there is no capture in this folder; it needs Proteus or NeuralPi .json files.")
    return found


def capture_paths(folder: Path) -> list[Path]:
    """Every file under a folder that is a capture by its name, in order; JSON that is none is passed over."""
    found = sorted(file for file in folder.rglob("*") if file.is_file() and not is_hidden(file, folder))
    kinds = {file: file.suffix.lower() for file in found}
    return [file for file in found if kinds[file] == ".nam" or (kinds[file] in SUFFIXES and _may_be_one(file))]


def _may_be_one(path: Path) -> bool:
    """A damaged file may be a capture: whoever reads it will say what is wrong with it."""
    try:
        return _looks_like_one(path)
    except InputError:
        return True


def is_hidden(file: Path, folder: Path) -> bool:
    """What an operating system leaves in folders and archives: dot files, and what macOS keeps beside each file."""
    return any(part.startswith(".") or part == "__MACOSX" for part in file.relative_to(folder).parts)


def _looks_like_one(path: Path) -> bool:
    """Whether a .json file is a capture of any kind; one that is no object, like a list of settings, is none."""
    try:
        model = read_object(path)
    except NoObject:
        return False
    return "model_data" in model or "state_dict" in model or ("layers" in model and "in_shape" in model)
