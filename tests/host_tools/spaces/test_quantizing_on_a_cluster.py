"""A folder of captures on a Dask cluster of two machines, one of which dies: all that can be are done all the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gritspace.quantize.model.grit import read_grit
from tests.train.network.nam.inventing import every_kind
from tests.two_machines import Machine, two_machines

PORT = 8786
KINDS = ("leaky", "prelu", "linear_5", "leaky", "prelu", "leaky")
WATCH = """
from distributed import WorkerPlugin

class Watch(WorkerPlugin):
    def transition(self, key, start, finish, **_):
        with open("tasks", "a") as file:
            file.write(f"{finish} {key}\\n")

async def dask_setup(worker):
    await worker.plugin_add(Watch())
"""


@pytest.fixture
def machines() -> Iterator[tuple[Machine, Machine]]:
    pytest.importorskip("distributed", reason="no Dask: pip install 'gritspace[cluster]'")
    yield from two_machines()


def started(machine: Machine, folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Of this Python, on a machine, in a folder of its own."""
    folder.mkdir()
    (folder / "watch.py").write_text(WATCH)
    return subprocess.Popen(
        [*machine.inside, sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=(folder / "out").open("wb"),
        stderr=(folder / "said").open("wb"),
        start_new_session=True,
    )


def wait_for(what: Callable[[], bool], folders: list[Path], seconds: float = 240.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        said = "\n".join((folder / "said").read_text()[-2000:] for folder in folders)
        assert time.monotonic() < deadline, said
        time.sleep(0.1)


def tasks(folder: Path, state: str) -> set[str]:
    """The captures that came so far on a worker, by its own watch."""
    try:
        lines = (folder / "tasks").read_text().splitlines()
    except FileNotFoundError:
        return set()
    return {line.split()[1] for line in lines if line.startswith(f"{state} quantize-")}


@pytest.mark.slow
def test_two_machines_do_a_folder_and_one_may_die_on_the_way(machines: tuple[Machine, Machine], tmp_path: Path) -> None:
    library, out = tmp_path / "library", tmp_path / "out"
    library.mkdir()
    kinds = every_kind()
    for number, kind in enumerate(KINDS):
        (library / f"{number}.nam").write_text(json.dumps({**kinds[kind], "metadata": {"name": f"amp {number}"}}))
    (library / "torn.nam").write_text("{")
    address = f"tcp://{machines[0].address}:{PORT}"
    places = {name: tmp_path / name for name in ("scheduler", "near", "far", "client")}
    told = list(places.values())
    running = []
    try:
        scheduler = ("distributed.cli.dask_scheduler", "--host", machines[0].address, "--port", str(PORT))
        running.append(started(machines[0], places["scheduler"], *scheduler, "--no-dashboard"))
        for name, machine in zip(("near", "far"), machines, strict=True):
            place = ("--host", machine.address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
            worker = ("distributed.cli.dask_worker", address, *place, "--preload", "watch.py", "--name", name)
            running.append(started(machine, places[name], *worker))
        wait_for(lambda: (places["scheduler"] / "said").read_text().count("Register worker") == 2, told[:3])
        cli = ("gritspace.host_tools.cli", "quantize", str(library), "-o", str(out))
        client = started(machines[0], places["client"], *cli, "--exact", "--cluster", address, "--json")
        running.append(client)
        wait_for(lambda: bool(tasks(places["near"], "memory") and tasks(places["far"], "memory")), told)
        machines[1].kill()
        assert running[2].wait(20) != 0
        wait_for(lambda: client.poll() is not None, told)
        assert client.returncode == 0, (places["client"] / "said").read_text()
    finally:
        for machine in machines:
            machine.kill()
        for one in running:
            one.wait(20)
    rows = {row["capture"]: row for row in json.loads((places["client"] / "out").read_text())}
    assert sorted(rows) == [*(f"{number}.nam" for number in range(len(KINDS))), "torn.nam"]
    for number in range(len(KINDS)):
        assert rows[f"{number}.nam"]["refused"] is None
        assert read_grit(out / f"{number}.grit").name == str(number)
    assert "torn.nam" not in {path.name for path in out.iterdir()}
    assert rows["torn.nam"]["file"] is None
    assert machines[0].carried_bytes() > 10_000  # over the cable, not behind its back
