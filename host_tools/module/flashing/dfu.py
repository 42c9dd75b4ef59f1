"""Flashing a module over USB: the chip's own bootloader, through dfu-util."""

from __future__ import annotations

import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import IO

from gritspace.host_tools.doctor import tool
from gritspace.host_tools.errors import RigError
from gritspace.host_tools.module.flashing.firmware_image import FLASH_BYTES, FLASH_START, FirmwareImage

USB = "0483:df11"
HOW_TO_ENTER = "hold BOOT, press and release RESET, let go of BOOT; or name the running module with --port"
_FOUND = re.compile(r'Found DFU: \[0483:df11\].*?alt=(\d+), name="([^"]*)", serial="([^"]*)"')
_LAYOUT = re.compile(r"/(0x[0-9A-Fa-f]+)/(\d+)\*(\d+)([ KM]?)")
_PERCENT = re.compile(r"(Erase|Download)\s+\[[= ]*\]\s+(\d+)%")
SILENCE_SECONDS = 60.0
"""For which dfu-util may say nothing: erasing and writing tell their progress all the time."""
_UNITS = {"": 1, " ": 1, "K": 1024, "M": 1 << 20}


@dataclass(frozen=True)
class Bootloader:
    """A module that waits for firmware: its memory's alternate setting, layout and serial number."""

    alternate: int
    start: int
    size: int
    serial: str


def bootloaders(listing: str) -> list[Bootloader]:
    """`dfu-util --list`'s output -> the bootloaders whose memory is the chip's own flash."""
    found = []
    for alternate, name, serial in _FOUND.findall(listing):
        layout = _LAYOUT.search(name)
        if layout is None or "internal flash" not in name.lower():
            continue
        size = int(layout[2]) * int(layout[3]) * _UNITS[layout[4]]
        found.append(Bootloader(int(alternate), int(layout[1], 16), size, serial))
    return found


def find_bootloader(serial: str | None = None, wait_seconds: float = 0.0) -> Bootloader:
    """The one module that waits for firmware. Raises RigError where there is none, several, or one of another make."""
    until = time.monotonic() + wait_seconds
    while True:
        listing = _run([tool("dfu-util"), "--list"])
        found = [one for one in bootloaders(listing) if serial is None or one.serial == serial]
        if found or time.monotonic() >= until:
            break
        time.sleep(0.2)
    if len(found) > 1:
        names = ", ".join(one.serial for one in found)
        raise RigError(f"{len(found)} modules wait for firmware ({names}); say which with --serial.")
    if not found and USB in listing:
        raise RigError(
            "a bootloader answers, but not the chip's own (Electrosmith's bootloader, or no right to the device?); "
            f"{HOW_TO_ENTER}."
        )
    if not found:
        raise RigError(f"no module waits for firmware; {HOW_TO_ENTER}.")
    if found[0].start != FLASH_START or found[0].size < FLASH_BYTES:
        raise RigError(f"the bootloader's flash is not a Daisy's (0x{found[0].start:08X}, {found[0].size:,} bytes).")
    return found[0]


def flash(image: FirmwareImage, to: Bootloader, progress: Callable[[float, float, str], None]) -> None:
    """Writes a checked image and starts it. Raises RigError, with dfu-util's last words, if that fails."""
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "firmware.bin"
        binary.write_bytes(image.data)
        command = [tool("dfu-util"), "--device", f"{USB},{USB}", "--alt", str(to.alternate)]
        if to.serial and to.serial != "UNKNOWN":
            command += ["--serial", to.serial]
        command += ["--dfuse-address", f"0x{image.address:08X}:leave", "--download", str(binary)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        said: list[str] = []
        for line in _lines(process):
            said.append(line)
            if step := _PERCENT.search(line):
                progress(int(step[2]), 100, step[1].lower())
        code = process.wait()
    # The chip leaves for the new firmware before it has answered: dfu-util then ends with an error of no meaning.
    if any("File downloaded successfully" in line for line in said):
        return
    words = next((line for line in reversed(said) if line.strip() and not _PERCENT.search(line)), f"exit code {code}")
    raise RigError(f"dfu-util could not write the firmware: {words.strip()}; start the bootloader again and retry.")


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """Lines as they come; dfu-util draws its bars with carriage returns, which count as line ends here.

    Raises RigError when none has come for SILENCE_SECONDS: it waits for a device that does not answer, and is ended.
    """
    assert process.stdout is not None
    lines: Queue[str | None] = Queue()

    def listen(stream: IO[str]) -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=listen, args=(process.stdout,), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=SILENCE_SECONDS)
        except Empty:
            process.kill()
            process.wait()
            raise RigError(
                f"dfu-util has said nothing for {SILENCE_SECONDS:g} s and was ended; unplug the module, start its "
                "bootloader again and retry."
            ) from None
        if line is None:
            return
        yield line


def _run(command: list[str]) -> str:
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=SILENCE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise RigError(
            f"dfu-util does not come back after {SILENCE_SECONDS:g} s; unplug what it hangs on (another device in DFU "
            "mode?) and retry."
        ) from None
    if "LIBUSB_ERROR_ACCESS" in result.stderr or "Cannot open DFU device" in result.stderr + result.stdout:
        raise RigError(
            "a bootloader is there, but you have no right to it; on Linux install dfu-util's udev rule or use sudo, "
            "on Windows give it the WinUSB driver with Zadig."
        )
    return result.stdout
