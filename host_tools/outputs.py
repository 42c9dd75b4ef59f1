"""What a command writes may not be what it reads, and ends as its kind says: checked before any work is done.

A command marks what it writes: `out: Annotated[Path, typer.Option(...), Writes(".grit")]`. Every other path, and every
text that names a file, is something it reads, and is marked too: `inputs.Reads`.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from gritspace.host_tools.inputs import Numbers, Reads, refuse_odd_numbers, refuse_unreadable
from gritspace.host_tools.stopping import WATCH, Stopped, how_to_go_on
from gritspace.train.errors import InputError

Mark = TypeVar("Mark")

AUDIO_ENDINGS = (".wav", ".flac", ".aif", ".aiff")
"""What write_audio can write."""
_READ_IN_FOLDERS = {
    ".wav",
    ".flac",
    ".aif",
    ".aiff",
    ".ogg",
    ".mp3",
    ".nam",
    ".json",
    ".aidax",
    ".toml",
    ".pt",
    ".grit",
}


@dataclass(frozen=True)
class Writes:
    """Marks a command's output. endings: those it may have, any if none; beside: of what is written beside it.

    folder: it is one; or_folder: a file or a folder, by what is read.
    """

    endings: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    folder: bool = False
    or_folder: bool = False


def refuse_ending(path: Path, endings: Sequence[str]) -> None:
    """Raises InputError if a file of this kind cannot be called that."""
    if endings and path.suffix.lower() not in endings:
        raise InputError(
            f"{path}: what is written here ends in {' or '.join(endings)}, not in {path.suffix or 'nothing'}; "
            f"call it {path.stem or 'file'}{endings[0]}."
        )


def refuse_unwritable(path: Path, folder: bool = False) -> None:
    """Raises InputError before the work, not after, if its result could not be written there. folder: as one."""
    if path.is_dir() != folder and path.exists():
        what = "this is no folder; name one" if folder else "this is a folder; name a file in it"
        raise InputError(f"{path}: {what}.")
    parent = next(p for p in (path, *path.parents) if p.exists()) if folder else path.parent
    if not parent.is_dir():
        what = "is no folder" if parent.exists() else "does not exist"
        raise InputError(f"{path}: the folder {parent} {what}; make it, or choose another place.")
    if not os.access(parent, os.W_OK):
        raise InputError(f"{path}: nothing can be written in {parent}; choose another place.")


def refuse_overwriting(out: Path, sources: Sequence[Path]) -> None:
    """Raises InputError if writing `out` would destroy one of the sources, by whatever name, link or folder."""
    for source in sources:
        if _same(out, source):
            raise InputError(f"{out}: this is what is read; writing would destroy it. Choose another name to write to.")
        read_too = source.is_dir() and out.is_file() and out.suffix.lower() in _READ_IN_FOLDERS
        if read_too and _really(source) in _really(out).parents:
            raise InputError(f"{out}: this lies in {source}, which is read; choose another name to write to.")


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command, refusing outputs that cannot be written, are inputs, are written twice, or end as another kind does;
    then inputs that are not there or of another kind. All of it before the command loads anything heavy.
    """
    hints = _hints(command)
    marks = {name: mark for name, hint in hints.items() if (mark := _marked(hint, Writes)) is not None}
    read = {name: reads for name, hint in hints.items() if (reads := _marked(hint, Reads)) is not None}
    numbers = {name: asked for name, hint in hints.items() if (asked := _marked(hint, Numbers)) is not None}

    def look(given: dict[str, Any]) -> None:
        sources = [path for name, value in given.items() if name not in marks for path in _paths(value)]
        written: list[Path] = []
        for name, mark in marks.items():
            for out in _paths(given.get(name)):
                if mark.folder:
                    refuse_unwritable(out, folder=True)
                    continue
                refuse_ending(out, mark.endings)
                for one in (out, *(out.with_suffix(ending) for ending in mark.beside)):
                    refuse_overwriting(one, sources)
                    if any(_same(one, other) for other in written):
                        raise InputError(f"{one}: this would be written twice; give each output a name of its own.")
                    written.append(one)
                refuse_unwritable(out, folder=mark.or_folder and out.is_dir())
        for name, wanted in read.items():
            for path in _named_paths(given.get(name), wanted):
                refuse_unreadable(path, wanted)
        for name, asked in numbers.items():
            if isinstance(text := given.get(name), str):
                refuse_odd_numbers(text, asked)
        if not given.get("captures"):
            _refuse_unknown_devices(name for key in _device_names(read) for name in _texts(given.get(key)))

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        try:
            look(given)
            WATCH.command = command.__name__
            return command(**given)
        except KeyboardInterrupt:
            raise Stopped(how_to_go_on(WATCH.command)) from None

    return run


def _hints(command: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(inspect.unwrap(command), include_extras=True)


def _marked(hint: Any, kind: type[Mark]) -> Mark | None:
    return next((one for one in getattr(hint, "__metadata__", ()) if isinstance(one, kind)), None)


def _device_names(read: Mapping[str, Reads]) -> list[str]:
    return [name for name, reads in read.items() if reads.any_name]


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [one for one in value or () if isinstance(one, str)]


def _refuse_unknown_devices(names: Iterable[str]) -> None:
    """Where no captures are given, a name is a built-in circuit's or a file's. Raises InputError."""
    for name in names:
        if not Path(name).suffix:
            from gritspace.train.devices.finding import device_named

            device_named(name)


def _named_paths(value: Any, reads: Reads) -> Iterator[Path]:
    """Paths given, and texts too where a file may be named by one."""
    for one in value if isinstance(value, list | tuple) else (value,):
        if isinstance(one, Path) or (isinstance(one, str) and reads.any_name):
            yield Path(one)


def names_paths(hint: Any) -> bool:
    """Whether a parameter of this type holds paths."""
    return hint is Path or any(names_paths(one) for one in get_args(hint))


def marked(command: Callable[..., Any]) -> dict[str, tuple[bool, Writes | None]]:
    """A command's parameters: whether each holds paths, and its mark."""
    return {
        name: (names_paths(hint), _marked(hint, Writes)) for name, hint in _hints(command).items() if name != "return"
    }


def _paths(value: Any) -> Iterator[Path]:
    """Paths given, and texts that name something that is there (a device can be a name or a file)."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, str) and value and len(value) < 4096 and "\0" not in value:
        try:
            there = Path(value).exists()
        except OSError:
            return
        if there:
            yield Path(value)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _paths(one)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there (yet)
        return _really(one) == _really(other)


def _really(path: Path) -> Path:
    """Where links lead to; of links that lead to themselves, where they are."""
    return Path(os.path.realpath(path))
