"""Whether every generated assembly function is what its generator writes today.

    python -m gritspace.quantize.m7.check      (make kernels-check)

Searches for orders of instructions, which takes some ten minutes on two cores. Prints the functions that differ.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
from pathlib import Path

from gritspace.quantize.firmware_sources import ENGINE
from gritspace.quantize.m7 import kernels, small

FILES: dict[Path, list[kernels.Maker]] = {
    ENGINE / "generated" / "kernels_m7.S": kernels.makers(),
    ENGINE / "generated" / "kernels_m7_small.S": list(small.MAKERS),
}
_FUNCTION = re.compile(r"^  \.section \.text[^\n]*\n.*?^  \.size (\w+), [^\n]*$", re.MULTILINE | re.DOTALL)


def committed(file: Path) -> dict[str, str]:
    """The functions of a generated file by name."""
    return {match[1]: match[0] for match in _FUNCTION.finditer(file.read_text())}


def made(job: tuple[Path, int]) -> tuple[str, str]:
    """A function's name, and what its generator writes."""
    lines = FILES[job[0]][job[1]]()
    return lines[0].split()[1], "\n".join(kernels.formatted(lines))


def differing(file: Path, written: dict[str, str]) -> list[str]:
    """Functions that are not as written, or stand on one side alone."""
    there = committed(file)
    return sorted(name for name in there.keys() | written.keys() if there.get(name) != written.get(name))


def main() -> int:
    """0 if all are equal."""
    jobs = [(file, index) for file, makers in FILES.items() for index in range(len(makers))]
    written: dict[Path, dict[str, str]] = {file: {} for file in FILES}
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for job, (name, text) in zip(jobs, pool.imap(made, jobs), strict=True):
            written[job[0]][name] = text
    faults = [f"{file.name}: {name}" for file in FILES for name in differing(file, written[file])]
    for fault in faults:
        print(f"{fault} is not what its generator writes", file=sys.stderr)
    print(f"{len(jobs)} functions compared, {len(faults)} differ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
