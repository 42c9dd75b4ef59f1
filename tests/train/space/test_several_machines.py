"""One training over two machines: two network namespaces with a cable between them, each with a folder of its own."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gritspace.train.space.space import load_space

ROOT = Path(__file__).parents[3]
NAMES, ADDRESSES, WIRES = ("gritspace0", "gritspace1"), ("10.77.18.1", "10.77.18.2"), ("gritwire0", "gritwire1")
STEPS = 60
SCRIPT = """
import sys, time; sys.path.insert(0, {root!r})
from tests.train.space.test_train import *
config = replace(TINY, steps={steps}, checkpoint_seconds=0.0)
report = train_space([Shaper(), Shaper("other", 2.0)], DRY, config, "s.pt", progress=lambda *a: time.sleep({pause}))
Path("done").write_text(f"{{report.processes}} {{report.steps}} {{report.resumed_at}}")
"""


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=20)


@pytest.fixture
def machines() -> Iterator[tuple[str, str]]:
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("two machines are network namespaces: needs root, and `ip` (apt-get install iproute2)")
    try:
        for name in NAMES:
            ip("netns", "add", name)
        ip("link", "add", WIRES[0], "type", "veth", "peer", "name", WIRES[1])
    except subprocess.CalledProcessError as error:
        subprocess.run(["ip", "netns", "del", NAMES[0]], check=False, capture_output=True)
        pytest.skip(f"this kernel lets nobody make network namespaces: {error.stderr.decode().strip()}")
    for name, wire, address in zip(NAMES, WIRES, ADDRESSES, strict=True):
        ip("link", "set", wire, "netns", name)
        ip("-n", name, "addr", "add", f"{address}/24", "dev", wire)
        ip("-n", name, "link", "set", wire, "up")
        ip("-n", name, "link", "set", "lo", "up")
    yield NAMES
    for name in NAMES:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def start(rank: int, folder: Path, pause: float) -> subprocess.Popen[bytes]:
    """A training on one machine, which waits for the other, and again whenever it fails."""
    folder.mkdir(exist_ok=True)
    (folder / "go.py").write_text(SCRIPT.format(root=str(ROOT), steps=STEPS, pause=pause))
    again = f"until {sys.executable} go.py; do sleep 2; done"  # as docs/space.md says
    meeting = {"WORLD_SIZE": "2", "RANK": str(rank), "MASTER_ADDR": ADDRESSES[0], "MASTER_PORT": "29518"}
    machine = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "GLOO_SOCKET_IFNAME": WIRES[rank]}
    return subprocess.Popen(
        ["ip", "netns", "exec", NAMES[rank], "sh", "-c", again],
        cwd=folder,
        env={**os.environ, **meeting, **machine},
        stdout=(folder / "said").open("ab"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def kill(name: str) -> None:
    """All that runs on one machine, as when its plug is pulled."""
    listed = subprocess.run(["ip", "netns", "pids", name], check=True, capture_output=True, text=True).stdout
    for pid in listed.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def wait_for(path: Path, started: list[subprocess.Popen[bytes]], seconds: float = 150.0) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        said = "".join((one.parent / "said").read_text()[-1500:] for one in (path, *path.parent.parent.glob("*/s.pt")))
        assert time.monotonic() < deadline, said
        assert any(one.poll() is None for one in started), said
        time.sleep(0.2)


def carried_bytes(name: str, wire: str) -> int:
    said = subprocess.run(["ip", "-n", name, "-s", "link", "show", wire], check=True, capture_output=True, text=True)
    numbers = re.findall(r"^\s+(\d+)\s+\d+", said.stdout, flags=re.MULTILINE)
    return sum(int(number) for number in numbers)


@pytest.mark.slow
def test_two_machines_train_one_space_and_one_may_be_killed_on_the_way(
    machines: tuple[str, str], tmp_path: Path
) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    running = [start(rank, folder, pause=0.1) for rank, folder in enumerate(folders)]
    try:
        wait_for(folders[0] / "s.pt.checkpoint", running)
        time.sleep(0.5)
        kill(NAMES[1])
        running[1].wait(20)
        assert not (folders[1] / "done").exists()
        running[1] = start(1, folders[1], pause=0.0)
        for folder in folders:
            wait_for(folder / "done", running)
        assert [one.wait(60) for one in running] == [0, 0]
    finally:
        for name, one in zip(NAMES, running, strict=True):
            kill(name)
            one.wait(20)
    told = [(folder / "done").read_text().split() for folder in folders]
    assert told[0] == told[1]
    processes, steps, resumed_at = map(int, told[0])
    assert (processes, steps) == (2, STEPS)
    assert 0 < resumed_at < STEPS  # the second machine had no checkpoint of its own: it was sent the first's
    assert set(load_space(folders[0] / "s.pt").gains) == {"shaper", "other"}
    assert not (folders[1] / "s.pt").exists()
    assert not any(folder.joinpath("s.pt.checkpoint").exists() for folder in folders)
    assert carried_bytes(NAMES[0], WIRES[0]) > 10_000  # over the cable, not behind its back
