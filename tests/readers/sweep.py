"""Whole commands on hostile files: `gritspace ...` as a user types it, in a process where PyTorch is loaded already.

This program, started once, forks for each command that it is told of on standard input, one JSON object a line, and
answers with what came of it. A child has bounded memory, processor time and file size.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MEMORY = 3 << 30
"""More than the program has mapped already."""
PROCESSOR_SECONDS = 30
FILE_BYTES = 1 << 30
WALL_SECONDS = 300
"""Only for what waits for ever without computing."""


def load() -> None:
    """What commands import when they run, so that it is not imported by each."""
    import scipy.signal
    import soundfile
    import soxr
    import torch

    del scipy.signal, soundfile, soxr
    torch.set_num_threads(1)


def ran(arguments: list[str], folder: Path) -> dict[str, Any]:
    """The command's exit code (128 + the signal that ended it), what it said, and its processor seconds."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os._exit(_command(arguments, folder, out.fileno(), err.fileno()))
        until = time.monotonic() + WALL_SECONDS
        while True:
            done, status, used = os.wait4(child, os.WNOHANG)
            if done:
                break
            if time.monotonic() > until:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.005)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    code = os.waitstatus_to_exitcode(status)
    return {
        "code": code if code >= 0 else 128 - code,
        "out": texts[0],
        "err": texts[1],
        "seconds": used.ru_utime + used.ru_stime,
    }


def _command(arguments: list[str], folder: Path, out: int, err: int) -> int:
    os.setsid()
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for what, bound in (
        (resource.RLIMIT_AS, mapped + MEMORY),
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
    ):
        resource.setrlimit(what, (bound, bound))
    os.chdir(folder)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.argv = ["gritspace", *arguments]
    from gritspace.host_tools.cli import main

    try:
        main()
    except SystemExit as ended:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        return ended.code if isinstance(ended.code, int) else 0
    except BaseException:
        import traceback

        traceback.print_exc()
        return 99


def main() -> None:
    """See above."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    load()
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps(ran(case["arguments"], Path(case["folder"]))), file=answers, flush=True)


if __name__ == "__main__":
    main()
