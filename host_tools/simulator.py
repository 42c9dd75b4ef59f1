"""The simulated module: the firmware's `sim` board in QEMU, with a pseudo-terminal as its port."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType

from gritspace.host_tools.errors import RigError

ICOUNT_SHIFT = 1
"""An instruction takes 2^1 ns of the machine's time; firmware/boards/sim/timer.h counts by it."""
_START_SECONDS = 20.0


class Simulator:
    """Runs a firmware image while it is open; `port` is what `Module` opens.

    Raises RigError where QEMU or the image is missing or does not start.
    """

    def __init__(self, firmware: Path) -> None:
        self.firmware = Path(firmware)
        self.port = ""
        self.console: list[str] = []
        """What QEMU and the firmware's fault handler said, line by line."""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Starts QEMU and waits for the port."""
        qemu = shutil.which("qemu-system-arm")
        if qemu is None:
            raise RigError("qemu-system-arm is missing: it runs the simulated module; install it (Debian: apt install qemu-system-arm)")
        if not self.firmware.is_file():
            raise RigError(f"there is no firmware at {self.firmware}; build it first: gritspace build sim")
        self._process = subprocess.Popen(
            [qemu, *_arguments(self.firmware)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is for us: we stop QEMU ourselves
        )
        lines: Queue[str | None] = Queue()
        threading.Thread(target=self._listen, args=(self._process, lines), daemon=True).start()
        while not self.port:
            try:
                line = lines.get(timeout=_START_SECONDS)
            except Empty:
                line = None
            if line is None:
                self.stop()
                raise RigError(f"QEMU did not start the simulated module: {' '.join(self.console) or 'it said nothing'}")
            if found := re.search(r"redirected to (\S+) \(label link\)", line):
                self.port = found.group(1)

    def stop(self) -> None:
        """Ends QEMU; the port vanishes."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self.port = ""

    def wait(self) -> int:
        """Waits until QEMU ends of itself; returns its exit status."""
        return 0 if self._process is None else self._process.wait()

    def _listen(self, process: subprocess.Popen[str], lines: Queue[str | None]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.console.append(line.rstrip())
            lines.put(line)
        lines.put(None)


def _arguments(firmware: Path) -> list[str]:
    machine = ["-machine", "mps2-an500", "-cpu", "cortex-m7", "-display", "none", "-monitor", "none", "-nodefaults"]
    clock = ["-icount", f"shift={ICOUNT_SHIFT},sleep=on"]
    link = ["-chardev", "pty,id=link", "-serial", "chardev:link"]
    console = ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
    return [*machine, *clock, *link, *console, "-kernel", str(firmware)]
