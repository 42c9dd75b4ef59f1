"""Makes an order of instructions better: single ones wander, as in simulated annealing.

What list scheduling cannot do: hold an instruction back although it could run, because a register is wanted sooner
elsewhere. An order counts if registers suffice for it. The walk is in C (m7_anneal.c), compiled when it is needed.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from gritspace.quantize.m7.schedule import LOADS, MULTIPLY, STORES, Instruction, delay, units

POOL = (*(f"r{n}" for n in range(13)), "lr")
LOOP_ROUNDS = 2
"""Of a loop's body, the first one from a standing start."""
MOST = 512
"""As in m7_anneal.c: a source of the round before is written so much higher."""


@dataclass
class Value:
    """What one instruction leaves in a register, for those that read it. writer -1: it was there before."""

    register: str
    writer: int
    readers: list[int] = field(default_factory=list)
    stays: bool = False


def anneal(
    code: Sequence[Instruction],
    order: Sequence[int],
    live_out: frozenset[str],
    before: Sequence[Instruction],
    after: Sequence[Instruction],
    steps: int,
    loops: bool = False,
    second_percent: int = 0,
    had: Mapping[str, str] | None = None,
    mean_percent: int = 0,
) -> tuple[list[int], dict[str, str]]:
    """A better order of straight-line code with free names, and a register for each of them.

    order: the one to begin with. live_out: registers whose last value is needed afterwards. before, after: what runs
    around it; loops: what runs after it is itself, behind `after`. second_percent: how much cycles by the second rules
    (schedule.py's, and: a product cannot take what was loaded in the cycle before, nor issue with a store) count
    beside the first ones. had: registers in which free names are known to fit in that order; values then keep to
    registers they had, as far as they can. mean_percent: how much the mean cycle of all instructions counts, so that
    gaps move to where they add up. Same input, same output. The order stays as it is, with a ValueError, if registers
    do not suffice.
    """
    values = _values(code, live_out)
    numbers = _instructions(code, before, after, loops)
    for j, instruction in enumerate(code):
        earlier = [i for i in range(j) if delay(code[i], instruction) is not None]
        numbers += [len(earlier), *earlier]
    numbers.append(len(values))
    for value in values:
        fixed = POOL.index(value.register) if value.register in POOL else -1
        numbers += [fixed, value.writer, int(value.stays), len(value.readers), *value.readers]
    numbers += [*order, steps, len(code), second_percent, mean_percent, int(had is not None)]
    if had is not None:
        numbers += [POOL.index(had[value.register]) if value.register in had else -1 for value in values]
    result = subprocess.run(
        [_program()], input=" ".join(map(str, numbers)), capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise ValueError("registers do not suffice for the order to begin with")
    found, given = ([int(n) for n in line.split()] for line in result.stdout.splitlines()[1:])
    names = {value.register: POOL[register] for value, register in zip(values, given, strict=True)}
    return found, {name: register for name, register in names.items() if name not in POOL}


@cache
def _program() -> str:
    program = Path(tempfile.mkdtemp()) / "anneal"
    subprocess.run(["cc", "-O2", str(Path(__file__).with_suffix(".c")), "-o", str(program), "-lm"], check=True)
    return str(program)


def _instructions(
    code: Sequence[Instruction], before: Sequence[Instruction], after: Sequence[Instruction], loops: bool
) -> list[int]:
    everything = [*code, *before, *after]
    names = sorted({unit for instruction in everything for unit in units(instruction)})
    context = len(before) + len(after)
    numbers = [len(code), context]
    count = len(code)
    round_of = [*range(count, count + len(before)), *range(count), *range(count + len(before), len(everything))]
    writer: dict[str, int] = {}
    if loops:  # what stands in registers at a round's end, the next one finds
        for index in round_of:
            writer |= dict.fromkeys(everything[index].writes, MOST + index)
    sources: list[list[int]] = [[] for _ in everything]
    for index in round_of:
        instruction = everything[index]
        for register in instruction.reads:
            if register in writer and register != "memory":
                source = everything[writer[register] % MOST]
                wait = instruction.wait(register, source.name == "ldr")
                sources[index] += [writer[register], wait, wait - _held_up(source, instruction, register)]
        writer |= dict.fromkeys(instruction.writes, index)
    for instruction, links in zip(everything, sources, strict=True):
        needs = sum(1 << names.index(unit) for unit in units(instruction))
        product_or_store = int(instruction.name in MULTIPLY or instruction.name in STORES) << len(names)
        numbers += [instruction.length, needs, needs | product_or_store, int("simd" in units(instruction))]
        numbers += [len(links) // 3, *links]
    return [*numbers, len(before), LOOP_ROUNDS if loops else 1]


def _held_up(source: Instruction, instruction: Instruction, register: str) -> int:
    """Cycles longer by the second rules."""
    return int(source.name in LOADS and instruction.name in MULTIPLY and register not in instruction.late)


def _values(code: Sequence[Instruction], live_out: frozenset[str]) -> list[Value]:
    present: dict[str, Value] = {}
    values: list[Value] = []

    def begin(register: str, writer: int) -> Value:
        present[register] = Value(register, writer)
        values.append(present[register])
        return present[register]

    for index, instruction in enumerate(code):
        for register in instruction.reads:
            if register not in ("memory", "sp", "flags"):
                (present.get(register) or begin(register, -1)).readers.append(index)
        for register in instruction.writes:
            if register not in ("memory", "flags"):
                begin(register, index)
    for register in sorted(live_out):
        (present.get(register) or begin(register, -1)).stays = True
    return values
