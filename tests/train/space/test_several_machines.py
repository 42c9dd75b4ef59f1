"""One training over two machines: two network namespaces with a cable between them, each with a folder of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gritspace.train.space.space import load_space
from tests.two_machines import Machine, two_machines

ROOT = Path(__file__).parents[3]
STEPS = 60
SCRIPT = """
import sys, time; sys.path.insert(0, {root!r})
from tests.train.space.test_train import *
config = replace(TINY, steps={steps}, checkpoint_seconds=0.0)
report = train_space([Shaper(), Shaper("other", 2.0)], DRY, config, "s.pt", progress=lambda *a: time.sleep({pause}))
Path("done").write_text(f"{{report.processes}} {{report.steps}} {{report.resumed_at}}")
"""


@pytest.fixture
def machines() -> Iterator[tuple[Machine, Machine]]:
    yield from two_machines()


def start(machines: tuple[Machine, Machine], rank: int, folder: Path, pause: float) -> subprocess.Popen[bytes]:
    """A training on one machine, which waits for the other, and again whenever it fails."""
    folder.mkdir(exist_ok=True)
    (folder / "go.py").write_text(SCRIPT.format(root=str(ROOT), steps=STEPS, pause=pause))
    again = f"until {sys.executable} go.py; do sleep 2; done"  # as docs/space.md says
    meeting = {"WORLD_SIZE": "2", "RANK": str(rank), "MASTER_ADDR": machines[0].address, "MASTER_PORT": "29518"}
    machine = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "GLOO_SOCKET_IFNAME": machines[rank].wire}
    return subprocess.Popen(
        [*machines[rank].inside, "sh", "-c", again],
        cwd=folder,
        env={**os.environ, **meeting, **machine},
        stdout=(folder / "said").open("ab"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def wait_for(path: Path, started: list[subprocess.Popen[bytes]], seconds: float = 150.0) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        said = "".join((one.parent / "said").read_text()[-1500:] for one in (path, *path.parent.parent.glob("*/s.pt")))
        assert time.monotonic() < deadline, said
        assert any(one.poll() is None for one in started), said
        time.sleep(0.2)


@pytest.mark.slow
def test_two_machines_train_one_space_and_one_may_be_killed_on_the_way(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    running = [start(machines, rank, folder, pause=0.1) for rank, folder in enumerate(folders)]
    try:
        wait_for(folders[0] / "s.pt.checkpoint", running)
        time.sleep(0.5)
        machines[1].kill()
        running[1].wait(20)
        assert not (folders[1] / "done").exists()
        running[1] = start(machines, 1, folders[1], pause=0.0)
        for folder in folders:
            wait_for(folder / "done", running)
        assert [one.wait(60) for one in running] == [0, 0]
    finally:
        for machine, one in zip(machines, running, strict=True):
            machine.kill()
            one.wait(20)
    told = [(folder / "done").read_text().split() for folder in folders]
    assert told[0] == told[1]
    processes, steps, resumed_at = map(int, told[0])
    assert (processes, steps) == (2, STEPS)
    assert 0 < resumed_at < STEPS  # the second machine had no checkpoint of its own: it was sent the first's
    assert set(load_space(folders[0] / "s.pt").gains) == {"shaper", "other"}
    assert not (folders[1] / "s.pt").exists()
    assert not any(folder.joinpath("s.pt.checkpoint").exists() for folder in folders)
    assert machines[0].carried_bytes() > 10_000  # over the cable, not behind its back
