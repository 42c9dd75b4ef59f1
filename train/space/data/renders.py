"""Renders kept on disk: what a device makes of the dry audio at its settings, computed once, mapped by many processes.

A folder of pairs of files: `rat-3f2a....f32`, float32 samples (settings, frames) and nothing else, and beside it a
.json that says what they are and is written last. A render without its .json was cut short and is made again.
The .json has a SHA-256 of the samples and of what was noted; a render that has changed since is made again.
A file's name hangs on the device's name and sound, the settings and the dry audio. Processes that want the same one
wait for whoever came first; a lock dies with its process.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import mmap
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gritspace.train.audio import signals
from gritspace.train.devices.device import Audio, Device
from gritspace.train.errors import InputError
from gritspace.train.output_file import written_whole

FORMAT, VERSION = "gritspace render", 2
GIGABYTE = 1e9
SPARE_BYTES = 1e9
"""Of the disk, left free for everybody else."""
PROBE_SECONDS = 0.25
ABANDONED_SECONDS = 3600.0


@dataclass(frozen=True)
class Wanted:
    """One device's render before it is made: its place in the folder and its size."""

    key: str
    shape: tuple[int, int]

    @property
    def size_bytes(self) -> int:
        """On disk, without the few bytes of .json."""
        return 4 * self.shape[0] * self.shape[1]


class RenderCache:
    """A folder of renders and its limit. made, found, remade: how many renders this object had to do with.

    tell: hears what the disk will be used for, before it is.
    remade counts those that were there, but damaged or of another version.
    """

    def __init__(self, folder: Path, limit_gigabytes: float, tell: Callable[[str], None] | None = None) -> None:
        self.folder, self.limit_bytes, self.tell = folder, limit_gigabytes * GIGABYTE, tell or (lambda text: None)
        self.made = self.found = self.remade = 0
        self._held: set[str] = set()

    def wanted(self, device: Device, settings: NDArray[np.float32], dry: Audio, noted: object = None) -> Wanted:
        """dry (settings, frames). The device's sound is told from what it makes of a quarter of a second.

        noted: whatever else changes what is noted with the render.
        """
        digest = hashlib.sha256(f"{device.name} {noted}".encode())
        probe = np.repeat(signals.synthetic(PROBE_SECONDS, seed=11)[None], max(len(settings), 1), axis=0)
        digest.update(device.render(probe[: len(settings)], settings).tobytes())
        digest.update(np.ascontiguousarray(settings).tobytes())
        digest.update(np.ascontiguousarray(dry).tobytes())
        name = re.sub(r"[^A-Za-z0-9]+", "_", device.name)[:40]
        return Wanted(f"{name}-{digest.hexdigest()[:24]}", (len(settings), dry.shape[1]))

    def make_room(self, wanted: list[Wanted]) -> str:
        """Before anything is rendered: drops the longest unused renders that stand in the way; tells what will be used.

        Raises InputError if what is wanted is over the limit, or the disk is too full.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        needed = sum(one.size_bytes for one in wanted)
        if needed > self.limit_bytes:
            raise InputError(
                f"{self.folder}: {needed / GIGABYTE:.2g} GB of renders are needed and {self.limit_bytes / GIGABYTE:.2g}"
                " GB are allowed; allow more with --cache-gigabytes, or lower seconds_per_setting."
            )
        self._held |= {one.key for one in wanted}
        missing = sum(one.size_bytes for one in wanted if self._read_note(one) is None)
        self._drop_unused(self.limit_bytes - missing)
        free = shutil.disk_usage(self.folder).free
        if missing + SPARE_BYTES > free:
            raise InputError(
                f"{self.folder}: {missing / GIGABYTE:.2g} GB are to be written and {free / GIGABYTE:.2g} GB are free; "
                "make room, or lower seconds_per_setting."
            )
        said = (
            f"{needed / GIGABYTE:.2g} GB of renders, {missing / GIGABYTE:.2g} GB of them new, "
            f"at most {self.limit_bytes / GIGABYTE:.2g} GB in {self.folder}"
        )
        self.tell(said)
        return said

    def get(self, wanted: Wanted, make: Callable[[], tuple[Audio, dict[str, Any]]]) -> tuple[Tensor, dict[str, Any]]:
        """The render, memory-mapped, (settings, frames), and what was noted with it; made if it is not there.

        make: -> wet (settings, frames) and what to note, of JSON. Raises InputError if the disk is full.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked(wanted.key):
            note = self._read_whole(wanted)
            if note is None:
                self.remade += self._path(wanted.key, ".json").exists()
                wet, note = make()
                if wet.shape != wanted.shape:
                    raise ValueError(f"a render of shape {wet.shape} where {wanted.shape} was announced")
                with written_whole(self._path(wanted.key, ".f32")) as beside:
                    np.ascontiguousarray(wet, np.float32).tofile(beside)
                stamped = _stamped(wanted, note, np.ascontiguousarray(wet, np.float32).data)
                with written_whole(self._path(wanted.key, ".json")) as beside:
                    beside.write_text(stamped, encoding="utf-8")
                self.made += 1
            else:
                self.found += 1
                os.utime(self._path(wanted.key, ".json"))  # last used now
            return mapped(self._path(wanted.key, ".f32"), wanted.shape), note

    def _read_note(self, wanted: Wanted) -> dict[str, Any] | None:
        """None if the render is missing, cut short, damaged or of another version."""
        try:
            stamped = json.loads(self._path(wanted.key, ".json").read_text(encoding="utf-8"))
            whole = self._path(wanted.key, ".f32").stat().st_size == wanted.size_bytes
        except (OSError, ValueError):
            return None
        if not isinstance(stamped, dict) or not whole or not isinstance(stamped.get("note"), dict):
            return None
        ours = [stamped.get("format"), stamped.get("version"), stamped.get("shape")]
        return stamped["note"] if ours == [FORMAT, VERSION, list(wanted.shape)] else None

    def _read_whole(self, wanted: Wanted) -> dict[str, Any] | None:
        """The same, having read every sample: None too if a bit of them or of the note is not what was written."""
        note = self._read_note(wanted)
        if note is None:
            return None
        with (
            open(self._path(wanted.key, ".f32"), "rb") as file,
            mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as all_,
        ):
            expected = _stamped(wanted, note, all_)
        return note if self._path(wanted.key, ".json").read_text(encoding="utf-8") == expected else None

    def _drop_unused(self, limit_bytes: float) -> None:
        """Removes renders, the longest unused first, until the folder is within the limit. Held ones stay, and those
        that another process is at: whatever is seen in the folder may be gone a moment later."""
        for path in self.folder.glob(".*.f32"):  # what a killed process was writing
            if time.time() - _modified(path, time.time()) > ABANDONED_SECONDS:
                path.unlink(missing_ok=True)
        renders = [path for path in self.folder.glob("*.f32") if not path.name.startswith(".")]
        used = float(sum(_size(path) for path in renders))
        for path in sorted(renders, key=lambda path: _modified(path.with_suffix(".json"), 0.0)):
            if used <= limit_bytes:
                return
            if path.stem in self._held:
                continue
            size = _size(path)
            with self._locked(path.stem, wait=False) as ours:
                if ours:
                    used -= size
                    for suffix in (".json", ".f32", ".lock"):
                        path.with_suffix(suffix).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self, key: str, wait: bool = True) -> Iterator[bool]:
        """Whether the render is this process's to read and write; without waiting it may not be.

        The lock's file goes with its render: a lock on one that is no longer in the folder is none.
        """
        path = self._path(key, ".lock")
        while True:
            with open(path, "w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                except BlockingIOError:
                    yield False
                    return
                try:
                    same = os.path.samestat(os.fstat(lock.fileno()), path.stat())
                except FileNotFoundError:
                    same = False
                if same:
                    yield True
                    return

    def _path(self, key: str, suffix: str) -> Path:
        return self.folder / (key + suffix)


def _stamped(wanted: Wanted, note: dict[str, Any], samples: Any) -> str:
    """The .json of a render. samples: its bytes."""
    said: dict[str, Any] = {"format": FORMAT, "version": VERSION, "shape": list(wanted.shape), "note": note}
    digest = hashlib.sha256(samples)
    digest.update(json.dumps(said).encode())
    return json.dumps({**said, "sha256": digest.hexdigest()})


def default_folder() -> Path:
    """In the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gritspace" / "renders"


def mapped(path: Path, shape: tuple[int, int]) -> Tensor:
    """A file of float32 samples as a tensor whose pages are read when touched, and shared between processes."""
    return torch.from_numpy(np.memmap(path, np.float32, mode="c", shape=shape))  # "c": never written back


def _modified(path: Path, otherwise: float) -> float:
    """When, in seconds since 1970; otherwise, if it is not there (any more)."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return otherwise


def _size(path: Path) -> int:
    """In bytes; 0 if it is not there any more."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
