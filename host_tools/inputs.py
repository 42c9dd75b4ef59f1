"""What a command reads is looked at before anything heavy is loaded: is it there, and is it of the wanted kind?

A command marks what it reads: `dry: Annotated[Path, typer.Argument(...), Reads(AUDIO)]`. A kind is known by its ending
and its first bytes; whether all of a file is sound is for its reader, later.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gritspace.train.errors import InputError


@dataclass(frozen=True)
class Kind:
    """A kind of file. name: with its article; begins: its first bytes, if always the same; how: what brings one.

    look: reads it as far as can be done at once, and raises InputError; formats: what a `.pt` file may say it is.
    """

    name: str
    endings: tuple[str, ...]
    begins: bytes = b""
    how: str = ""
    look: Callable[[Path], Any] | None = None
    formats: tuple[str, ...] = ()

    def fits(self, path: Path) -> bool:
        """By its first bytes, or by its ending where they may be anything."""
        if not self.begins:
            return path.suffix.lower() in self.endings
        with path.open("rb") as file:
            return file.read(len(self.begins)) == self.begins


def _grit(path: Path) -> None:
    from gritspace.quantize.model.grit import read_grit

    read_grit(path)


def _capture(path: Path) -> None:
    from gritspace.train.text_file import read_json

    read_json(path)


def _toml(path: Path) -> None:
    from gritspace.train.text_file import read_toml

    read_toml(path)


AUDIO = Kind("audio", (".wav", ".flac", ".aif", ".aiff", ".ogg", ".mp3"), how="record or export WAV or FLAC")
RECORDING = Kind("a recording", AUDIO.endings, how=AUDIO.how)
"""Audio of any number of channels: what is done about them is said later."""
GRIT = Kind("an integer model", (".grit",), b"GRIT", "`gritspace quantize` makes one of a space or a capture", _grit)
_PT, _ZIP = (".pt", ".pth"), b"PK\x03\x04"
SPACE = Kind("a space", _PT, _ZIP, "`gritspace train` makes one", formats=("gritspace space",))
SNAPSHOT = Kind(
    "a snapshot", _PT, _ZIP, "gritspace fit makes one", formats=("gritspace snapshot", "gritspace knob model")
)
ENCODER = Kind("an effects encoder", _PT, _ZIP, "gritspace research makes one", formats=("gritspace effects encoder",))
CAPTURE = Kind("a capture", (".nam", ".json", ".aidax"), how="Neural Amp Modeler and others make them", look=_capture)
CHAIN = Kind("a chain", (".toml",), how="gritspace effects lists what a chain can hold", look=_toml)
TOML = Kind("a TOML file", (".toml",), look=_toml)
JSON = Kind("a JSON file", (".json",))
CSV = Kind("a table", (".csv",), how="it has the columns time, control, value")
IMAGE = Kind("a firmware image", (".bin", ".elf"), how="gritspace build makes one")
KINDS = (AUDIO, GRIT, SPACE, CAPTURE, TOML, CSV, IMAGE)


OURS = "gritspace "
"""How a `.pt` file begins to say what it is."""


@dataclass(frozen=True)
class Numbers:
    """Marks a text of numbers with commas between, each from low to high; how many there are to be is said later.

    named: or NAME=V,... with the knobs' names.
    """

    option: str
    low: float
    high: float
    example: str
    named: bool = False


def refuse_odd_numbers(text: str, mark: Numbers) -> None:
    """Raises InputError if one is no number, or none from low to high.

    Numbers with names, as gain=0.7, are left to whoever knows the model and what its knobs are called.
    """
    if mark.named and all("=" in part for part in text.split(",")):
        return
    for part in text.split(","):
        try:
            good = mark.low <= float(part) <= mark.high
        except ValueError:
            good = False
        if not good:
            raise InputError(
                f"{mark.option} {text}: write numbers from {mark.low:g} to {mark.high:g} with commas between, such as "
                f"{mark.example}."
            )


@dataclass(frozen=True, init=False)
class Reads:
    """Marks what a command reads: files of these kinds. folder: or a folder in which there is at least one.

    sounding: audio of silence is refused. any_name: a text that need not be a file (a device's name).
    """

    kinds: tuple[Kind, ...]
    folder: bool
    sounding: bool
    any_name: bool

    def __init__(self, *kinds: Kind, folder: bool = False, sounding: bool = False, any_name: bool = False) -> None:
        for name, value in (("kinds", kinds), ("folder", folder), ("sounding", sounding), ("any_name", any_name)):
            object.__setattr__(self, name, value)

    @property
    def words(self) -> str:
        """The kinds, as in: a space or a snapshot."""
        return " or ".join(kind.name for kind in self.kinds)


def refuse_unreadable(path: Path, mark: Reads) -> None:
    """Raises InputError if there is no such file, or it is none of what the mark asks for."""
    if str(path).startswith(("http:/", "https:/")):
        raise InputError(f"{path}: this is an address; fetch the file first, and name it here.")
    if mark.any_name and path.suffix.lower() not in {e for kind in mark.kinds for e in kind.endings}:
        return
    if path.is_dir():
        if not mark.folder:
            raise InputError(f"{path}: this is a folder; give a file, {mark.words}.")
        _refuse_folder(path, mark)
        return
    if not path.exists():
        raise InputError(f"{path}: there is no such file{' or folder' if mark.folder else ''}{_instead(path)}")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty; make or fetch it again.")
    if AUDIO in mark.kinds or RECORDING in mark.kinds:
        from gritspace.train.audio.audio_file import refuse_unusable

        refuse_unusable(path, mono=AUDIO in mark.kinds, silent=not mark.sounding)
        return
    fitting = [kind for kind in mark.kinds if kind.fits(path)]
    if not fitting:
        raise InputError(f"{path}: {_what_it_is(path)}{mark.words} is wanted here{_how(mark.kinds)}.")
    if fitting[0].look is not None:
        fitting[0].look(path)
    formats = {one for kind in fitting for one in kind.formats}
    if formats:
        from gritspace.train.sealed_file import refuse_rot
        from gritspace.train.torch_look import format_of

        refuse_rot(path, " or ".join(kind.name.partition(" ")[2] for kind in fitting))
        says = format_of(path)
        if says is not None and says.startswith(OURS) and says not in formats:
            what = says.removeprefix(OURS)
            raise InputError(
                f"{path}: what it says of itself is {what!r}, and {mark.words} is wanted here{_how(mark.kinds)}."
            )


def _refuse_folder(folder: Path, mark: Reads) -> None:
    endings = {ending for kind in mark.kinds for ending in kind.endings}
    if not any(file.suffix.lower() in endings for file in folder.rglob("*")):
        raise InputError(f"{folder}: in this folder is nothing to read; it needs {', '.join(sorted(endings))} files.")


def _instead(path: Path) -> str:
    """What a person may have meant, else what to do."""
    if not path.parent.is_dir():
        return f": the folder {path.parent} does not exist; check the path."
    near = difflib.get_close_matches(path.name, sorted(one.name for one in path.parent.iterdir()), 1, 0.75)
    return f"; is {path.with_name(near[0])} meant?" if near else "; check the path."


def _what_it_is(path: Path) -> str:
    found = next((kind for kind in KINDS if path.suffix.lower() in kind.endings and kind.fits(path)), None)
    return f"this is {found.name}, and " if found else ""


def _how(kinds: Sequence[Kind]) -> str:
    """Where only one kind will do: what brings it."""
    return f"; {kinds[0].how}" if len(kinds) == 1 and kinds[0].how else ""
