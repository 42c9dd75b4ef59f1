"""Puts straight-line Cortex-M7 code into the order that the core's two pipes like best.

Registers stay as written; only the order changes. The model is that of LLVM's Cortex-M7 schedule as `llvm-mca` runs
it: two instructions a cycle in order, one multiplier, one shifter, one SIMD unit, one store a cycle, two loads; and no
result is written before an older one, so that within a cycle the short instruction (a load, an addition) stands before
the long one (a multiplication).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

MULTIPLY = {"smlad", "smlabb", "smlabt", "smlatb", "smlatt", "smmulr", "mla", "smlawb", "smlawt"}
SIMD = {"ssat", "pkhbt", "pkhtb", "qadd16"}
SHIFTER = {"ssat", "pkhbt", "pkhtb"}


@dataclass(frozen=True)
class Instruction:
    """One instruction. early: sources the core needs a cycle sooner than an addition would (addresses, factors)."""

    text: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    early: tuple[str, ...] = ()
    accumulator: str = ""

    @property
    def name(self) -> str:
        """The mnemonic."""
        return self.text.split()[0]

    @property
    def length(self) -> int:
        """Cycles until the result is written: results are written in the order of the program."""
        if self.name == "str":
            return 0
        if self.name in ("ssat", "qadd16"):
            return 3
        return 2 if self.name in MULTIPLY else 1


def parse(text: str) -> Instruction:
    """An instruction in the few forms the kernels use."""
    name, _, rest = text.partition(" ")
    operands = [part.strip(" []") for part in rest.split(",")]
    registers = [part for part in operands if part in _REGISTERS]
    if name == "str":
        return Instruction(text, tuple(registers), ("memory",), tuple(registers[1:]))
    if name == "ldr":
        return Instruction(text, (*registers[1:], "memory"), (registers[0],), tuple(registers[1:]))
    if name == "mov":
        return Instruction(text, tuple(registers[1:]), (registers[0],))
    if name in ("cmp", "tst"):
        return Instruction(text, tuple(registers), ("flags",))
    if name == "subs":
        return Instruction(text, tuple(registers[1:]), (registers[0], "flags"))
    if name in MULTIPLY:
        accumulator = registers[3] if len(registers) > 3 else ""
        return Instruction(text, tuple(registers[1:]), (registers[0],), tuple(registers[1:3]), accumulator)
    early = tuple(registers[2:]) if "asr" in rest or "lsl" in rest else ()
    if name == "ssat":
        early = ()
    return Instruction(text, tuple(registers[1:]), (registers[0],), early)


_REGISTERS = {f"r{n}" for n in range(13)} | {"lr", "sp"}


def _delay(before: Instruction, after: Instruction) -> int | None:
    """Cycles `after` must stay behind `before`; None: free. 0 means the same cycle will do, in this order."""
    needed: int | None = None
    for register in before.writes:
        if register in after.reads and register != "memory":
            if before.name in MULTIPLY and register == after.accumulator and register not in after.early:
                wait = 1
            else:
                wait = before.length + (register in after.early)
            needed = max(needed or 0, wait)
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


def _place(instruction: Instruction) -> str:
    return instruction.text[instruction.text.index("[") :].replace(" ", "")


def schedule(lines: Sequence[str], loops: bool = False, attempts: int = 150) -> list[str]:
    """The same instructions in an order that stalls less: the best of some list schedules with jittered priorities.

    loops: the code is a loop's body, so what counts is how fast it follows on itself. Same input, same output.
    """
    code = [parse(line) for line in lines]
    edges = _edges(code)
    heights = _heights(_edges([*code, *code]) if loops else edges, [*code, *code] if loops else code)[: len(code)]
    generator = random.Random(len(lines))
    best: list[int] = []
    least = None
    for attempt in range(attempts):
        spread = 0.0 if attempt == 0 else 1.0 + attempt % 4
        order = _list_schedule(code, edges, [height + generator.uniform(-spread, spread) for height in heights])
        instructions = [code[i] for i in order]
        cost = duration(instructions * 3) if loops else duration(instructions)
        if least is None or cost < least:
            best, least = order, cost
    return [code[i].text for i in best]


def _edges(code: Sequence[Instruction]) -> list[list[tuple[int, int]]]:
    edges: list[list[tuple[int, int]]] = [[] for _ in code]
    for j, after in enumerate(code):
        for i in range(j):
            delay = _delay(code[i], after)
            if delay is not None:
                edges[i].append((j, delay))
    return edges


def _heights(edges: Sequence[Sequence[tuple[int, int]]], code: Sequence[Instruction]) -> list[float]:
    """Cycles from each instruction to the end along the longest chain."""
    heights = [0.0] * len(code)
    for i in reversed(range(len(code))):
        heights[i] = max([code[i].length, *(heights[j] + delay for j, delay in edges[i])])
    return heights


def duration(code: Sequence[Instruction]) -> int:
    """Cycles until the last instruction is issued, two a cycle in the given order."""
    ready: dict[str, int] = {}  # when an ordinary consumer may read a register
    quick: dict[str, int] = {}  # when another multiply-accumulate may go on with it
    stored: dict[str, int] = {}
    cycle, slots, last_write = 0, 0, 0
    units: set[str] = set()
    for instruction in code:
        at = cycle
        for register in instruction.reads:
            if register == "memory":
                at = max(at, stored.get(_place(instruction), 0))
            elif register == instruction.accumulator and register not in instruction.early:
                at = max(at, quick.get(register, 0))
            else:
                at = max(at, ready.get(register, 0) + (register in instruction.early))
        if instruction.length:
            at = max(at, last_write - instruction.length)
        if at > cycle:
            cycle, slots, units = at, 0, set()
        if slots == 2 or units & _units(instruction):
            cycle, slots, units = cycle + 1, 0, set()
        slots += 1
        units |= _units(instruction)
        if instruction.length:
            last_write = max(last_write, cycle + instruction.length)
        for register in instruction.writes:
            if register == "memory":
                stored[_place(instruction)] = cycle + 1
            else:
                ready[register] = cycle + instruction.length
                quick[register] = cycle + (1 if instruction.name in MULTIPLY else instruction.length)
    return cycle + 1


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
        units: set[str] = set()
        for _slot in range(2):
            fitting = [
                i
                for i in ready
                if earliest[i] <= cycle
                and not units & _units(code[i])
                and (code[i].length == 0 or cycle + code[i].length >= last_write)
            ]
            if not fitting:
                break
            candidates = [code[k] for k in fitting]
            best = max(fitting, key=lambda i: (_preference(code[i], taken, candidates), height[i], -i))
            ready.discard(best)
            taken.append(best)
            units |= _units(code[best])
            last_write = max(last_write, cycle + code[best].length)
            for j, delay in edges[best]:
                waiting[j] -= 1
                earliest[j] = max(earliest[j], cycle + delay)
                if waiting[j] == 0:
                    ready.add(j)
        order += taken
        cycle += 1
    return order


def _preference(instruction: Instruction, taken: Sequence[int], fitting: Sequence[Instruction]) -> int:
    if taken:
        return min(instruction.length, 2) if instruction.length else 2
    return 1 if instruction.length == 1 and any(i.length != 1 for i in fitting) else 0


def _units(instruction: Instruction) -> set[str]:
    units = set()
    if instruction.name in MULTIPLY:
        units.add("multiplier")
    if instruction.name in SIMD:
        units.add("simd")
    if instruction.name in SHIFTER or "asr" in instruction.text or "lsl" in instruction.text:
        units.add("shifter")
    if instruction.name == "str":
        units.add("store")
    return units
