"""Order and registers at once, for straight-line Cortex-M7 code written with free names.

What is called v0, v1, ... may stand in any register that is free while it is needed; every other register stays as
written. Which register a value gets decides what can overlap, so the list scheduler hands them out as it goes.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from gritspace.quantize.m7.anneal import anneal
from gritspace.quantize.m7.schedule import (
    Instruction,
    delay,
    duration,
    heights,
    may_issue,
    parse,
    preference,
    units,
)

_FREE = re.compile(r"\bv\d+\b")
_REGISTER = re.compile(r"\b(?:r\d+|lr)\b")
POOL = (*(f"r{n}" for n in range(13)), "lr")


def names() -> Iterator[str]:
    """v0, v1, ... : a new name for every value."""
    return (f"v{n}" for n in count())


def arrange(
    lines: Sequence[str],
    live_out: Sequence[str],
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    attempts: int = 900,
    steps: int = 0,
    loops: bool = False,
    second_percent: int = 0,
) -> list[str]:
    """lines -> the same instructions, in the best order found, with registers for the free names.

    live_out: registers whose last value is needed afterwards. before, after: what runs around these lines, for the
    cost. steps: how long the best order, or the one given if none is found, is then made better by annealing. A free
    name is written once. Same input, same output. Raises ValueError if registers do not suffice.
    """
    problem = _Problem([parse(line) for line in lines], frozenset(live_out))
    context = [parse(line) for line in before], [parse(line) for line in after]
    generator = random.Random(len(lines))

    def tried(priority: list[float], early: float) -> tuple[float, list[tuple[int, str]]]:
        found = problem.attempt(priority, early)
        if found is None:
            return float("inf"), []
        return duration([*context[0], *(parse(line) for _, line in found), *context[1]]), found

    best, priority, early = (float("inf"), list[tuple[int, str]]()), problem.height, 8.0
    for attempt in range(attempts):
        if attempt < attempts // 3:  # whole kinds of instructions sooner or later: long ones block short ones behind
            spread = attempt % 5
            kinds = {name: generator.uniform(-12, 12) if attempt % 3 else 0.0 for name in problem.kinds}
            wanted = [
                height + kinds[instruction.name] + generator.uniform(-spread, spread)
                for height, instruction in zip(problem.height, problem.code, strict=True)
            ]
            ahead = (4.0, 8.0, 12.0, 20.0)[attempt // 3 % 4]
        else:  # from the best one on, a few at a time
            wanted, ahead = list(priority), early + generator.choice((0.0, 0.0, 0.0, -2.0, 2.0))
            for _ in range(generator.choice((1, 2, 4))):
                wanted[generator.randrange(len(wanted))] += generator.uniform(-8, 8)
        result = tried(wanted, ahead)
        if result[0] <= best[0] and result[1]:
            best, priority, early = result, wanted, ahead
    if steps == 0:
        if not best[1]:
            raise ValueError("no order found in which the registers suffice")
        return [line for _, line in best[1]]
    begin = [index for index, _ in best[1]] or list(range(len(lines)))
    order, register = anneal(problem.code, begin, frozenset(live_out), *context, steps, loops, second_percent)
    return [_FREE.sub(lambda m: register[m[0]], problem.code[index].text) for index in order]


def refine(
    lines: Sequence[str],
    live_out: Sequence[str],
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    steps: int = 0,
    loops: bool = False,
    mean_percent: int = 0,
) -> list[str]:
    """Code that has its order and registers, made better by annealing. Accumulators stay where they are, as does what
    is there before and afterwards; all else may go to other registers. Arguments: arrange's, and anneal's."""
    code = [parse(line) for line in lines]
    free, had = names(), dict[str, str]()
    stays = set(live_out) | {"flags", "memory"}
    last = {register: at for at, instruction in enumerate(code) for register in instruction.writes}
    present: dict[str, str] = {}
    renamed: list[Instruction] = []
    for at, instruction in enumerate(code):
        name, _, operands = instruction.text.partition(" ")
        written = [register for register in instruction.writes if register not in ("flags", "memory")]
        target, comma, rest = operands.partition(",") if written else ("", "", operands)
        rest = _REGISTER.sub(lambda m: present.get(m[0], m[0]), rest)
        for register in written:
            if register in instruction.reads[2:] or (register in stays and last[register] == at):
                present.pop(register, None)  # an accumulator, or what is wanted afterwards
            else:
                present[register] = next(free)
                had[present[register]] = register
            target = present.get(register, register)
        renamed.append(parse(f"{name} {target}{comma}{rest}"))
    context = [parse(line) for line in before], [parse(line) for line in after]
    order, register_of = anneal(
        renamed, range(len(code)), frozenset(live_out), *context, steps, loops, 0, had, mean_percent
    )
    return [_FREE.sub(lambda m: register_of[m[0]], renamed[index].text) for index in order]


@dataclass
class _State:
    """Who holds each register, and how often each value is still to be read."""

    register: dict[str, str] = field(default_factory=dict)  # of a free name
    reads_left: Counter[str] = field(default_factory=Counter)  # of a free name, or of 'r3@17': r3 as written by line 17
    taken: set[str] = field(default_factory=set)


class _Problem:
    def __init__(self, code: list[Instruction], live_out: frozenset[str]) -> None:
        self.code = code
        self.edges: list[list[tuple[int, int]]] = [[] for _ in code]
        for j, later in enumerate(code):
            for i in range(j):
                wait = delay(code[i], later)
                if wait is not None:
                    self.edges[i].append((j, wait))
        self.height = heights(self.edges, code)
        self.kinds = sorted({instruction.name for instruction in code})
        self._number_values(live_out)

    def _number_values(self, live_out: frozenset[str]) -> None:
        """Every read and write of a fixed register gets the value it means: 'r3@17'."""
        present = {register: f"{register}@in" for register in POOL}
        self.reads: list[list[str]] = []
        self.writes: list[list[str]] = []
        self.start = _State()
        self.next_write: dict[str, list[int]] = {register: [] for register in POOL}
        for index, instruction in enumerate(self.code):
            reads = [present.get(r, r) for r in instruction.reads if r in present or _FREE.fullmatch(r)]
            self.start.reads_left.update(reads)
            self.reads.append(reads)
            self.writes.append([])
            for register in instruction.writes:
                if register in present:
                    present[register] = f"{register}@{index}"
                    self.next_write[register].append(index)
                    self.writes[-1].append(present[register])
                elif _FREE.fullmatch(register):
                    self.writes[-1].append(register)
        for register in POOL:
            if register in live_out:
                self.start.reads_left[present[register]] += 1
            if self.start.reads_left[f"{register}@in"] > 0:
                self.start.taken.add(register)
        makers = Counter(r for i, reads in enumerate(self.reads) for r in set(reads) if self._makes_free(i))
        self.forking = {value for value, times in makers.items() if times > 1 and "@" not in value}

    def _makes_free(self, index: int) -> bool:
        return any("@" not in value for value in self.writes[index])

    def attempt(self, priority: Sequence[float], early: float) -> list[tuple[int, str]] | None:
        """One list schedule: places in the code, and lines. None: it got stuck.

        early: how long before its turn a value may take a register.
        """
        state = _State({}, Counter(self.start.reads_left), set(self.start.taken))
        waiting = [0] * len(self.code)
        for following in self.edges:
            for j, _ in following:
                waiting[j] += 1
        earliest = [0] * len(self.code)
        ready = {i for i in range(len(self.code)) if waiting[i] == 0}
        done: set[int] = set()
        lines: list[tuple[int, str]] = []
        cycle = last_write = idle = 0
        while ready:
            taken: list[int] = []
            used: set[str] = set()
            for _slot in range(2):
                soon = max((priority[i] for i in range(len(self.code)) if i not in done), default=0.0) - early
                fitting = [
                    i
                    for i in ready
                    if earliest[i] <= cycle
                    and may_issue(self.code[i], cycle, taken, used, last_write)
                    and self._has_register(i, state, priority[i] >= soon)
                ]
                if not fitting:
                    break
                candidates = [self.code[k] for k in fitting]
                best = max(fitting, key=lambda i: (preference(self.code[i], taken, candidates), priority[i], -i))
                ready.discard(best)
                done.add(best)
                taken.append(best)
                used |= units(self.code[best])
                last_write = max(last_write, cycle + self.code[best].length)
                lines.append((best, self._issue(best, state, done, priority)))
                for j, wait in self.edges[best]:
                    waiting[j] -= 1
                    earliest[j] = max(earliest[j], cycle + wait)
                    if waiting[j] == 0:
                        ready.add(j)
            idle = 0 if taken else idle + 1
            early += 4.0 * (idle > 3)
            if idle > 20:
                return None
            cycle += 1
        return lines

    def _freed(self, index: int, state: _State) -> set[str]:
        """Registers that this instruction is the last to read."""
        freed = set()
        for value, times in Counter(self.reads[index]).items():
            if state.reads_left[value] == times:
                freed.add(state.register[value] if value in state.register else value.split("@")[0])
        return freed

    def _has_register(self, index: int, state: _State, soon: bool) -> bool:
        freed = self._freed(index, state)
        room = len(POOL) - len(state.taken - freed)
        for value in self.writes[index]:
            if "@" in value:
                if value.split("@")[0] in state.taken - freed or not (freed or soon):
                    return False
                continue
            # a value from which others are made keeps a register back for them
            kept = sum(1 for v in state.register if self._forks(v, state) and v not in self.reads[index])
            if room < 1 + kept + (value in self.forking) or not (freed or soon):
                return False
        return True

    def _forks(self, value: str, state: _State) -> bool:
        return value in self.forking and state.reads_left[value] > 1

    def _issue(self, index: int, state: _State, done: set[int], priority: Sequence[float]) -> str:
        text = _FREE.sub(lambda m: state.register.get(m[0], m[0]), self.code[index].text)
        state.taken -= self._freed(index, state)
        state.reads_left.subtract(self.reads[index])
        for value in self.writes[index]:
            if "@" in value:
                if state.reads_left[value] > 0:
                    state.taken.add(value.split("@")[0])
                continue
            free = [register for register in POOL if register not in state.taken]

            def wanted(register: str) -> float:
                """How soon its next fixed value waits for it."""
                return max((priority[i] for i in self.next_write[register] if i not in done), default=-1.0)

            chosen = min(free, key=wanted)
            state.register[value] = chosen
            state.taken.add(chosen)
            text = re.sub(rf"\b{value}\b", chosen, text)
        return text
