"""What mispredicted branches cost in a trace of basic blocks.

How a Cortex-M7 predicts is not published. Taken here: a counter of two bits for each conditional branch, which a loop's
end surprises once a round; and what goes to an address in a register or on the stack goes where it went last time,
which a function's return to another caller surprises. A wrong guess costs 8 cycles at most (github.com/jnk0le/random,
doc/cortex_m7.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from gritspace.quantize.cycles.build import Firmware

MISPREDICTED_CYCLES = 8
_COUNTER_MOST = 3
_TO_REGISTER = ("bx", "blx", "pop", "ldm", "ldr", "tbb", "tbh", "mov")


class Predictor:
    """What is known of the branches so far, kept from trace to trace."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        self._taken: dict[tuple[int, int], int] = {}
        self._targets: dict[tuple[int, int], int] = {}

    def mispredicted(self, runs: Sequence[tuple[int, int]]) -> list[int]:
        """For every run, 1 if the way from it to the next one was not foreseen."""
        wrong = [int(self._surprised(run, following)) for run, (following, _) in pairwise(runs)]
        return [*wrong, 0] if runs else []

    def _surprised(self, run: tuple[int, int], following: int) -> bool:
        straight_on = sum(run)
        if self._last_instruction(run).startswith(_TO_REGISTER):
            expected = self._targets.get(run)
            self._targets[run] = following
            return following != expected
        taken = following != straight_on
        count = self._taken.get(run)
        if count is None:  # a first time: the way it went is likely from now on
            self._taken[run] = 2 if taken else 1
            return taken
        self._taken[run] = min(count + 1, _COUNTER_MOST) if taken else max(count - 1, 0)
        return taken != (count >= 2)

    def _last_instruction(self, run: tuple[int, int]) -> str:
        at, end = run[0], sum(run)
        while at + self._firmware.sizes[at] < end:
            at += self._firmware.sizes[at]
        return self._firmware.text[at]
