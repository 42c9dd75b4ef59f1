"""What is installed and what is plugged in, and what to do about what is not."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.ports import DAISY_DFU, DAISY_SERIAL

TFLITE = "tflite-runtime" if sys.platform == "linux" and sys.version_info < (3, 12) else "ai-edge-litert"
PACKAGES = ("torch", "numpy", "scipy", "soundfile", "soxr", TFLITE, "pyserial", "platformio")

TOOLS = (
    # command, needed, what for, Debian package, Homebrew package
    ("arm-none-eabi-gcc", True, "builds firmware", "gcc-arm-none-eabi libnewlib-arm-none-eabi", "arm-none-eabi-gcc"),
    ("qemu-system-arm", True, "the simulated module", "qemu-system-arm", "qemu"),
    ("cc", True, "the engine on this machine", "gcc", ""),
    ("llvm-mca", False, "cycle estimates", "llvm", "llvm"),
    ("clang-format", False, "make lint", "clang-format", "clang-format"),
    ("cppcheck", False, "make lint", "cppcheck", "cppcheck"),
    ("ngspice", False, "the hardware's simulation", "ngspice", "ngspice"),
    ("dfu-util", False, "flashing a Daisy Seed", "dfu-util", "dfu-util"),
)


@dataclass(frozen=True)
class Check:
    """One thing looked for. advice says what to do when it is not good; needed: without it the demo cannot run."""

    name: str
    good: bool
    needed: bool
    found: str
    advice: str = ""


def examine() -> list[Check]:
    """Every check, in the order a person would want to mend them."""
    return [*_python(), *_tools(), *_machine(), *_ports()]


def summary(checks: list[Check]) -> dict[str, Any]:
    """For programs: ready says whether everything needed is there."""
    return {"ready": ready(checks), "checks": [asdict(check) for check in checks]}


def ready(checks: list[Check]) -> bool:
    """Whether nothing that is needed is missing."""
    return all(check.good for check in checks if check.needed)


def tool(command: str) -> str:
    """The path of a tool in TOOLS. Raises RigError, saying how to install it, when it is not there."""
    path = shutil.which(command)
    if path is None:
        advice = next((_install(debian, brew) for name, _, _, debian, brew in TOOLS if name == command), "install it")
        raise RigError(f"{command} was not found; {advice}")
    return path


def _python() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("Python", (3, 11) <= sys.version_info[:2] <= (3, 14), True, version, "use Python 3.11 to 3.14")
    for package in PACKAGES:
        try:
            yield Check(package, True, True, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            yield Check(package, False, True, "missing", "run: make setup")


def _tools() -> Iterator[Check]:
    for command, needed, purpose, debian, brew in TOOLS:
        path = shutil.which(command)
        if path is None:
            yield Check(command, False, needed, f"missing ({purpose})", _install(debian, brew))
        else:
            yield Check(command, True, needed, _version(path))


def _install(debian: str, brew: str) -> str:
    if sys.platform == "darwin":
        return f"run: brew install {brew}" if brew else "run: xcode-select --install"
    return f"run: sudo apt-get install {debian}"


def _version(path: str) -> str:
    try:
        result = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return path
    lines = [line.strip() for line in (result.stdout or result.stderr).splitlines()]
    found = next((line for line in lines if any(c.isdigit() for c in line)), path)
    return re.sub(r"\s*\([^)]*\)", "", found).lstrip("* ")[:60]


def _machine() -> Iterator[Check]:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    yield Check("disk", free > 1, True, f"{free:.0f} GB free here", "make room: a training needs about 1 GB")
    yield Check("processors", True, False, str(os.cpu_count()))
    gpu = shutil.which("nvidia-smi")
    found = "found: training will use it" if gpu else "none: training uses the processor"
    yield Check("graphics card", True, False, found)


def _ports() -> Iterator[Check]:
    from serial.tools import list_ports

    ports = [port for port in list_ports.comports() if port.vid is not None]
    for port in ports:
        usb = (port.vid, port.pid)
        what = "a Daisy Seed" if usb == DAISY_SERIAL else "waiting for firmware" if usb == DAISY_DFU else "unknown"
        yield Check(port.device, True, False, f"{port.description} ({what})")
    if not ports:
        advice = "plug one in, or use a simulated one: gritspace simulate MODEL"
        yield Check("module", False, False, "none plugged in by USB", advice)
