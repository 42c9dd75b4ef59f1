"""The engine as Cortex-M7 machine code: compiled, and read back as instructions with addresses."""

from __future__ import annotations

import bisect
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gritspace.quantize.firmware_sources import ENGINE, sources
from gritspace.train.errors import InputError

COMPILER, DISASSEMBLER, SCHEDULE = "arm-none-eabi-gcc", "llvm-objdump", "llvm-mca"
PACKAGES = {COMPILER: "gcc-arm-none-eabi", DISASSEMBLER: "llvm", SCHEDULE: "llvm"}
CODE_BASE = 0x1000
"""Where the code lies: in ITCM, whose first page stays unmapped so that a null pointer faults."""
FLAGS = (
    "-mcpu=cortex-m7",
    "-mthumb",
    "-mfpu=fpv5-d16",
    "-mfloat-abi=hard",
    "-std=c11",
    "-O2",
    "-ffreestanding",
    "-fomit-frame-pointer",
)
LINK = ("-nostartfiles", "-Wl,--entry=grit_engine_process", f"-Wl,-Ttext=0x{CODE_BASE:x}", "-Wl,--no-warn-rwx-segments")
LIBRARIES = ("-lc_nano", "-lgcc")

_INSTRUCTION = re.compile(r"^\s*([0-9a-f]+): ((?:[0-9a-f]{2,8} )+)\s*\t(.*)$")
"""LLVM 14 shows bytes (01 eb 01 13), later ones halfwords (eb01 1301)."""


class CyclesError(InputError):
    """Cycles could not be counted: a tool is missing, or the model does not run."""


@dataclass(frozen=True)
class Firmware:
    """image: bytes from CODE_BASE on; text: assembly by address; sizes: instruction bytes by address."""

    image: bytes
    text: dict[int, str]
    sizes: dict[int, int]
    symbols: dict[str, int]
    code_bytes: int
    _starts: tuple[int, ...]
    _names: tuple[str, ...]

    def function_at(self, address: int) -> str:
        """The name of the function an address lies in."""
        return self._names[bisect.bisect_right(self._starts, address) - 1]


def require_tools() -> None:
    """Raises CyclesError naming what is missing and how to get it."""
    missing = [tool for tool in PACKAGES if shutil.which(tool) is None]
    if missing:
        packages = " ".join(sorted({PACKAGES[tool] for tool in missing}))
        raise CyclesError(f"{', '.join(missing)} not found: install the packages {packages} (apt install {packages})")


@cache
def build_firmware() -> Firmware:
    """Compiles firmware/engine for the Cortex-M7. Raises CyclesError with the first thing the compiler said."""
    require_tools()
    if not ENGINE.is_dir():
        raise CyclesError(f"{ENGINE}: the engine's sources are missing; run from a full checkout")
    files = [str(p) for p in sources(ENGINE, ".c", ".S")]
    return linked([f"-I{ENGINE}", *LINK, *files])


def linked(arguments: list[str]) -> Firmware:
    """Compiles and links for the Cortex-M7; arguments: sources, folders to include, how to link. Raises CyclesError."""
    kept = _kept(arguments)
    try:
        return _linked(arguments, kept)
    except OSError as error:  # a price is no reason to fail on a full disk: who can do without it does
        raise CyclesError(
            f"the engine could not be compiled here ({error.strerror}); make room and try again"
        ) from None


def _linked(arguments: list[str], kept: Path) -> Firmware:
    with tempfile.TemporaryDirectory() as scratch:
        elf, image = Path(scratch) / "firmware.elf", Path(scratch) / "firmware.bin"
        if kept.is_file():
            elf.write_bytes(kept.read_bytes())
        else:
            _run([COMPILER, *FLAGS, *arguments, *LIBRARIES, "-o", str(elf)])
            _keep(elf.read_bytes(), kept)
        _run(["arm-none-eabi-objcopy", "-O", "binary", str(elf), str(image)])
        names = _run(["arm-none-eabi-nm", "--defined-only", str(elf)])
        listing = _run([DISASSEMBLER, "-d", "--no-print-imm-hex", "--triple=thumbv7em", "--mcpu=cortex-m7", str(elf)])
        return _read(image.read_bytes(), names, listing)


def _kept(arguments: list[str]) -> Path:
    """Where the user's cache keeps what these arguments make of the sources as they are."""
    digest = hashlib.sha256("\0".join((_run([COMPILER, "--version"]), *FLAGS, *LIBRARIES)).encode())
    files = {Path(argument) for argument in arguments if Path(argument).is_file()}
    files |= {Path(a.rpartition(",")[2]) for a in arguments if a.startswith("-Wl,-T,")}
    files |= {header for a in arguments if a.startswith("-I") for header in Path(a[2:]).rglob("*.h")}
    digest.update("\0".join(a for a in arguments if not Path(a).is_file() and not a.startswith("-I")).encode())
    for path in sorted(files):
        digest.update(path.name.encode() + path.read_bytes())
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gritspace"
    return folder / f"cycles-{digest.hexdigest()[:16]}.elf"


def _keep(data: bytes, path: Path) -> None:
    """Into the cache, whole or not at all; a cache that cannot be written is none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as made:
            made.write(data)
        os.replace(made.name, path)
    except OSError:
        return


def _run(command: list[str]) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or ["no message"]
        raise CyclesError(f"{command[0]} failed: {next((line for line in lines if 'error' in line), lines[-1])}")
    return result.stdout


def _read(image: bytes, names: str, listing: str) -> Firmware:
    text: dict[int, str] = {}
    sizes: dict[int, int] = {}
    for line in listing.splitlines():
        match = _INSTRUCTION.match(line)
        if match:
            address = int(match[1], 16)
            text[address] = match[3].split("@")[0].split("<")[0].strip()
            sizes[address] = len(match[2].replace(" ", "")) // 2
    symbols: dict[str, int] = {}
    functions: dict[int, str] = {}
    for line in names.splitlines():
        value, kind, name = line.split()
        symbols[name] = int(value, 16) & ~1
        if kind in "tTwW" and not name.startswith("$"):
            functions[int(value, 16) & ~1] = name
    starts = tuple(sorted(functions))
    return Firmware(image, text, sizes, symbols, len(image), starts, tuple(functions[s] for s in starts))
