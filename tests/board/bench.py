"""Runs an image on the emulated board from power-up to a given time, and says what came of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.module.emulator import compiled

IDLE = ("-q", "8")
"""The main loop of a module that only waits goes around seldom: it is what most of the time would go to."""


@dataclass(frozen=True)
class Run:
    """report: the emulator's last words. log: its lines. played: int32 (frames, 2), the 24 bits at the codec.
    peeked: what the script's peeks found, in order."""

    report: dict[str, Any]
    log: list[str]
    played: NDArray[np.int32]
    peeked: list[list[int]]

    @property
    def faults(self) -> list[str]:
        """What a real board would not survive, or not as meant."""
        return [line for line in self.log if "FAULT" in line]


def run_board(
    image: Path,
    folder: Path,
    milliseconds: float,
    board: str = "seed_1_0",
    script: Sequence[tuple[float, str]] = (),
    heard: NDArray[np.int16] | None = None,
    cache: bool = False,
    flash: Path | None = None,
    options: Sequence[str] = IDLE,
) -> Run:
    """script: (milliseconds, what), see emulator/script.c. heard: int16 (frames, 2), from the first frame."""
    (folder / "script").write_text("".join(f"{at:.6f} {what}\n" for at, what in script))
    words = ["-B", board, "-t", f"{milliseconds}", "-s", folder / "script", "-o", folder / "played", *options]
    if heard is not None:
        (folder / "heard").write_bytes(np.ascontiguousarray(heard, np.int16).tobytes())
        words += ["-i", folder / "heard"]
    if not cache:
        words.append("-m")
    if flash is not None:
        words += ["-f", flash]
    ended = subprocess.run(
        [str(compiled()), str(image), *map(str, words)], capture_output=True, text=True, check=False, timeout=1200
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    said = [json.loads(line) for line in ended.stdout.splitlines()]
    peeked = [line["peek"] for line in said if "peek" in line]
    played = np.fromfile(folder / "played", np.int32).reshape(-1, 2)
    return Run(said[-1], ended.stderr.splitlines(), played, peeked)
