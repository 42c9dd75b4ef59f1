"""Whether every generated assembly function is what its generator writes today.

    python -m gritspace.quantize.m7.check      (make kernels-check)

Searches for orders of instructions, which takes tens of minutes. What is done is remembered in build/kernels-check.json
until a generator changes: interrupted, the same command goes on where it was. Prints the functions that differ.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import re
import sys
import time
from pathlib import Path

from gritspace.quantize.firmware_sources import ENGINE
from gritspace.quantize.m7 import kernels, small
from gritspace.quantize.m7.assembly import formatted
from gritspace.quantize.model import arithmetic

FILES: dict[str, list[kernels.Maker]] = {"kernels_m7.S": kernels.makers(), "kernels_m7_small.S": list(small.MAKERS)}
MEMORY = ENGINE.parents[1] / "build" / "kernels-check.json"
_FUNCTION = re.compile(r"^  \.section \.text[^\n]*\n.*?^  \.size (\w+), [^\n]*$", re.MULTILINE | re.DOTALL)
Job = tuple[str, int]


def committed(name: str) -> dict[str, str]:
    """The functions of a generated file by name."""
    return {match[1]: match[0] for match in _FUNCTION.finditer((ENGINE / "generated" / name).read_text())}


def made(job: Job) -> tuple[Job, str, str, float]:
    """A job, its function's name, what its generator writes, and the processor's seconds that took."""
    before = time.process_time()
    lines = FILES[job[0]][job[1]]()
    return job, lines[0].split()[1], "\n".join(formatted(lines)), time.process_time() - before


def generators() -> str:
    """SHA-256 of all that decides what is written."""
    here = Path(__file__).parent
    sources = sorted(path for path in here.iterdir() if path.suffix in (".py", ".c") and path.name != "check.py")
    digest = hashlib.sha256(sys.version.encode())
    for path in [*sources, Path(arithmetic.__file__)]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def remembered(of: str, memory: Path = MEMORY) -> dict[Job, tuple[str, str]]:
    """Name and text of each function that was written before by the same generators."""
    done: dict[Job, tuple[str, str]] = {}
    if not memory.exists():
        return done
    for line in memory.read_text().splitlines():
        try:
            by, file, index, name, text = json.loads(line)
        except ValueError:  # the line at which it was interrupted
            continue
        if by == of:
            done[file, index] = name, text
    return done


def differing(file: str, written: dict[str, str]) -> list[str]:
    """Functions that are not as written, or stand on one side alone."""
    there = committed(file)
    return sorted(name for name in there.keys() | written.keys() if there.get(name) != written.get(name))


def main() -> int:
    """0 if all are equal."""
    by = generators()
    done = remembered(by)
    jobs = [(file, index) for file, makers in FILES.items() for index in range(len(makers))]
    left = [job for job in jobs if job not in done]
    if len(left) < len(jobs):
        print(f"{len(jobs) - len(left)} of {len(jobs)} functions are remembered from an earlier run", flush=True)
    MEMORY.parent.mkdir(exist_ok=True)
    with multiprocessing.Pool(int(os.environ.get("WORKERS") or os.cpu_count() or 1)) as pool, MEMORY.open("a") as file:
        for job, name, text, seconds in pool.imap_unordered(made, left):
            done[job] = name, text
            print(json.dumps([by, *job, name, text]), file=file, flush=True)
            same = committed(job[0]).get(name) == text
            print(f"{name}: {'the same' if same else 'DIFFERS'}, {seconds:.0f} s", flush=True)
    faults = [
        f"{file}: {name}"
        for file in FILES
        for name in differing(file, dict(done[job] for job in jobs if job[0] == file))
    ]
    for fault in faults:
        print(f"{fault} is not what its generator writes", file=sys.stderr)
    print(f"{len(jobs)} functions compared, {len(faults)} differ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
