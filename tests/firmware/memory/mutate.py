"""Mutation testing of firmware/module/memory: a small fault is planted, and the tests have to notice.

    python -m tests.firmware.memory.mutate [--file FILE] [--every N] [--quick] prints each survivor, then a summary

A mutant is one operator turned, one constant moved, one condition fixed, or one statement left out (mutants.py). Only
its file is compiled, and linked with the rest of the host's module; a mutant that does not compile, or compiles to the
very same code, is not counted. The tests are collected once; each mutant meets them in a process of its own, those
first that have noticed most before it. What survives, and why it may, stands in survivors.toml; any other is a finding.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

from gritspace.quantize.firmware_sources import ENGINE, MODULE, sources
from tests.firmware.host import host_module
from tests.firmware.memory.mutants import Mutant, mutants
from tests.places import ROOT

TESTS = (
    "tests/firmware/memory/test_store.py",
    "tests/firmware/memory/test_bank.py",
    "tests/firmware/memory/test_flash_states.py",
    "tests/firmware/memory/test_bank_rot.py",
    "tests/firmware/memory/test_remembered.py",
    "tests/firmware/memory/test_first_presets.py",
    "tests/firmware/memory/test_preset_models.py",
    "tests/firmware/memory/test_module_memory.py",
    "tests/firmware/panel/test_knob_ends.py",
    "tests/firmware/sound/test_playing.py",
)
QUICK = TESTS[:5]
OPTIONS = ("-q", "-n0", "-s", "-p", "no:cacheprovider", "-p", "no:faulthandler")
EXTRA_SECONDS = 20
"""Of the processor, beyond three times what the tests take without a fault; then it hangs, which is noticed too."""
SURVIVORS = Path(__file__).parent / "survivors.toml"


class Builder:
    """Compiles everything once, then one file a mutant."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("gcc")
        assert compiler is not None, "a C compiler is missing: apt install gcc"
        host = Path(host_module.__file__).parent
        includes = [f"-I{room}" for room in (ENGINE, MODULE, host)]
        flags = [one for one in host_module.FLAGS if one not in ("-shared", "-Werror", "-g", "-O2")]
        self.compile = [compiler, *flags, "-O1", "-w", *host_module.CHECKS, *includes]
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


class Planter:
    """Takes the place of pytest's loop over the tests: all of them for each mutant, until one notices."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.noticed: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}
        self.processor_seconds = 0.0
        self.tried = 0
        self.survived: list[Mutant] = []

    @pytest.hookimpl
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """See above."""
        warm()
        with tempfile.TemporaryDirectory() as scratch:
            self.run(session, Path(scratch))
        return True

    def run(self, session: pytest.Session, folder: Path) -> None:
        """All mutants chosen."""
        started, options = time.monotonic(), self.options
        builder = Builder(folder)
        plain = folder / "plain"
        plain.mkdir()
        builder.library(None, plain)
        noticed = self.noticed_by(session, plain)
        if noticed is not None:
            pytest.exit(f"the tests fail without any fault planted: {noticed}", 2)
        chosen = [one for one in mutants() if options.file in (None, one.file) and one.line >= options.line]
        for number, mutant in enumerate(chosen):
            if number % options.every != options.first or time.monotonic() - started > options.seconds:
                continue
            into = folder / f"m{number}"
            into.mkdir()
            if builder.library(mutant, into):
                self.tried += 1
                if self.tried % 25 == 0:
                    print(f"{self.tried} of at most {len(chosen)} so far", file=sys.stderr, flush=True)
                test = self.noticed_by(session, into)
                if test is None:
                    self.survived.append(mutant)
                    print(f"{mutant.file}:{mutant.line}: `{mutant.was}` -> `{mutant.now}`", flush=True)
                else:
                    self.noticed[test] += 1
            shutil.rmtree(into)

    def noticed_by(self, session: pytest.Session, folder: Path) -> str | None:
        """The test that fails with the library in that folder, if one does."""
        items = sorted(session.items, key=lambda one: (-self.noticed[one.nodeid], self.seconds.get(one.nodeid, 0)))
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.setsid()
            os.close(reading)
            if self.processor_seconds:
                bound = int(3 * self.processor_seconds + EXTRA_SECONDS)
                resource.setrlimit(resource.RLIMIT_CPU, (bound, bound + 5))
            devnull = os.open(os.devnull, os.O_WRONLY)
            for stream in (1, 2):
                os.dup2(devnull, stream)
            os._exit(_first_failure(items, folder, writing))
        os.close(writing)
        last = ""
        with os.fdopen(reading, encoding="utf-8") as told:
            for line in told:
                last, seconds = json.loads(line)
                if not self.processor_seconds:
                    self.seconds[last] = seconds
        _, status, used = os.wait4(child, 0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        if status == 0:
            self.processor_seconds = self.processor_seconds or used.ru_utime + used.ru_stime
            return None
        after = [one.nodeid for one in items]
        # a test that crashes or hangs has not told its name: it is the one after the last that did
        if os.WIFSIGNALED(status):
            last = after[(after.index(last) + 1) % len(after)] if last else after[0]
        return last


def warm() -> None:
    """Models are made once, not in each process."""
    for name, module in list(sys.modules.items()):
        if name.startswith("tests."):
            for function in ("make_model", "models"):
                if hasattr(module, function):
                    setattr(module, function, functools.cache(getattr(module, function)))
    for name, module in list(sys.modules.items()):
        if name.startswith("tests.firmware"):
            if hasattr(module, "make_model"):
                for shape in ("tanh_space", "relu_snapshot"):
                    module.make_model(shape)
            if hasattr(module, "models"):
                module.models()


def _first_failure(items: list[pytest.Item], folder: Path, telling: int) -> int:
    conftest = sys.modules["tests.firmware.conftest"]
    conftest.once = lambda *_: folder  # type: ignore[attr-defined]
    for item, following in zip(items, [*items[1:], None], strict=True):
        before = time.process_time()
        reports = runtestprotocol(item, log=False, nextitem=following)
        os.write(telling, (json.dumps([item.nodeid, time.process_time() - before]) + "\n").encode())
        if any(report.failed for report in reports):
            return 1
    return 0


def known() -> list[tuple[str, str, str]]:
    """Which mutants may survive: file, line as it was, as it is."""
    with SURVIVORS.open("rb") as file:
        return [(one["file"], one["was"], one["now"]) for one in tomllib.load(file)["survivor"]]


def main() -> None:
    """See above."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--every", type=int, default=1, help="only every so manieth mutant")
    arguments.add_argument("--first", type=int, default=0, help="from this one on: processes share the work")
    arguments.add_argument("--line", type=int, default=0, help="only from this line of a file on")
    arguments.add_argument("--file", help="only of this file, such as bank.c")
    arguments.add_argument("--quick", action="store_true", help="only the tests of the memory itself, without a module")
    arguments.add_argument("--seconds", type=float, default=1e9, help="begin no other after so long")
    options = arguments.parse_args()
    started, planter = time.monotonic(), Planter(options)
    tests = [str(ROOT / one) for one in (QUICK if options.quick else TESTS)]
    code = pytest.main([*OPTIONS, *(["-k", "not whole_module"] if options.quick else []), *tests], plugins=[planter])
    new = [one for one in planter.survived if (one.file, one.was, one.now) not in known()]
    print(
        f"{planter.tried} mutants, {len(planter.survived)} survive, {len(new)} of them unknown, "
        f"{time.monotonic() - started:.0f} s"
    )
    for test, count in planter.noticed.most_common():
        print(f"{count:4} {test.rpartition('/')[2]}")
    sys.exit(1 if new or code not in (0, 5) else 0)


if __name__ == "__main__":
    main()
