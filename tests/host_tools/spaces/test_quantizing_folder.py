"""A folder of captures: all that can be are done, what cannot be is named, and nothing is done twice."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from gritspace.host_tools.cli import app
from gritspace.host_tools.console import Update
from gritspace.host_tools.spaces import quantizing_folder as folders
from gritspace.host_tools.spaces.quantizing import Quantized, QuantizeRequest
from gritspace.quantize.model.grit import read_grit
from gritspace.train.audio.audio_file import write_audio
from gritspace.train.devices.finding import device_named
from gritspace.train.errors import InputError
from tests.train.network.nam.inventing import every_kind

KINDS = every_kind()
EXACT = QuantizeRequest(exact=True)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Two captures, a torn one, one beyond the engine, and what else lies about in folders."""
    folder = tmp_path / "library"
    written = {"amp": "leaky", "lead/amp": "prelu", "lead/__MACOSX/x": "prelu", "film": "condition"}
    for name, kind in written.items():
        path = folder / f"{name}.nam"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(KINDS[kind]))
    (folder / "torn.nam").write_text(json.dumps(KINDS["leaky"])[:300])
    (folder / "._amp.nam").write_bytes(b"\0\5\x16\7")
    (folder / "settings.json").write_text("[1, 2]")
    (folder / "readme.txt").write_text("no capture")
    return folder


def quiet(done: float, total: float, words: str = "") -> None:
    pass


def test_all_that_can_be_are_done_and_the_rest_is_named(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = CliRunner().invoke(app, ["quantize", str(library), "-o", str(out), "--exact", "--jobs", "2", "--json"])
    assert told.exit_code == 0, told.output
    rows = {row["capture"]: row for row in json.loads(told.stdout)}
    assert list(rows) == ["amp.nam", "film.nam", "lead/amp.nam", "torn.nam"]
    assert rows == {row["capture"]: row for row in json.loads((out / folders.TABLE).read_text())}
    for name in ("amp", "lead/amp"):
        assert read_grit(out / f"{name}.grit").name == "amp"
        facts = rows[f"{name}.nam"]["facts"]
        assert facts["esr"] < 1e-3
        assert facts["made_to_fit"] is None
    assert "condition_dsp" in rows["film.nam"]["refused"]
    assert "cut short" in rows["torn.nam"]["refused"]
    assert not (out / "torn.grit").exists()


def test_what_was_done_is_not_done_again_unless_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library, out, asked = tmp_path / "in", tmp_path / "out", []
    work = folders.one

    def counted(task: folders.Task) -> tuple[folders.Row, bytes | None]:
        asked.append(task.capture)
        return work(task)

    def again(expected: list[str]) -> list[folders.Row]:
        asked.clear()
        rows = folders.quantize_folder(library, out, EXACT, 1, None, quiet)
        assert asked == expected
        return rows

    monkeypatch.setattr(folders, "one", counted)
    library.mkdir()
    (library / "amp.nam").write_text(json.dumps(KINDS["linear_5"]))
    (library / "torn.nam").write_text("{")
    first = again(["amp.nam", "torn.nam"])
    assert again([]) == first
    (library / "torn.nam").write_text("[")
    again(["torn.nam"])
    (out / "amp.grit").write_bytes(b"spoilt")
    again(["amp.nam"])
    (out / folders.TABLE).write_text("{")
    (library / "amp.nam").unlink()
    again(["torn.nam"])


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """Two at once, good ones and a bad one; what was whole before the kill stays, nothing is half-written."""
    library, out = tmp_path / "in", tmp_path / "out"
    library.mkdir()
    for number, kind in enumerate(("linear_5",) * 4):
        (library / f"{number}.nam").write_text(json.dumps({**KINDS[kind], "metadata": {"name": str(number)}}))
    (library / "torn.nam").write_text("{")
    options = ("--exact", "--jobs", "2", "--json")
    command = [sys.executable, "-m", "gritspace.host_tools.cli", "quantize", str(library), "-o", str(out), *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    killed = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        while not list(out.rglob("*.grit")):
            assert killed.poll() is None
            time.sleep(0.02)
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait(20)
    whole = {row["capture"]: row for row in json.loads((out / folders.TABLE).read_text())} if table(out) else {}
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.grit")}
    assert len(whole) < 5
    assert all(read_grit(path) for path in before), "nothing half-written"
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    rows = {row["capture"]: row for row in json.loads(again.stdout)}
    assert list(rows) == [*(f"{number}.nam" for number in range(4)), "torn.nam"]
    assert {name: rows[name] for name in whole} == whole
    for name, row in whole.items():
        if row["file"] is not None:
            path = out / row["file"]
            assert path.stat().st_mtime_ns == before[path], f"{name} was done twice"
    assert [name for name, row in rows.items() if row["refused"]] == ["torn.nam"]
    assert all(read_grit(out / f"{number}.grit").name == str(number) for number in range(4))


def table(out: Path) -> bool:
    return (out / folders.TABLE).exists()


def test_a_capture_keeps_its_licence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker is given a capture by itself; what stands beside it in the folder goes along."""
    library = tmp_path / "in"
    (library / "free").mkdir(parents=True)
    for place, licence in (("free", "MIT License\n"), (".", "GNU GENERAL PUBLIC LICENSE\n")):
        (library / place / "COPYING").write_text(licence)
        (library / place / "amp.nam").write_text(json.dumps(KINDS["leaky"]))

    def heard(source: Path, name: str, request: QuantizeRequest, update: Update) -> Quantized:
        return Quantized(b"model", {"licence": device_named(str(source)).licence})

    monkeypatch.setattr(folders, "quantized", heard)
    rows = folders.quantize_folder(library, tmp_path / "out", QuantizeRequest(), 1, None, quiet)
    assert {row.capture: row.facts["licence"] for row in rows} == {"amp.nam": "GPL-3.0-only", "free/amp.nam": "MIT"}


def test_two_of_one_name_keep_their_endings(tmp_path: Path) -> None:
    paths = [tmp_path / "a.nam", tmp_path / "a.json", tmp_path / "b.nam"]
    assert folders._names(tmp_path, paths) == {"a.nam": "a.nam.grit", "a.json": "a.json.grit", "b.nam": "b.grit"}


def dies(task: folders.Task) -> tuple[folders.Row, bytes | None]:
    """What a worker would do that runs out of memory."""
    if task.capture == "bad":
        os._exit(9)
    return folders.Row(task.capture, task.key, None, {}, None), b"model"


@pytest.mark.slow
def test_a_worker_that_dies_takes_no_other_capture_with_it() -> None:
    tasks = [folders.Task(name, b"", name, EXACT, ()) for name in ("a", "bad", "b", "c")]
    came = {row.capture: (row.refused, blob) for row, blob in folders._in_processes(tasks, 2, dies)}
    assert came.keys() == {"a", "bad", "b", "c"}
    assert came["bad"][0] is not None
    assert all(came[name] == (None, b"model") for name in "abc")


def test_a_folder_without_captures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(InputError, match="no capture in this folder"):
        folders.quantize_folder(tmp_path / "in", tmp_path / "out", EXACT, 1, None, quiet)


@pytest.mark.slow
def test_a_dask_cluster_does_it_as_well_and_is_sent_the_audio_once(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed", reason="no Dask: pip install 'gritspace[cluster]'")
    sent, submit = [], distributed.Client.submit

    def counted(client: Any, *arguments: Any, **options: Any) -> Any:
        sent.append(len(pickle.dumps([one for one in arguments if not isinstance(one, distributed.Future)])))
        return submit(client, *arguments, **options)

    monkeypatch.setattr(distributed.Client, "submit", counted)
    dry = tmp_path / "dry.wav"
    write_audio(dry, np.random.default_rng(0).normal(0, 0.1, 480_000))
    asked = replace(EXACT, audio=(dry,))
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None
    )
    with cluster:
        rows = folders.quantize_folder(library, tmp_path / "out", asked, 1, cluster.scheduler_address, quiet)
    assert dry.stat().st_size < sum(sent) < 1.2 * dry.stat().st_size
    assert {row.capture: row.file for row in rows} == {
        **{"amp.nam": "amp.grit", "lead/amp.nam": "lead/amp.grit"},
        **{"film.nam": None, "torn.nam": None},
    }
    assert (tmp_path / "out" / "lead" / "amp.grit").is_file()


def test_a_cluster_that_is_not_there_is_told(library: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no Dask scheduler answers|pip install 'gritspace\[cluster\]'"):
        folders.quantize_folder(library, tmp_path / "out", EXACT, 1, "tcp://127.0.0.1:9", quiet)
