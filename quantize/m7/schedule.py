"""Puts straight-line Cortex-M7 code into the order that the core's two pipes like best.

Registers stay as written; only the order changes. The model is that of LLVM's Cortex-M7 schedule as `llvm-mca` runs
it, found by timing pairs of instructions: two instructions a cycle in order, one multiplier, one shifter, one SIMD
unit, one store a cycle, two loads; what the SIMD unit does stands first in its cycle; no result is written before an
older one, so that within a cycle the short instruction (a load, an addition) stands before the long one (a product).
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

MULTIPLY = {"smlad", "smlabb", "smlabt", "smlatb", "smlatt", "smulbb", "smultt", "smmulr", "mla", "smlawb", "smlawt"}
SIMD = {"ssat", "pkhbt", "pkhtb", "qadd16"}
SHIFTER = {"ssat", "pkhbt", "pkhtb"}
LOADS, STORES, BRANCHES = ("ldr", "ldrh"), ("str", "strh"), ("blo", "bne")


@dataclass(frozen=True, eq=False)
class Instruction:
    """One instruction. early, late: sources needed a cycle sooner or later than an addition's are: addresses and what
    PKHBT or an addition shifts; accumulators and what is stored. early_if_loaded: early only from a load: what an
    addition adds to what it shifts."""

    text: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    early: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    early_if_loaded: tuple[str, ...] = ()

    @cached_property
    def name(self) -> str:
        """The mnemonic."""
        return self.text.split()[0]

    @cached_property
    def length(self) -> int:
        """Cycles until the result is written: results are written in the order of the program."""
        return 2 if self.name in MULTIPLY or self.name in ("ssat", "qadd16", "ldrh", *STORES) else 1

    def wait(self, register: str, loaded: bool = False) -> int:
        """When it needs a register, in cycles after an addition would. loaded: it comes from memory, a word."""
        if register in self.early or (loaded and register in self.early_if_loaded):
            return -1
        return int(register in self.late)


@cache
def parse(text: str) -> Instruction:
    """An instruction in the few forms the kernels use."""
    name, _, rest = text.partition(" ")
    operands = [part.strip(" []") for part in rest.split(",")]
    registers = [part for part in operands if _REGISTER.fullmatch(part)]
    if name in STORES:
        late: tuple[str, ...] = () if registers[0] in registers[1:] else (registers[0],)
        return Instruction(text, tuple(registers), ("memory",), tuple(registers[1:]), late)
    if name in LOADS:
        return Instruction(text, (*registers[1:], "memory"), (registers[0],), tuple(registers[1:]))
    if name in ("cmp", "tst"):
        return Instruction(text, tuple(registers), ("flags",))
    if name in BRANCHES:
        return Instruction(text, ("flags",), ())
    if name == "subs":
        return Instruction(text, tuple(registers[1:]), (registers[0], "flags"))
    if name in MULTIPLY:
        late = tuple(r for r in registers[3:] if r not in registers[1:3])
        return Instruction(text, tuple(registers[1:]), (registers[0],), (), late)
    shifts = name == "add" and ("lsl" in rest or "lsr" in rest)
    early = tuple(registers[2:]) if shifts or name in ("pkhbt", "pkhtb") else ()
    added = (registers[1],) if shifts else ()
    return Instruction(text, tuple(registers[1:]), (registers[0],), early, (), added)


_REGISTER = re.compile(r"[rv]\d+|lr|sp")
"""v0, v1, ...: values whose register registers.py chooses."""


def delay(before: Instruction, after: Instruction) -> int | None:
    """Cycles `after` must stay behind `before`; None: free. 0 means the same cycle will do, in this order."""
    needed: int | None = None
    for register in before.writes:
        if register in after.reads and register != "memory":
            needed = max(needed or 0, before.length - after.wait(register, before.name == "ldr"))
        elif register == "memory" and register in after.reads:
            if _may_overlap(before, after):
                needed = max(needed or 0, 1)
        elif register in after.writes:
            needed = max(needed or 0, 0 if register == "memory" else 1)
    if any(register in before.reads for register in after.writes if register != "memory"):
        needed = max(needed or 0, 0)
    if "memory" in after.writes and "memory" in before.reads and _may_overlap(after, before):
        needed = max(needed or 0, 0)
    return needed


def _may_overlap(store: Instruction, load: Instruction) -> bool:
    """By address text: the kernels' outputs are no inputs, and their stack frame meets nothing else."""
    return _place(store) == _place(load)


@cache
def _place(instruction: Instruction) -> str:
    return instruction.text[instruction.text.index("[") :].replace(" ", "")


def schedule(lines: Sequence[str], loops: bool = False, attempts: int = 150) -> list[str]:
    """The same instructions in an order that stalls less: the best of some list schedules with jittered priorities.

    loops: the code is a loop's body, so what counts is how fast it follows on itself. Same input, same output.
    """
    code = [parse(line) for line in lines]
    edges = _edges(code)
    height = heights(_edges([*code, *code]) if loops else edges, [*code, *code] if loops else code)[: len(code)]
    generator = random.Random(len(lines))
    best: list[int] = []
    least = None
    for attempt in range(attempts):
        spread = 0.0 if attempt == 0 else 1.0 + attempt % 4
        order = _list_schedule(code, edges, [h + generator.uniform(-spread, spread) for h in height])
        instructions = [code[i] for i in order]
        cost = duration(instructions * 3) if loops else duration(instructions)
        if least is None or cost < least:
            best, least = order, cost
    return [code[i].text for i in best]


def _edges(code: Sequence[Instruction]) -> list[list[tuple[int, int]]]:
    edges: list[list[tuple[int, int]]] = [[] for _ in code]
    for j, after in enumerate(code):
        for i in range(j):
            wait = delay(code[i], after)
            if wait is not None:
                edges[i].append((j, wait))
    return edges


def heights(edges: Sequence[Sequence[tuple[int, int]]], code: Sequence[Instruction]) -> list[float]:
    """Cycles from each instruction to the end along the longest chain."""
    height = [0.0] * len(code)
    for i in reversed(range(len(code))):
        height[i] = max([code[i].length, *(height[j] + wait for j, wait in edges[i])])
    return height


def duration(code: Sequence[Instruction]) -> int:
    """Cycles until the last instruction is issued, two a cycle in the given order."""
    ready: dict[str, tuple[int, bool]] = {}
    stored: dict[str, int] = {}
    cycle, slots, last_write = 0, 0, 0
    used: set[str] = set()
    for instruction in code:
        at = max(cycle, last_write - instruction.length)
        for register in instruction.reads:
            if register == "memory":
                at = max(at, stored.get(_place(instruction), 0))
            elif register in ready:
                at = max(at, ready[register][0] - instruction.wait(register, ready[register][1]))
        if at > cycle:
            cycle, slots, used = at, 0, set()
        if slots == 2 or used & units(instruction) or (slots and instruction.name in SIMD):
            cycle, slots, used = cycle + 1, 0, set()
        slots += 1
        used |= units(instruction)
        last_write = max(last_write, cycle + instruction.length)
        for register in instruction.writes:
            if register == "memory":
                stored[_place(instruction)] = cycle + 1
            else:
                ready[register] = cycle + instruction.length, instruction.name == "ldr"
    return cycle + 1


def may_issue(instruction: Instruction, cycle: int, taken: Sequence[int], used: set[str], last_write: int) -> bool:
    """Whether the core takes it in this cycle behind those already taken, which need the units `used`."""
    if instruction.name in SIMD and taken:
        return False
    return not used & units(instruction) and cycle + instruction.length >= last_write


def _list_schedule(
    code: Sequence[Instruction], edges: Sequence[Sequence[tuple[int, int]]], height: Sequence[float]
) -> list[int]:
    count = len(code)
    waiting = [0] * count
    for following in edges:
        for j, _ in following:
            waiting[j] += 1
    earliest = [0] * count
    ready = {i for i in range(count) if waiting[i] == 0}
    order: list[int] = []
    cycle, last_write = 0, 0
    while ready:
        taken: list[int] = []
        used: set[str] = set()
        for _slot in range(2):
            fitting = [i for i in ready if earliest[i] <= cycle and may_issue(code[i], cycle, taken, used, last_write)]
            if not fitting:
                break
            candidates = [code[k] for k in fitting]
            best = max(fitting, key=lambda i: (preference(code[i], taken, candidates), height[i], -i))
            ready.discard(best)
            taken.append(best)
            used |= units(code[best])
            last_write = max(last_write, cycle + code[best].length)
            for j, wait in edges[best]:
                waiting[j] -= 1
                earliest[j] = max(earliest[j], cycle + wait)
                if waiting[j] == 0:
                    ready.add(j)
        order += taken
        cycle += 1
    return order


def preference(instruction: Instruction, taken: Sequence[int], fitting: Sequence[Instruction]) -> int:
    """Within a cycle, short instructions before long ones."""
    if taken:
        return instruction.length
    return 1 if instruction.length == 1 and any(i.length != 1 for i in fitting) else 0


@cache
def units(instruction: Instruction) -> frozenset[str]:
    """What it needs of which there is one a cycle."""
    needed = set()
    if instruction.name in MULTIPLY:
        needed.add("multiplier")
    if instruction.name in SIMD:
        needed.add("simd")
    if instruction.name in SHIFTER or any(shift in instruction.text for shift in ("asr", "lsl", "lsr")):
        needed.add("shifter")
    if instruction.name in STORES:
        needed.add("store")
    return frozenset(needed)
