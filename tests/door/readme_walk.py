"""README's commands as they stand, one after the other, in a folder of its own: `make test-readme`.

Nothing of a line is changed; what only makes it shorter is added at its end (SHORTER). What README leaves open (your
guitar, your captures, a pedal) lies in the folder; PORT is a simulated module's, and so is the port that GRITSPACE_PORT
names. Each line must end well and leave what tests/door/readme_results.py asks of it. A line that cannot be walked is
told, with the rule that says why (LEFT_OUT). Words behind the command: only lines that hold one of them.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.door.readme_results import RESULTS, Walked
from tests.door.readme_things import lay_out
from tests.places import ROOT

BLOCK = re.compile(r"^ {4}((?:\.venv/bin/)?gritspace|make|pio)\b([^#\n]*)", re.MULTILINE)
INLINE = re.compile(r"`((?:gritspace|make|pio) [^`\n]*)`")
INLINE_IN = ("## Flash it", "## Patch it")
"""Sections that tell what to type in the middle of a sentence; elsewhere that only names a command."""

SHORTER = {
    "gritspace play": "--no-browser",
    "gritspace train": "--minutes 0.1 --cache-gigabytes 0",
    "gritspace fit --dry": "--minutes 0.05",
    "gritspace fit --device": "--minutes 0.05",
    "gritspace quantize captures/": "--minutes 0.05",
    "gritspace evaluate": "--device-seconds 0.3 --enroll-seconds 0",
    "gritspace hil": "--device-seconds 0.3",
    "gritspace hil --rig": "--minutes 0.02",
}
LEFT_OUT = {
    "make setup": "set-up is walked on an empty system: make test-debian",
    "make demo": "the demo is walked on an empty system: make test-debian",
    "make PYTHON=": "a Python that is yours; make test-debian sets up with another than this one",
    "make test": "tests, which this is one of",
    "make lint": "not a user's",
    "make -k lint": "not a user's",
    "make hardware": "tests/hardware makes it",
    "make sounds": "it would write what is committed",
    "make research": "hours",
    "pio run": "it takes the Daisy's compiler from PlatformIO's registry: make images",
    "gritspace flash": "needs a Daisy that waits in its bootloader; its checks are tested without one",
    "gritspace calibrate": "asks a person to patch voltages",
}
UNTIL_CTRL_C = ("gritspace play", "gritspace simulate")
"""They say something, and go on: ended when the walk is at its end."""


def lines() -> list[str]:
    """Every command that README shows, in its order, each once."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = [(match.start(), match[1] + match[2]) for match in BLOCK.finditer(text)]
    for title in INLINE_IN:
        start = text.index(title)
        section = text[start : text.index("\n## ", start + 1)]
        found += [(start + match.start(), match[1]) for match in INLINE.finditer(section)]
    return list(dict.fromkeys(line.strip().removeprefix(".venv/bin/") for _, line in sorted(found)))


def rule(line: str) -> str | None:
    """Why a line is left out; None: it is walked."""
    return next((why for start, why in LEFT_OUT.items() if line.startswith(start)), None)


def longest(rules: dict[str, str], line: str) -> str:
    """What the most exact beginning says; nothing without."""
    starts = [start for start in rules if line.startswith(start)]
    return rules[max(starts, key=len)] if starts else ""


class Walk:
    """A folder with what README takes to be there, and the programs that go on meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[tuple[str, subprocess.Popen[str]]] = []
        self.environment = {**os.environ, "HOME": str(folder / "home"), "NO_COLOR": "1", "OMP_NUM_THREADS": "1"}
        for name in ("XDG_CACHE_HOME", "GRITSPACE_PORT"):
            self.environment.pop(name, None)
        (folder / "home").mkdir()
        lay_out(folder)

    def take_shipped_space(self) -> None:
        """As space.pt and space.grit."""
        for suffix in ("pt", "grit"):
            shutil.copy(ROOT / "spaces" / f"circuits.{suffix}", self.folder / f"space.{suffix}")

    def words(self, line: str) -> list[str]:
        """As the shell would have them."""
        typed = f"{line} {longest(SHORTER, line)}".replace("PORT", self.environment.get("GRITSPACE_PORT", "PORT"))
        program, *rest = shlex.split(typed)
        assert program == "gritspace", line
        return [sys.executable, "-m", "gritspace", *rest]

    def begin(self, line: str, awaited: str) -> str:
        """Starts what goes on; returns what it says, up to the line that matches."""
        process = subprocess.Popen(
            self.words(line), cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True
        )
        self.running.append((line, process))
        assert process.stdout is not None
        said = ""
        while not re.search(awaited, said, re.MULTILINE):
            one = process.stdout.readline()
            if not one:
                raise SystemExit(f"{line}: it ended: {said}")
            said += one
        return said

    def module(self, line: str) -> str:
        """A simulated module, whose port is PORT from here on."""
        said = self.begin(line, r"^/dev/\S+$")
        self.environment["GRITSPACE_PORT"] = said.splitlines()[-1]
        return said

    def go(self, line: str) -> tuple[int, str, str]:
        """Exit code, what came on stdout and on stderr."""
        if line.startswith("gritspace simulate"):
            return 0, self.module(line), ""
        if line.startswith("gritspace play"):
            return 0, self.begin(line, r"^http://\S+$"), ""
        done = subprocess.run(
            self.words(line), cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    def end(self) -> list[str]:
        """Ctrl-C to what still goes on; which ended badly."""
        bad = []
        for line, process in self.running:
            process.send_signal(signal.SIGINT)
            try:
                code = process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                code = None
            if code not in (0, 130):
                bad.append(f"{line}: after Ctrl-C {code}")
        return bad


def main(wanted: list[str]) -> int:
    """Walks; 1 if a line went wrong."""
    bad: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        walk = Walk(Path(name))
        walk.module(f"gritspace simulate {shlex.quote(str(ROOT / 'spaces' / 'circuits.grit'))}")
        if wanted:
            walk.take_shipped_space()
        for line in lines():
            if (why := rule(line)) is not None:
                print(f"    left out   {line}\n               {why}")
                continue
            if wanted and not any(word in line for word in wanted):
                continue
            began = time.perf_counter()
            code, out, err = walk.go(line)
            check = longest(RESULTS, line)
            problem = (
                f"exit {code}" if code else check(Walked(walk.folder, out)) if check else "no result is asked of it"
            )
            print(f"{time.perf_counter() - began:7.1f} s  {'WRONG' if problem else 'good '}  {line}", flush=True)
            if problem:
                bad.append(f"{line}: {problem}")
                print(f"{problem}\n{out}{err}", flush=True)
            if line.startswith("gritspace train"):  # so short makes no space: on with a good one
                walk.take_shipped_space()
        bad += walk.end()
    print("\n".join(bad) or "every line did what README says")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
