"""Runs ngspice in batch and reads what it wrote."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# ngspice ends with 0 whatever happened; what it could not do stands in its messages.
_COMPLAINT = re.compile(r"\b(error|fatal|aborted|unknown|no such|too small|too few|to low)\b", re.IGNORECASE)


class NgspiceError(RuntimeError):
    """ngspice is missing, failed, or did not converge; the message says which."""


def run(
    deck: str, outputs: int = 1, keep: Path | None = None, timeout_seconds: float = 600.0
) -> list[NDArray[np.float64]]:
    """Runs one deck whose commands write out0.txt, out1.txt, ... by wrdata.

    Returns one array (rows, columns) per output: the scale first, then each vector (a complex one as two columns).
    keep: where to leave the deck for a reader. Raises NgspiceError.
    """
    program = shutil.which("ngspice")
    if program is None:
        raise NgspiceError("ngspice is not installed: install it (apt-get install ngspice).")
    if keep is not None:
        keep.parent.mkdir(parents=True, exist_ok=True)
        keep.write_text(deck, encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deck.cir"
        path.write_text(deck, encoding="utf-8")
        done = subprocess.run(
            [program, "-b", path.name], cwd=folder, capture_output=True, text=True, timeout=timeout_seconds
        )
        complaints = [line.strip() for line in (done.stdout + done.stderr).splitlines() if _COMPLAINT.search(line)]
        if complaints:
            raise NgspiceError(f"ngspice on {deck.splitlines()[0]!r}: {' | '.join(complaints[:4])}")
        results = []
        for index in range(outputs):
            out = Path(folder) / f"out{index}.txt"
            if not out.exists():
                tail = " | ".join((done.stdout + done.stderr).strip().splitlines()[-6:])
                raise NgspiceError(f"ngspice wrote no {out.name} for {deck.splitlines()[0]!r}: {tail}")
            results.append(np.loadtxt(out, ndmin=2))
        return results
