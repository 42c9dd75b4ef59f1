"""What an instruction trace costs on a Cortex-M7, by LLVM's published schedule of that core (`llvm-mca`).

The trace is priced basic block by basic block, each in the context of the blocks executed just before it: a block's
cost is the cycles of context and block together less the cycles of the context alone, so that what overlaps across a
branch is counted once. Equal (context, block) pairs are priced once.

LLVM's schedule takes a load or store of several registers for a single access. Here they are priced as that many
single ones (two loads a cycle, one store a cycle), which is what the core's two 32-bit data ports can do at best. It
charges 100 cycles for a call, for a callee it does not see; here the callee is in the trace, and a call is a branch.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence

from gritspace.quantize.cycles import pipeline
from gritspace.quantize.cycles.build import SCHEDULE, CyclesError, Firmware
from gritspace.quantize.cycles.trace import Trace, instructions

CONTEXT_INSTRUCTIONS = 12
"""A context is as many whole blocks as hold this many instructions: longer than any latency of the core."""
MAX_CONTEXT_BLOCKS = 6

_LIST = re.compile(r"^(ldm\w*(?:\.w)?|pop(?:\.w)?)\s+(?:(\w+)(!?),\s*)?\{(.*)\}")
_STORE_LIST = re.compile(r"^(stm\w*(?:\.w)?|push(?:\.w)?)\s+(?:(\w+)(!?),\s*)?\{(.*)\}")
_PAIR = re.compile(r"^(ldr|str)d(?:\.w)?\s+(\w+),\s*(\w+),\s*\[(\w+)(?:,\s*#(-?\d+))?\](.*)$")
_BRANCH = re.compile(r"^(b|bl|b(?:eq|ne|hs|cs|lo|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le))(\.w|\.n)?\s+(?:#|0x|-?\d)\S*")
_ZERO_BRANCH = re.compile(r"^(cbn?z)\s+(\w+),\s*\S+")

Key = tuple[tuple[int, int], ...]


def price(firmware: Firmware, trace: Trace) -> list[int]:
    """Cycles of every run of the trace, in order, by LLVM's schedule. Their sum is the trace's."""

    def totals(keys: list[Key]) -> list[int]:
        texts = {run: "\n".join(priced_form(firmware, run)) for key in keys for run in key}
        return _total_cycles(["\n".join(texts[run] for run in key) for key in keys])

    return _by_blocks(firmware, trace, totals)


def measured_price(firmware: Firmware, trace: Trace) -> list[int]:
    """The same by the rules measured on a real core (`pipeline.py`), which are dearer."""

    def totals(keys: list[Key]) -> list[int]:
        return [pipeline.cycles([firmware.text[a] for run in key for a in instructions(firmware, run)]) for key in keys]

    return _by_blocks(firmware, trace, totals)


def _by_blocks(firmware: Firmware, trace: Trace, total_cycles: Callable[[list[Key]], list[int]]) -> list[int]:
    lengths = {run: sum(1 for _ in instructions(firmware, run)) for run in set(trace.runs)}
    keys: list[Key] = []
    for i in range(len(trace.runs)):
        start, held = i, 0
        while start > 0 and held < CONTEXT_INSTRUCTIONS and i - start < MAX_CONTEXT_BLOCKS:
            start -= 1
            held += lengths[trace.runs[start]]
        keys.append(tuple(trace.runs[start : i + 1]))
    wanted: dict[Key, None] = {}
    for key in keys:
        wanted.setdefault(key)
        wanted.setdefault(key[:-1])
    sequences = [key for key in wanted if key]
    totals = dict(zip(sequences, total_cycles(sequences), strict=True))
    totals[()] = 0
    return [totals[key] - totals[key[:-1]] for key in keys]


def priced_form(firmware: Firmware, run: tuple[int, int]) -> list[str]:
    """A basic block in llvm-mca's assembly: branches without targets, multiple transfers as single ones."""
    lines: list[str] = []
    conditional = 0
    for address in instructions(firmware, run):
        text = firmware.text[address]
        if re.match(r"it[te]*\s", text):  # the schedule has no IT: a slot of its own, then as if unconditional
            conditional = len(text.split()[0]) - 1
            text = "nop"
        elif conditional:
            conditional -= 1
            text = re.sub(
                r"^([a-z0-9]+?)(?:eq|ne|hs|cs|lo|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)((?:\.\w+)*)(?=\s)", r"\1\2", text
            )
        lines += _single(text)
    return lines


def _single(text: str) -> list[str]:
    text = re.sub(r"\s+", " ", text)
    if _BRANCH.match(text):
        return [_BRANCH.sub(lambda m: f"{'b' if m[1] == 'bl' else m[1]}.w #0", text)]
    if text.startswith("vcmp"):  # the schedule has no comparison: an addition that nobody reads
        operands = re.findall(r"\bs\d+\b", text)
        return [f"vadd.f32 s31, {operands[0]}, {operands[-1]}"]
    if text.startswith("blx "):
        return ["bx" + text[3:]]
    if _ZERO_BRANCH.match(text):
        return [_ZERO_BRANCH.sub(r"\1 \2, #4", text)]
    for pattern, verb in ((_LIST, "ldr.w"), (_STORE_LIST, "str.w")):
        match = pattern.match(text)
        if match:
            return _spread(verb, match[2] or "sp", match[4], bool(match[3]) or match[2] is None)
    pair = _PAIR.match(text)
    if pair:
        offset = int(pair[5] or 0)
        step = 4 if offset <= 4088 else -4
        lines = [
            f"{pair[1]}.w {pair[2]}, [{pair[4]}, #{offset}]"
            if offset >= 0
            else f"{pair[1]} {pair[2]}, [{pair[4]}, #{offset}]"
        ]
        second = offset + step
        lines.append(f"{pair[1]} {pair[3]}, [{pair[4]}, #{second}]")
        if pair[1] == "ldr" and pair[2] == pair[4]:
            lines.reverse()
        if pair[6].strip():
            lines.append(f"add.w {pair[4]}, {pair[4]}, #4")
        return lines
    return [text]


def _spread(verb: str, base: str, registers: str, writes_back: bool) -> list[str]:
    names: list[str] = []
    for part in registers.replace(" ", "").split(","):
        if "-" in part:
            first, last = part.split("-")
            names += [f"r{n}" for n in range(int(first[1:]), int(last[1:]) + 1)]
        else:
            names.append(part)
    lines = [f"{verb} {name}, [{base}, #{4 * i}]" for i, name in enumerate(names) if name != base]
    lines += [f"{verb} {base}, [{base}]"] if base in names and not writes_back else []
    if writes_back:
        lines.insert(0, f"add.w {base}, {base}, #{4 * len(names)}")
    returns = [line for line in lines if line.startswith("ldr.w pc")]
    return [line for line in lines if line not in returns] + returns


def _total_cycles(sequences: Sequence[str]) -> list[int]:
    """llvm-mca's total cycles of each sequence, executed once."""
    source = [".syntax unified"]
    for sequence in sequences:
        source += ["# LLVM-MCA-BEGIN", sequence, "# LLVM-MCA-END"]
    command = [
        SCHEDULE,
        "-mtriple=thumbv7em",
        "-mcpu=cortex-m7",
        "-iterations=1",
        "-resource-pressure=false",
        "-instruction-info=false",
    ]
    result = subprocess.run(command, input="\n".join(source) + "\n", capture_output=True, text=True, check=False)
    totals = [int(value) for value in re.findall(r"Total Cycles:\s+(\d+)", result.stdout)]
    if result.returncode != 0 or len(totals) != len(sequences):
        lines = result.stderr.strip().splitlines() or [f"{len(totals)} of {len(sequences)} sequences priced"]
        raise CyclesError(f"{SCHEDULE} could not price the trace: {lines[0]}")
    return totals
