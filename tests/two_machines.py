"""Two machines for a test: two network namespaces with a cable between them. Each is killed as a plug is pulled."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """name: of its namespace. address: on the cable. wire: its end of it."""

    name: str
    address: str
    wire: str

    @property
    def inside(self) -> list[str]:
        """What a command line begins with that is to run there."""
        return ["ip", "netns", "exec", self.name]

    def kill(self) -> None:
        """All that runs there, as when its plug is pulled."""
        listed = subprocess.run(["ip", "netns", "pids", self.name], check=True, capture_output=True, text=True).stdout
        for pid in listed.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)

    def carried_bytes(self) -> int:
        """By its end of the cable, both ways."""
        shown = ["ip", "-n", self.name, "-s", "link", "show", self.wire]
        said = subprocess.run(shown, check=True, capture_output=True, text=True).stdout
        return sum(int(number) for number in re.findall(r"^\s+(\d+)\s+\d+", said, flags=re.MULTILINE))


def two_machines() -> Iterator[tuple[Machine, Machine]]:
    """For a fixture. Skips where namespaces cannot be had. Tests that run beside each other have their own."""
    import pytest

    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("two machines are network namespaces: needs root, and `ip` (apt-get install iproute2)")
    here = os.getpid()
    made = [Machine(f"gritspace{here}-{i}", f"10.77.18.{i + 1}", f"grit{here}-{i}") for i in range(2)]
    try:
        for one in made:
            ip("netns", "add", one.name)
        ip("link", "add", made[0].wire, "type", "veth", "peer", "name", made[1].wire)
    except subprocess.CalledProcessError as error:
        removed(made)
        pytest.skip(f"this kernel lets nobody make network namespaces: {error.stderr.decode().strip()}")
    for one in made:
        ip("link", "set", one.wire, "netns", one.name)
        ip("-n", one.name, "addr", "add", f"{one.address}/24", "dev", one.wire)
        ip("-n", one.name, "link", "set", one.wire, "up")
        ip("-n", one.name, "link", "set", "lo", "up")
    try:
        yield made[0], made[1]
    finally:
        removed(made)


def ip(*arguments: str) -> None:
    """Raises CalledProcessError."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=20)


def removed(machines: list[Machine]) -> None:
    for one in machines:
        subprocess.run(["ip", "netns", "del", one.name], check=False, capture_output=True)
