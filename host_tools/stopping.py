"""Ctrl-C at any moment: a command ends within a second, without a traceback, and says how to go on.

Python tells a program of Ctrl-C between two of its own instructions. What computes for seconds in C, and what waits for
threads on its way out, is ended by a thread that the signal wakes at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

GRACE_SECONDS = 0.6
"""For leaving every `with`: removing half a file, ending an emulator."""
CODE = 128 + signal.SIGINT

GOES_ON = {
    "train": "the same command goes on where the last checkpoint was",
    "fit": "the same command goes on where the last checkpoint was",
    "research": "the same command goes on; tables that are done stay",
    "quantize": "of a folder, what is done stays, and the same command goes on",
    "upload": "the same command goes on where it stood; the module plays what it played",
    "apply": "files that are done stay; the same command makes them all again",
    "demo": "the same command begins anew",
    "flash": "hold BOOT, press RESET, and run the same command again",
}
NOTHING_DONE = "nothing was written; the same command begins anew"


class Stopped(Exception):
    """Somebody pressed Ctrl-C. The message says of which command, and how to go on."""


def how_to_go_on(command: str) -> str:
    """What to tell a person who stopped this command."""
    return f"stopped; {GOES_ON.get(command, NOTHING_DONE)}."


class Watch:
    """From `begin` on, Ctrl-C ends this process within GRACE_SECONDS and a bit, whatever it computes."""

    def __init__(self) -> None:
        self.command = ""
        self._pipe: tuple[int, int] | None = None
        self._process = 0

    def begin(self) -> None:
        """From the main thread. A command that hears Ctrl-C by a handler of its own is left to it."""
        self._process = os.getpid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._pipe is None:
            self._pipe = os.pipe()
            os.set_blocking(self._pipe[1], False)
            threading.Thread(target=self._wait, args=self._pipe[:1], daemon=True, name="ctrl-c").start()
        signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)

    def over(self) -> None:
        """The program has done its work; what comes after is not ours to end."""
        self._process = 0

    def _wait(self, woken: int) -> None:
        while number := os.read(woken, 1):
            if number[0] != signal.SIGINT:
                continue
            time.sleep(GRACE_SECONDS)
            if os.getpid() == self._process and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                end(how_to_go_on(self.command))


def end(words: str) -> NoReturn:
    """Says it, ends what this process started, and this process: without waiting for threads."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    shows_again = "\r\x1b[K\x1b[?25h" if sys.stderr.isatty() else ""  # the line of a bar, the cursor
    with contextlib.suppress(OSError):
        os.write(2, f"{shows_again}gritspace: {words}\n".encode())
    for child in _started_by(os.getpid()):
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)
    os._exit(CODE)


def _started_by(process: int) -> list[int]:
    """The processes that it started, and those that they started. Where there is no /proc: none."""
    found: list[int] = []
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, path.read_text(encoding="ascii").split()):
                found += [child, *_started_by(child)]
    return found


WATCH = Watch()
