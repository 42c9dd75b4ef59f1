"""The emulated board: an STM32H750 with what a Daisy has around it, which runs a firmware image as it is shipped.

The board is written in C around Unicorn (tests/board/emulator) and compiled when it is first needed.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import Any

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.module.flashing.firmware_build import FIRMWARE
from gritspace.host_tools.module.simulator import die_with_parent
from gritspace.train.errors import InputError

SOURCES = FIRMWARE.parent / "tests" / "board" / "emulator"
BOARDS = ("seed_1_0", "seed_1_1", "seed_2_dfm", "seed_3", "patch_sm")
MOST_IMAGE_BYTES = 64 << 20
_START_SECONDS = 60.0


def compiled(folder: Path | None = None) -> Path:
    """The emulator's program, compiled if its sources have changed. Raises RigError if that fails."""
    unicorn = importlib.util.find_spec("unicorn")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if unicorn is None or not unicorn.submodule_search_locations or compiler is None:
        raise RigError("the emulated board needs a C compiler and the package unicorn: run `make setup`")
    if not SOURCES.is_dir():
        raise RigError(f"there is no {SOURCES}: the emulated board is part of a checkout, not of an installation")
    package = Path(next(iter(unicorn.submodule_search_locations)))
    sources = sorted(SOURCES.glob("*.[ch]"))
    said = hashlib.sha256(b"".join(source.read_bytes() for source in sources) + str(package).encode()).hexdigest()
    into = FIRMWARE / ".pio" / "emulator" if folder is None else folder
    into.mkdir(parents=True, exist_ok=True)
    program = into / f"emulator-{said[:16]}"
    if program.is_file():
        return program
    libraries = sorted((package / "lib").glob("libunicorn.*"))
    shared = next((library for library in libraries if library.suffix != ".a"), None)
    if shared is None:
        raise RigError(f"there is no Unicorn library in {package / 'lib'}: install the package unicorn again")
    beside = into / f".{program.name}-{os.getpid()}"
    command = [compiler, "-O2", "-std=gnu11", "-Wall", "-Wextra", f"-I{package / 'include'}", "-o", str(beside)]
    command += [str(source) for source in sources if source.suffix == ".c"]
    command += [str(shared), f"-Wl,-rpath,{shared.parent}", "-lutil"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise RigError(f"the emulated board does not compile: {(made.stderr.strip().splitlines() or ['?'])[0]}")
    os.replace(beside, program)
    return program


class Emulator:
    """Runs an image on the emulated board while it is open.

    image: a firmware.elf or firmware.bin for a Daisy. board: one of BOARDS. usb: it is plugged in, and `port` is what
    `Module` opens. flash: a file that keeps the flash chip (made if it is not there). script: (milliseconds, what) in
    order, e.g. (500, "adc PA6 65535"); with it the board runs for itself, else it hears `tell`. options: further ones
    of the program. Raises RigError where it cannot start.
    """

    def __init__(
        self,
        image: Path,
        board: str = "seed_1_0",
        usb: bool = True,
        flash: Path | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self.image = Path(image)
        self.port = ""
        self.console: list[str] = []
        """The board's log, line by line; what a real board would not survive begins with FAULT."""
        self.report: dict[str, Any] = {}
        """What it came to: the program's last words."""
        self._arguments = [
            "-B",
            board,
            *(["-u", "-p"] if usb else []),
            *(["-f", str(flash)] if flash else []),
            *options,
        ]
        self._usb = usb
        self._process: subprocess.Popen[str] | None = None
        self._answers: Queue[dict[str, Any] | None] = Queue()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Emulator:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """The board has power."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Power. With USB it waits for the port's name, not until the module answers."""
        if not self.image.is_file():
            raise RigError(f"there is no firmware at {self.image}; build it first: gritspace build daisy_seed")
        self._process = subprocess.Popen(
            [str(compiled()), str(self.image), *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=die_with_parent(os.getpid()),
        )
        for target in (self._hear_answers, self._hear_log):
            self._threads.append(threading.Thread(target=target, args=(self._process,), daemon=True))
            self._threads[-1].start()
        if self._usb:
            self.port = self._answer()["port"]

    def tell(self, what: str) -> None:
        """Something happens to the board at once: "adc PA6 65535", "pin PB12 0", "usb 0", "power"."""
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(what + "\n")
            self._process.stdin.flush()

    def ask(self, what: str = "report") -> dict[str, Any]:
        """As `tell`, for "report" and "peek ADDRESS WORDS": the answer."""
        self.tell(what)
        return self._answer()

    def stop(self) -> None:
        """The power goes: the flash chip's file is written, `report` is what it came to."""
        if self._process is None:
            return
        self.tell("power")
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join()
        while not self._answers.empty():
            self.report = self._answers.get() or self.report
        self._process = None
        self.port = ""

    def _answer(self) -> dict[str, Any]:
        said = None
        with contextlib.suppress(Empty):
            said = self._answers.get(timeout=_START_SECONDS)
        if said is None:
            raise RigError(f"the emulated board does not answer: {' '.join(self.console[-3:]) or 'it said nothing'}")
        return said

    def _hear_answers(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._answers.put(json.loads(line))
        self._answers.put(None)

    def _hear_log(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self.console.append(line.rstrip())


def board_of(image: Path) -> str:
    """The board that an image is for, by the name that is in it: the Patch SM, or a Seed."""
    size = Path(image).stat().st_size
    if size > MOST_IMAGE_BYTES:
        raise InputError(f"{image}: {size:,} bytes are no firmware image; give the firmware.elf that a build made.")
    return "patch_sm" if b"daisy_patch_sm" in Path(image).read_bytes() else "seed_1_0"
