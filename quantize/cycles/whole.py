"""The one price of a model: what the module's whole audio interrupt costs, optimistic and pessimistic, and the verdict.

optimistic: executed instructions by LLVM's schedule, all memory zero-wait, every branch foreseen. pessimistic: by the
rules measured on real cores, with what the caches miss on the addresses really touched, what lies in no cache, and
branches that surprise. Both of the dearest piece of audio there is while all knobs turn, all jacks leap and the
position moves with them; the engine's share as the mean of all pieces. Cycles a frame.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from gritspace.quantize.cycles.branches import MISPREDICTED_CYCLES, Predictor
from gritspace.quantize.cycles.build import CyclesError
from gritspace.quantize.cycles.interrupt import BLOCK_FRAMES, PANEL_INPUTS, EmulatedInterrupt
from gritspace.quantize.cycles.price import measured_price, price
from gritspace.quantize.cycles.real_time import LIMIT_CYCLES
from gritspace.quantize.cycles.trace import Trace

WARM_UP_BLOCKS, TRACED_BLOCKS = 12, 8
ROOM_FOR_ANY = 0x300000


@dataclass(frozen=True)
class Price:
    """Cycles a frame. measured: by the measured rules, all memory zero-wait and every branch foreseen."""

    optimistic: float
    pessimistic: float
    measured: float = 0.0


@dataclass(frozen=True)
class WholePrice:
    """engine: its share, the mean of all pieces. whole: the dearest piece's interrupt.

    regions: bytes of state by memory. parts: of the mean piece's pessimistic price, cycles a frame.
    """

    engine: Price
    whole: Price
    regions: dict[str, int]
    has_room: bool
    parts: dict[str, float]

    @property
    def admitted(self) -> bool:
        """By the one limit."""
        return self.has_room and self.whole.pessimistic <= LIMIT_CYCLES

    def fields(self) -> dict[str, object]:
        """As `gritspace cycles --json` has them."""
        return {
            "engine": asdict(self.engine),
            "whole": asdict(self.whole),
            "admitted": self.admitted,
            "limit": LIMIT_CYCLES,
            "regions": self.regions,
        }

    def verdict(self) -> str:
        """In one sentence, for a person."""
        price = f"{self.whole.pessimistic:,.0f} of {LIMIT_CYCLES:,} cycles a frame that the audio interrupt may take"
        if not self.has_room:
            return f"a module has no room for its state ({sum(self.regions.values()) // 1024} KB)"
        return f"a module {'plays' if self.admitted else 'does not play'} it: {price}"


def price_whole(
    blob: bytes, piece_frames: int = BLOCK_FRAMES, stereo: bool = False, bend: int = 0, gate: int = 0
) -> WholePrice:
    """Of a `.grit` file's bytes, in pieces of 48 or 16 frames, on one channel or two. bend: as the link numbers them;
    gate: in front, dB below full scale; 0: none.

    Raises CyclesError if a tool is missing, the engine refuses the model, or there is no room for a second channel.
    """
    interrupt = EmulatedInterrupt(blob, piece_frames, stereo, bend=bend, gate=gate)
    has_room = interrupt.channels > 0
    if not has_room:
        interrupt = EmulatedInterrupt(blob, piece_frames, stereo, ROOM_FOR_ANY, bend, gate)
    if interrupt.channels != (2 if stereo else 1):
        raise CyclesError("the module does not take this model" + (" on two channels" if stereo else ""))
    generator = np.random.default_rng(1)
    trace, ends, waits = Trace(), [0], []
    for block in range(WARM_UP_BLOCKS + TRACED_BLOCKS):
        codes = generator.integers(6000, 60000, PANEL_INPUTS).astype(np.uint16)
        audio = generator.integers(-9000, 9000, (2, BLOCK_FRAMES)).astype(np.int16)
        pieces = interrupt.block(codes, audio, trace if block >= WARM_UP_BLOCKS - 1 else None)
        if block < WARM_UP_BLOCKS:  # the last of them only for the caches
            trace = Trace()
            continue
        ends += [end for end, _ in pieces]
        waits += [waited for _, waited in pieces]
    known = Predictor(interrupt.firmware)
    known.mispredicted(trace.runs)  # once through, to know the way
    rules, measured = price(interrupt.firmware, trace), measured_price(interrupt.firmware, trace)
    surprised = [MISPREDICTED_CYCLES * wrong for wrong in known.mispredicted(trace.runs)]
    inside = [place == "engine" for place in trace.places]
    optimistic, zero_wait, pessimistic = [], [], []
    for begin, end, waited in zip(ends, ends[1:], waits, strict=False):
        optimistic.append(sum(rules[begin:end]))
        zero_wait.append(sum(measured[begin:end]))
        pessimistic.append(sum(measured[begin:end]) + sum(surprised[begin:end]) + waited.engine + waited.around)

    def share(costs: list[int]) -> float:
        return sum(cost for cost, engine in zip(costs, inside, strict=True) if engine)

    frames = piece_frames * len(waits)
    engine_waits = sum(waited.engine for waited in waits)
    parts = {
        "rules": sum(measured),
        "branches": sum(surprised),
        "waits_engine": engine_waits,
        "waits_around": sum(waited.around for waited in waits),
    }
    return WholePrice(
        engine=Price(
            round(share(rules) / frames, 1),
            round((share(measured) + share(surprised) + engine_waits) / frames, 1),
            round(share(measured) / frames, 1),
        ),
        whole=Price(*(round(max(costs) / piece_frames, 1) for costs in (optimistic, pessimistic, zero_wait))),
        regions=interrupt.regions,
        has_room=has_room,
        parts={name: round(cycles / frames, 1) for name, cycles in parts.items()},
    )
