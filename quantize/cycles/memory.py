"""What memory costs that does not answer in a cycle: the STM32H750's caches, and what lies beyond them.

The caches are the chip's: 16 KB each, lines of 32 bytes, four ways for data and two for instructions (ARM DDI 0489).
What a line or a word costs was not measured by us. Twenty to thirty cycles a line is what others report for AXI SRAM at
half the core's clock; the dearer end is taken, and more for SDRAM, whose bus runs at 100 MHz. Each block begins with
what the block before left in the caches, less what the main loop has thrown out: MAIN_LOOP_SHARE of each, what was
used longest ago.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

LINE_BYTES = 32
DATA_WAYS, INSTRUCTION_WAYS = 4, 2
CACHE_BYTES = 16 * 1024
LINE_CYCLES = {"axi": 30, "flash": 30, "sdram": 70}
"""To fetch a line, the write of the one it drives out included."""
UNCACHED_READ_CYCLES, UNCACHED_WRITE_CYCLES = 24, 10
"""A word of DMA's buffers in the D2 domain's SRAM, which no cache keeps."""
BURST_WORD_CYCLES = 4
"""Each further word of one instruction that moves several: a transfer of its own it is not (ARM DDI 0489, "AXIM
interface transfers"). Eight words so are dearer than a line of the cache, which is as many."""
MAIN_LOOP_SHARE = 0.5
"""Of each cache, what the main loop and USB take between two blocks."""


@dataclass
class Cache:
    """Least recently used lines go first. Counts misses by kind of memory."""

    ways: int
    misses: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sets: list[OrderedDict[int, None]] = [
            OrderedDict() for _ in range(CACHE_BYTES // LINE_BYTES // self.ways)
        ]

    def touch(self, address: int, kind: str) -> int:
        """An access to the line of an address. Returns the cycles it waits."""
        line = address // LINE_BYTES
        held = self._sets[line % len(self._sets)]
        if line in held:
            held.move_to_end(line)
            return 0
        self.misses[kind] = self.misses.get(kind, 0) + 1
        held[line] = None
        if len(held) > self.ways:
            held.popitem(last=False)
        return LINE_CYCLES[kind]

    def disturb(self, share: float = MAIN_LOOP_SHARE) -> None:
        """Others have used so much of it: in each set the oldest lines are gone."""
        keep = self.ways - round(self.ways * share)
        for held in self._sets:
            while len(held) > keep:
                held.popitem(last=False)
