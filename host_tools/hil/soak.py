"""A soak: the same audio through the module again and again, for minutes or days, each time compared to the bit."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from gritspace.host_tools.console import Update
from gritspace.host_tools.hil.measure import Measurement
from gritspace.host_tools.link.client import Module


@dataclass
class Soak:
    """What came of it. first_bad: of which round, or None."""

    minutes: float
    rounds: int = 0
    frames: int = 0
    differing_samples: int = 0
    first_bad: int | None = None
    xruns: int = 0
    retries: int = 0
    crc_errors: int = 0
    work_max: int = 0

    def as_values(self) -> dict[str, Any]:
        """For report.json."""
        return dict(vars(self))


def soak(port: str, measured: Measurement, minutes: float, update: Update) -> Soak:
    """Plays the takes of a finished measurement around and around until the time is over; at least one round.

    A stream's outcome depends on its blocks alone, so what was expected the first time is expected every time. Raises
    LinkError when the link fails.
    """
    result, started = Soak(minutes), time.monotonic()
    with Module(port) as module:
        before = module.status()
        while result.rounds == 0 or time.monotonic() - started < 60 * minutes:
            result.rounds += 1
            for outcome in measured.outcomes:
                came = module.stream(outcome.take.audio, outcome.take.positions, knobs=outcome.take.knobs)
                wrong = int(np.count_nonzero(came.samples != outcome.expected))
                result.frames += len(came.samples)
                result.differing_samples += wrong
                result.retries += came.retries
                result.crc_errors += came.crc_errors
                if wrong and result.first_bad is None:
                    result.first_bad = result.rounds
                spent = time.monotonic() - started
                words = f"round {result.rounds}, {result.differing_samples} samples differ"
                update(min(spent, 60 * minutes), 60 * minutes, words)
                if result.rounds > 1 and spent >= 60 * minutes:
                    break
        after = module.status()
    result.xruns = after.xruns - before.xruns
    result.work_max = after.work_max
    return result
