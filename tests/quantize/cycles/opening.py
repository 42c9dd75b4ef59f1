"""What holds the module's main loop when a model is selected: `grit_voice_open`, whole, on an emulated Cortex-M7.

A board's meter counts cycles, and the trial ends by what it says. Here each piece is priced afterwards, and what comes
behind the one that ends the trial is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gritspace.quantize.cycles.interrupt import EmulatedInterrupt
from gritspace.quantize.cycles.price import measured_price
from gritspace.quantize.cycles.real_time import AROUND_CYCLES, LIMIT_PERCENT
from gritspace.quantize.cycles.trace import RETURN, Trace, instructions

BLOCK_CYCLES = 480_000
AROUND = 48 * AROUND_CYCLES


def most(piece: int) -> int:
    """Cycles that a measured piece may take, by firmware/module/sound/voice.c: eight frames a block's share, the block
    that fills the caches twice as many."""
    return (2 if piece == 1 else 1) * BLOCK_CYCLES * LIMIT_PERCENT // 100 - AROUND


@dataclass(frozen=True)
class Held:
    """Cycles of opening and trying out, by the measured rules, all memory answering at once; and of one SHA-256 of it
    all, which is taken when the module has not read the slot since power-up, and when the model begins to play."""

    opening: int
    sha256: int
    pieces: tuple[int, ...]
    plays: bool

    @property
    def cycles(self) -> int:
        """The longest there is."""
        return self.opening + 2 * self.sha256


class Opening(EmulatedInterrupt):
    """The module's start with a model, from which `held` takes the part that a selection repeats."""

    def __init__(self, blob: bytes, bend: int = 0, gate: int = 0) -> None:
        self._all, self._marks = Trace(), list[tuple[str, int]]()
        self._names: dict[int, str] = {}
        self._counts: dict[tuple[int, int], int] = {}
        self._instructions = 0
        self._over = False
        self._bent = bend != 0 or gate != 0
        super().__init__(blob, bend=bend, gate=gate)

    def held(self) -> Held:
        """See there."""
        spent = measured_price(self.firmware, self._all)
        names = [name for name, _ in self._marks]
        begins = [at for name, at in self._marks if name == "grit_voice_open"]
        start = begins[1] if self._bent else begins[0]
        inside = [(name, at) for name, at in self._marks if at >= start]
        sha = next(at for name, at in self._marks if name == "grit_sha256")
        after = self._marks[names.index("grit_sha256") + 1][1]
        pieces, ends = [], []
        for (name, at), (following, until) in pairwise(inside):
            if (name, following) == ("begin", "end"):
                pieces.append(sum(spent[at:until]))
                ends.append(until)
        over = next((i for i, cycles in enumerate(pieces) if cycles > most(i)), None)
        later = [at for name, at in inside if name == "grit_sha256"]
        end = ends[over] if over is not None else later[0] if later else len(spent)
        return Held(sum(spent[start:end]), sum(spent[sha:after]), tuple(pieces), over is None)

    def _on_block(self, core: Any, address: int, size: int, data: object) -> None:
        if self._over or address == RETURN:
            return
        if not self._names:
            known = {"grit_voice_open": "grit_voice_open", "grit_sha256": "grit_sha256", "grit_voice_close": "close"}
            known |= {"grit_instrument_try": "begin", "grit_instrument_piece": "begin"}
            known |= {"end_of_large": "end", "end_of_small": "end"}
            for symbol, at in self.firmware.symbols.items():
                if (name := known.get(symbol.split(".")[0])) is not None:
                    self._names[at] = name
        run = (address, size)
        if (name := self._names.get(address)) is not None:
            self._marks.append((name, len(self._all.runs)))
            if name == "begin":
                self._instructions = 0
        if run not in self._counts:
            self._counts[run] = sum(1 for _ in instructions(self.firmware, run))
        self._instructions += self._counts[run]
        self._all.runs.append(run)
        self._all.places.append("")
        # A core issues two instructions a cycle at most: this piece ends the trial, and what follows need not be run.
        if name == "end" and self._instructions > 2 * most(1):
            self._over = True
            core.emu_stop()
