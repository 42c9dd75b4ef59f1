"""A folder of captures becomes a folder of integer models: several at once, here or on a Dask cluster.

Each capture travels as bytes and comes back as bytes, so that a worker needs nothing but this package. What is done is
written at once, with a row of the table; a run that is broken off goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from gritspace.host_tools.console import Update, esr_text
from gritspace.host_tools.models.made_from import file_sha256
from gritspace.host_tools.spaces.quantizing import QuantizeRequest, quantized
from gritspace.train.audio.audio_file import SUFFIXES as AUDIO_SUFFIXES
from gritspace.train.devices.captures.files import capture_paths
from gritspace.train.devices.captures.recurrent import licence_file
from gritspace.train.errors import InputError
from gritspace.train.output_file import write_whole

TABLE = "table.json"
Heard = tuple[tuple[str, bytes], ...]
"""Names and bytes of audio files."""


@dataclass(frozen=True)
class Row:
    """One capture: its path in the folder, the file made of it or None, and what is to be said of it.

    key: of the capture's bytes and the options, so that nothing is done twice. facts: as `quantize --json` has them.
    """

    capture: str
    key: str
    file: str | None
    facts: dict[str, Any]
    refused: str | None

    def fields(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    def words(self) -> tuple[str, ...]:
        """For the table on a screen: capture, ESR, cycles, admitted, made to fit, remarks."""
        fit, whole = self.facts.get("made_to_fit"), self.facts.get("whole")
        admitted = {True: "yes", False: "no", None: "-"}[self.facts.get("admitted")]
        return (
            self.capture,
            esr_text(fit["esr"] if fit else self.facts.get("esr")),
            f"{whole['pessimistic']:,.0f}" if whole else "-",
            "-" if self.refused else admitted,
            f"{fit['minutes']:.1f} min, {fit['cpu_seconds']:.0f} s of processor" if fit else "-",
            self.refused or " ".join(self.facts.get("remarks", ())),
        )


@dataclass(frozen=True)
class Task:
    """What a worker is given. audio: the files to train and calibrate on. licence: of the file beside
    the capture, whose model has to say what it is under."""

    capture: str
    content: bytes
    key: str
    request: QuantizeRequest
    audio: Heard
    licence: tuple[str, bytes] | None = None


Work = Callable[[Task], tuple[Row, bytes | None]]


def quantize_folder(
    source: Path, out: Path, request: QuantizeRequest, jobs: int, cluster: str | None, update: Update
) -> list[Row]:
    """Every capture under source, in order of name. Raises InputError if there is none, or the cluster is not there."""
    captures = capture_paths(source)
    if not captures:
        raise InputError(f"{source}: there is no capture in this folder; it needs .nam, .json or .aidax files.")
    if request.name is not None or request.submodel is not None or request.ir is not None:
        raise InputError("--name, --submodel and --ir are for one file; leave them out with a folder.")
    out.mkdir(parents=True, exist_ok=True)
    audio = tuple(_audio_of(request.audio))
    options = json.dumps(asdict(replace(request, audio=())), sort_keys=True)
    heard = hashlib.sha256(b"".join(name.encode() + content for name, content in audio)).hexdigest()
    files = _names(source, captures)
    done = _known(out)
    rows: dict[str, Row] = {}
    tasks = []
    for path in captures:
        capture, content = path.relative_to(source).as_posix(), path.read_bytes()
        licence = _licence(path)
        under = b"" if licence is None else licence[1]
        key = hashlib.sha256(content + options.encode() + heard.encode() + under).hexdigest()
        before = done.get(capture)
        if before is not None and before.key == key and _still_there(out, before):
            rows[capture] = before
        else:
            tasks.append(Task(capture, content, key, request, audio, licence))
    update(len(rows), len(captures), f"{len(rows)} done before")
    for row, blob in _worked(tasks, jobs, cluster):
        if blob is not None:
            target = out / files[row.capture]
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, blob)
            row = replace(row, file=files[row.capture])
        rows[row.capture] = row
        _write_table(out, rows)
        update(len(rows), len(captures), row.capture)
    _write_table(out, rows)
    return [rows[path.relative_to(source).as_posix()] for path in captures]


def one(task: Task) -> tuple[Row, bytes | None]:
    """A worker's work; never raises for what is wrong with the capture."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PurePosixPath(task.capture).name
        path.write_bytes(task.content)
        if task.licence is not None:
            (path.parent / task.licence[0]).write_bytes(task.licence[1])
        heard = Path(folder) / "audio"
        for name, content in task.audio:
            (heard / name).parent.mkdir(parents=True, exist_ok=True)
            (heard / name).write_bytes(content)
        request = replace(task.request, audio=(heard,) if task.audio else ())
        try:
            made = quantized(path, path.stem, request, _untold)
        except InputError as error:
            return Row(task.capture, task.key, None, {}, str(error).replace(f"{path}: ", "")), None
        except Exception as error:  # a fault of ours stops one capture, not hundreds
            return Row(task.capture, task.key, None, {}, f"failed: {type(error).__name__}: {error}"), None
    return Row(task.capture, task.key, None, {"bytes": len(made.blob), **made.facts}, None), made.blob


def _untold(done: float, total: float, words: str = "") -> None:
    """A worker shows no progress of its own."""


def _worked(tasks: Sequence[Task], jobs: int, cluster: str | None) -> Iterator[tuple[Row, bytes | None]]:
    if cluster is not None:
        yield from _on_cluster(tasks, cluster)
    elif jobs == 1 or len(tasks) < 2:
        yield from map(one, tasks)
    else:
        yield from _in_processes(tasks, jobs)


def _in_processes(tasks: Sequence[Task], jobs: int, work: Work = one) -> Iterator[tuple[Row, bytes | None]]:
    """A worker that dies takes those with it that ran beside it: they are tried again, each alone."""
    again = []
    with _pool(jobs) as pool:
        running = {pool.submit(work, task): task for task in tasks}
        try:
            for future in as_completed(running):
                try:
                    yield future.result()
                except BrokenProcessPool:
                    again.append(running[future])
        finally:
            pool.shutdown(cancel_futures=True)
    for task in again:
        with _pool(1) as pool:
            try:
                yield pool.submit(work, task).result()
            except BrokenProcessPool:
                yield Row(task.capture, task.key, None, {}, "failed: it took the process with it; memory?"), None


def _pool(jobs: int) -> ProcessPoolExecutor:
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // jobs)))
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))


def _given(audio: Heard) -> Heard:
    return audio


def _hearing(task: Task, audio: Heard) -> tuple[Row, bytes | None]:
    return one(replace(task, audio=audio))


def _on_cluster(tasks: Sequence[Task], address: str) -> Iterator[tuple[Row, bytes | None]]:
    try:
        from distributed import Client
        from distributed import as_completed as completed
    except ImportError as error:
        raise InputError("--cluster needs the extra `cluster`: pip install 'gritspace[cluster]'.") from error
    try:
        client = Client(address, timeout=20)
    except (OSError, ValueError) as error:
        raise InputError(f"{address}: no Dask scheduler answers there ({error}); check the address.") from error
    if not tasks:
        client.close()
        return
    with client:  # the audio of all is a task of its own: sent once, and made again should its worker die
        heard = client.submit(_given, tasks[0].audio, key=f"audio-{tasks[0].key}")
        futures = {
            client.submit(_hearing, replace(task, audio=()), heard, key=f"quantize-{task.key}"): task for task in tasks
        }
        for future in completed(list(futures)):
            task = futures[future]
            fault = future.exception()
            if fault is not None:
                yield Row(task.capture, task.key, None, {}, f"failed: {type(fault).__name__}: {fault}"), None
            else:
                yield future.result()


def _licence(capture: Path) -> tuple[str, bytes] | None:
    beside = licence_file(capture)
    return None if beside is None else (beside.name, beside.read_bytes())


def _names(source: Path, captures: Sequence[Path]) -> dict[str, str]:
    """Of each capture, its file's path in the output; two of one name keep their endings."""
    stems = [path.relative_to(source).with_suffix("").as_posix() for path in captures]
    names = {}
    for path, stem in zip(captures, stems, strict=True):
        capture = path.relative_to(source).as_posix()
        names[capture] = (stem if stems.count(stem) == 1 else capture) + ".grit"
    return names


def _audio_of(paths: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: there is no such file or folder; check the path.")
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.suffix.lower() in AUDIO_SUFFIXES:
                yield file.relative_to(path.parent).as_posix(), file.read_bytes()


def _known(out: Path) -> dict[str, Row]:
    """The table of a run before; of a damaged one nothing."""
    try:
        rows = [Row(**row) for row in json.loads((out / TABLE).read_text())]
        return {row.capture: row for row in rows if isinstance(row.facts, dict)}
    except (OSError, ValueError, TypeError):
        return {}


def _still_there(out: Path, row: Row) -> bool:
    """Whether a row's file is what was written; what was refused stays so, what failed is tried again."""
    if row.file is None:
        return row.refused is not None and not row.refused.startswith("failed")
    path = out / row.file
    return path.is_file() and file_sha256(path) == row.facts.get("sha256")


def _write_table(out: Path, rows: dict[str, Row]) -> None:
    ordered = [rows[name].fields() for name in sorted(rows)]
    write_whole(out / TABLE, (json.dumps(ordered, indent=1, allow_nan=False) + "\n").encode())
