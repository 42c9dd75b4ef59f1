"""The native training core: compiled on first use, kept in the user's cache, opened by ctypes.

Its name there is a hash of its sources, the compiler, the flags and the processor's abilities: a changed core is built
anew, and one built for another processor is never opened. Without a compiler the one that a wheel carries is taken;
without that there is no core, and training goes on in plain PyTorch; that is said once.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from gritspace.train.network import carried_core, compilers

SOURCES = Path(__file__).resolve().parent / "core"
FLAGS = ("-std=c++17", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-Wno-psabi", "-pthread")
SWITCH = "GRITSPACE_NATIVE"
"""Set to 0, networks run in plain PyTorch."""
BUILD_SECONDS = 300


class NoCore(Exception):
    """Why there is no native core; the message is for the user."""


def build_core() -> Path:
    """Compiles the core, unless it is there already; returns the shared library. Raises NoCore with the reason."""
    words = _compiler()
    try:
        name = compilers.built_name("core", words, _command([], compilers.tuning()), sorted(SOURCES.glob("*.[hc]*")))
    except compilers.NoCompiler as error:
        raise NoCore(str(error)) from error
    library = compilers.cache_folder() / name
    if not library.exists():
        compile_core(library, compilers.tuning())
    return library


def compile_core(library: Path, tuning: str) -> None:
    """Compiles the core for a processor, whole or not at all. Raises NoCore with the reason."""
    compiler, folder = _compiler(), library.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            built = Path(scratch) / library.name
            result = subprocess.run(
                [*_command(compiler, tuning), "-o", str(built)],
                capture_output=True,
                text=True,
                check=False,
                timeout=BUILD_SECONDS,
            )
            if result.returncode != 0:
                lines = result.stderr.strip().splitlines() or ["it said nothing"]
                reason = next((line for line in lines if "error" in line), lines[-1])
                raise NoCore(f"{' '.join(compiler)} could not compile it ({reason.strip()})")
            os.replace(built, library)
    except OSError as error:
        raise NoCore(f"it could not be built in {folder} ({error.strerror or error})") from error
    except subprocess.TimeoutExpired as error:
        raise NoCore(f"{' '.join(compiler)} took longer than {BUILD_SECONDS} s to compile it") from error


def build_program(source: str, folder: Path) -> Path:
    """Compiles a program that includes the core's headers, as the core is compiled. Raises NoCore with the reason."""
    program = folder / "program"
    command = [*_compiler(), *FLAGS, compilers.tuning(), f"-I{SOURCES}", "-x", "c++", "-", "-o", str(program)]
    result = subprocess.run(command, input=source, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS)
    if result.returncode != 0:
        raise NoCore(f"the program did not compile ({result.stderr.strip()})")
    return program


def _command(words: list[str], tuning: str) -> list[str]:
    return [*words, *FLAGS, "-fPIC", "-shared", tuning, str(SOURCES / "core.cpp")]


def _compiler() -> list[str]:
    try:
        return compilers.compiler("CXX", "c++", "g++", "clang++")
    except compilers.NoCompiler as error:
        raise NoCore(f"{error}; install one (Debian: apt install g++; macOS: xcode-select --install)") from error


@cache
def core() -> ctypes.CDLL | None:
    """The core, or None, with one notice on standard error unless it is switched off by GRITSPACE_NATIVE=0."""
    if os.environ.get(SWITCH, "1") == "0":
        return None
    try:
        return _opened(_built_or_carried())
    except NoCore as error:
        print(
            f"note: training runs in plain PyTorch, several times slower than in the native core: {error}.",
            file=sys.stderr,
        )
        return None


def _built_or_carried() -> Path:
    """The core built here, for this very processor; where that fails, one that the wheel carries."""
    try:
        return build_core()
    except NoCore as error:
        found = carried_core.carried()
        if found is not None:
            return found
        others = carried_core.for_others()
        if others:
            raise NoCore(
                f"{error}; and the cores that came along ({', '.join(others)}) are for other processors"
            ) from error
        raise


def _opened(path: Path) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise NoCore(f"{path} cannot be opened ({error}); remove it") from error
    pointer, number, integer = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int
    library.core_sizes.argtypes = [pointer, pointer, number, integer, pointer]
    library.core_sizes.restype = None
    library.core_recurrent.argtypes = [pointer] * 5 + [number, number, integer]
    library.core_recurrent.restype = integer
    for kind in ("f32", "f64"):
        forward, backward = getattr(library, f"core_forward_{kind}"), getattr(library, f"core_backward_{kind}")
        forward.argtypes = [pointer, pointer, number, number, integer, integer] + [pointer] * 10
        backward.argtypes = [pointer, pointer, number, number, integer] + [pointer] * 10
        forward.restype = backward.restype = integer
    return library
