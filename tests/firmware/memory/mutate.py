"""Mutation testing of firmware/module/memory: a small fault is planted, and the tests have to notice.

    python -m tests.firmware.memory.mutate [--file FILE] [--every N] [--quick] prints each survivor, then a summary

A mutant is one operator turned, one constant moved, one condition fixed, or one statement left out. It is compiled
into the host's module; a mutant that does not compile, or compiles to the very same code, is not counted.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

import tests.once
from gritspace.quantize.firmware_sources import ENGINE, MODULE, sources
from tests.firmware.host import host_module
from tests.places import ROOT

FILES = ("store.c", "bank.c", "presets.c", "settings.c", "memory.c")
TESTS = (
    "tests/firmware/memory/test_store.py",
    "tests/firmware/memory/test_bank.py",
    "tests/firmware/memory/test_preset_models.py",
    "tests/firmware/memory/test_bank_rot.py",
    "tests/firmware/memory/test_module_memory.py",
    "tests/firmware/memory/test_flash_states.py",
    "tests/firmware/sound/test_playing.py",
)
QUICK = (TESTS[0], TESTS[1], TESTS[5], TESTS[3])
OPTIONS = ("-x", "-q", "-n0", "-p", "no:cacheprovider")
SECONDS = 300
TURNED = (
    (r"==", "!="),
    (r"!=", "=="),
    (r"(?<![<>-])<(?![<=])", "<="),
    (r"(?<![<>-])>(?![>=])", ">="),
    (r"<=", "<"),
    (r">=", ">"),
    (r"&&", "||"),
    (r"\|\|", "&&"),
    (r"\+ 1u", "+ 2u"),
    (r"- 1u", "- 0u"),
    (r"\+\+", "--"),
    (r"\+=", "-="),
    (r"\breturn true\b", "return false"),
    (r"\breturn false\b", "return true"),
    (r"\bif \((?!.*\{\s*$)", "if (0 && "),
    (r"!(?=[a-z])", ""),
    (r"%", "/"),
)
STATEMENT = re.compile(
    r"^\s+(?!return\b|break\b|case\b|default\b|const\b|static\b|uint|size_t|bool\b|head_t\b)[a-z*].*;\s*(/\*.*\*/)?$"
)


@dataclass(frozen=True)
class Mutant:
    """One planted fault: a file's text with one line changed."""

    file: str
    line: int
    was: str
    now: str
    text: str


def mutants() -> Iterator[Mutant]:
    """All of them, in order."""
    for file in FILES:
        text = (MODULE / "memory" / file).read_text()
        lines = text.splitlines(keepends=True)
        for number, line in enumerate(lines):
            code = line.split("/*")[0]
            if code.lstrip().startswith(("#", "*", "_Static_assert")) or not code.startswith(" "):
                continue
            changed = [code[: m.start()] + new + code[m.end() :] for old, new in TURNED for m in re.finditer(old, code)]
            if STATEMENT.match(line):
                changed.append(re.sub(r"\S.*", ";", code, count=1))
            for one in changed:
                whole = "".join([*lines[:number], one.rstrip() + "\n", *lines[number + 1 :]])
                yield Mutant(file, number + 1, line.strip(), one.strip(), whole)


class Builder:
    """Compiles everything once, then one file a mutant."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("gcc")
        assert compiler is not None, "a C compiler is missing: apt install gcc"
        host = Path(host_module.__file__).parent
        includes = [f"-I{room}" for room in (ENGINE, MODULE, host)]
        flags = [one for one in host_module.FLAGS if one not in ("-shared", "-Werror", "-g")]
        self.compile = [compiler, *flags, "-w", *host_module.CHECKS, *includes]
        self.folder, self.objects = folder, {}
        files = [*sources(ENGINE, ".c"), *sources(MODULE, ".c"), *host.glob("host_*.c")]

        def build(file: Path) -> None:
            out = folder / (hashlib.sha256(str(file).encode()).hexdigest()[:12] + ".o")
            subprocess.run([*self.compile, "-c", str(file), "-o", str(out)], check=True)
            self.objects[file] = out

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(build, files))

    def library(self, mutant: Mutant | None, into: Path) -> bool:
        """False if it does not compile, or is no other code."""
        objects = dict(self.objects)
        if mutant is not None:
            path = MODULE / "memory" / mutant.file
            source, out = into / mutant.file, into / "mutant.o"
            source.write_text(mutant.text)
            command = [*self.compile, f"-I{MODULE / 'memory'}", "-c", str(source), "-o", str(out)]
            if subprocess.run(command, capture_output=True, check=False).returncode != 0:
                return False
            if _code(out) == _code(self.objects[path]):
                return False
            objects[path] = out
        library = into / host_module.LIBRARY
        subprocess.run([*self.compile, "-shared", *map(str, objects.values()), "-o", str(library)], check=True)
        return True


def _code(object_file: Path) -> bytes:
    said = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(object_file)], capture_output=True, check=True)
    return said.stdout.split(b"Disassembly", 1)[-1]


def survives(folder: Path, quick: bool) -> bool:
    """Whether all tests pass with the library in that folder; in a process of its own."""
    child = os.fork()
    if child == 0:
        os.setsid()
        tests.once.once = lambda *_: folder
        devnull = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(devnull, stream)
        with contextlib.redirect_stdout(io.StringIO()):
            code = pytest.main(
                [
                    *OPTIONS,
                    *(["-k", "not whole_module"] if quick else []),
                    *(str(ROOT / one) for one in TESTS if one in QUICK or not quick),
                ]
            )
        os._exit(int(code))
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def main() -> None:
    """See above."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--every", type=int, default=1, help="only every so manieth mutant")
    arguments.add_argument("--file", help="only of this file, such as bank.c")
    arguments.add_argument("--quick", action="store_true", help="only the tests of the memory itself, without a module")
    arguments.add_argument("--seconds", type=float, default=1e9, help="begin no other after so long")
    options = arguments.parse_args()
    started, tried, survived = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        builder = Builder(folder)
        plain = folder / "plain"
        plain.mkdir()
        builder.library(None, plain)
        if not survives(plain, options.quick):
            sys.exit("the tests fail without any fault planted")
        chosen = [one for one in mutants() if options.file in (None, one.file)]
        for number, mutant in enumerate(chosen):
            if number % options.every or time.monotonic() - started > options.seconds:
                continue
            into = folder / f"m{number}"
            into.mkdir()
            if builder.library(mutant, into):
                tried += 1
                if survives(into, options.quick):
                    survived += 1
                    print(f"{mutant.file}:{mutant.line}: `{mutant.was}` -> `{mutant.now}`", flush=True)
            shutil.rmtree(into)
    print(f"{tried} mutants, {survived} survive, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
