"""Which compiler builds native code here, and what a library that it built hangs on: its name in the cache.

A library tuned for one processor stops another one dead, so a cache that moves to another machine must not meet it:
the name is a hash of the command, the compiler's version, the processor's abilities and the sources.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

VERSION_SECONDS = 60


class NoCompiler(Exception):
    """Why there is none; the message is for the user."""


def compiler(variable: str, *usual: str) -> list[str]:
    """The words of the environment's CC or CXX ("ccache gcc", "gcc -m64"), else the first usual one that is there.

    Raises NoCompiler.
    """
    named = shlex.split(os.environ.get(variable, ""), posix=os.name != "nt")
    if named:
        if shutil.which(named[0]) is None:
            raise NoCompiler(f"{variable} names {named[0]}, which is not there")
        return named
    found = next((path for one in usual if (path := shutil.which(one))), None)
    if found is None:
        raise NoCompiler(f"no compiler found ({', '.join(usual)})")
    return [found]


def tuning() -> str:
    """For the very processor this runs on."""
    return "-mcpu=native" if platform.machine() in ("arm64", "aarch64") else "-march=native"


def version(words: Sequence[str]) -> str:
    """What a compiler says of itself. Raises NoCompiler if it does not run."""
    try:
        said = subprocess.run(
            [*words, "--version"], capture_output=True, text=True, check=False, timeout=VERSION_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoCompiler(f"{' '.join(words)} does not run ({error})") from error
    return said.stdout


def processor() -> str:
    """What -march=native will look at, in words that differ when it does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine() + platform.processor()
    kinds = ("flags", "Features", "CPU implementer", "CPU part", "cpu family", "model", "model name")
    first = {line.split(":")[0].strip(): line for line in reversed(lines)}
    return platform.machine() + "".join(first.get(kind, "") for kind in kinds)


def built_name(stem: str, words: Sequence[str], flags: Sequence[str], sources: Iterable[Path]) -> str:
    """`stem-HASH.so`: another for each compiler, version, flag, processor and source. Raises NoCompiler."""
    digest = hashlib.sha256("\0".join((*words, *flags, version(words), processor())).encode())
    for path in sources:
        digest.update(path.read_bytes())
    return f"{stem}-{digest.hexdigest()[:16]}.so"


def cache_folder() -> Path:
    """In the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gritspace"
