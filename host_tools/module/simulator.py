"""The simulated module: the firmware's `sim` board in QEMU, with a pseudo-terminal as its port."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.module.machine_control import MachineControl
from gritspace.host_tools.module.simulator_line import Disturb, SimulatorLine

ICOUNT_SHIFT = 0
"""An instruction takes 1 ns (2^0) of the machine's time; firmware/boards/sim/timer.h counts by it."""
_START_SECONDS = 20.0
_PSRAM_BYTES = 16 << 20
_PR_SET_PDEATHSIG = 1


class Simulator:
    """Runs a firmware image while it is open; `port` is what `Module` opens.

    uart: the link goes through the simulated UART, byte by byte, instead of in packets (see simulator_line).
    to_module, to_laptop: what a bad line makes of the bytes; not with uart.
    flash: a file that keeps the simulated flash (made if it is not there); None: what it holds goes with the power.
    rest_seconds: once nobody has spoken to it for so long, its time stands still until somebody does; not with uart.
    Raises RigError where QEMU or the image is missing or does not start.
    """

    def __init__(
        self,
        firmware: Path,
        uart: bool = False,
        to_module: Disturb | None = None,
        to_laptop: Disturb | None = None,
        flash: Path | None = None,
        rest_seconds: float | None = None,
    ) -> None:
        self.firmware = Path(firmware)
        self.flash = flash
        self.port = ""
        self.console: list[str] = []
        """What QEMU and the firmware's fault handler said, line by line."""
        self._uart = uart
        self._disturb = (to_module, to_laptop)
        self._process: subprocess.Popen[str] | None = None
        self._line: SimulatorLine | None = None
        self._rest_seconds = rest_seconds
        self._control: MachineControl | None = None

    def __enter__(self) -> Simulator:
        try:
            self.start()
        except BaseException:  # Ctrl-C in the middle of starting, too, leaves no QEMU behind
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Starts QEMU and waits for the port."""
        qemu = shutil.which("qemu-system-arm")
        if qemu is None:
            raise RigError(
                "qemu-system-arm is missing: it runs the simulated module; "
                "install it (Debian: apt install qemu-system-arm)"
            )
        if not self.firmware.is_file():
            raise RigError(f"there is no firmware at {self.firmware}; build it first: gritspace build sim")
        control = None if self._uart else MachineControl()
        line = None if control is None else SimulatorLine(*self._disturb, control, self._rest_seconds)
        self._line, self._control = line, control
        sockets = () if line is None or control is None else (line.far_end.fileno(), control.far_end.fileno())
        self._process = subprocess.Popen(
            [qemu, *_arguments(self.firmware, sockets, self.flash)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=sockets,
            start_new_session=True,  # Ctrl-C is for us: we stop QEMU ourselves
            preexec_fn=die_with_parent(os.getpid()),
        )
        lines: Queue[str | None] = Queue()
        threading.Thread(target=self._listen, args=(self._process, lines), daemon=True).start()
        if line is not None and control is not None:
            control.far_end.close()
            line.start()
            self.port = line.port
        while not self.port:
            said = None
            with contextlib.suppress(Empty):
                said = lines.get(timeout=_START_SECONDS)
            if said is None:
                self.stop()
                raise RigError(f"QEMU did not start the module: {' '.join(self.console) or 'it said nothing'}")
            if found := re.search(r"redirected to (\S+) \(label link\)", said):
                self.port = found.group(1)

    def stop(self) -> None:
        """Ends QEMU; the port vanishes."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._control is not None:
            self._control.close()
            self._control = None
        self.port = ""

    @property
    def resting(self) -> bool:
        """Its time stands still, by QEMU's own word, until somebody speaks to it."""
        return self._line is not None and self._line.held and self._control is not None and self._control.held()

    @property
    def running(self) -> bool:
        """QEMU is still there."""
        return self._process is not None and self._process.poll() is None

    def _listen(self, process: subprocess.Popen[str], lines: Queue[str | None]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.console.append(line.rstrip())
            lines.put(line)
        lines.put(None)


def _arguments(firmware: Path, sockets: tuple[int, ...], flash: Path | None) -> list[str]:
    """QEMU's. sockets: file descriptors, for the Ethernet controller's packets and for QEMU's own control; none: the
    link goes by UART, and nobody controls QEMU."""
    machine = ["-machine", "mps2-an500", "-cpu", "cortex-m7", "-display", "none", "-monitor", "none", "-nodefaults"]
    clock = ["-icount", f"shift={ICOUNT_SHIFT},sleep=on"]
    if not sockets:
        link = ["-chardev", "pty,id=link", "-serial", "chardev:link"]
    else:
        packets, control = sockets
        link = ["-serial", "null", "-netdev", f"socket,id=link,fd={packets}", "-net", "nic,model=lan9118,netdev=link"]
        link += ["-chardev", f"socket,id=control,fd={control}", "-mon", "chardev=control,mode=control"]
    console = ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
    memory = [] if flash is None else _kept_memory(flash)
    return [*machine, *clock, *memory, *link, *console, "-kernel", str(firmware)]


def _kept_memory(flash: Path) -> list[str]:
    """The board's PSRAM, in which the firmware simulates its flash, as a file."""
    path = str(flash.resolve()).replace(",", ",,")
    backend = f"memory-backend-file,id=psram,size={_PSRAM_BYTES},mem-path={path},share=on"
    return ["-object", backend, "-machine", "memory-backend=psram"]


def die_with_parent(parent: int) -> Callable[[], None] | None:
    """For `preexec_fn`: the process will be killed when its parent has gone, even if that was killed. Linux only."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # it went in between
            os._exit(1)

    return ask
