"""The generated assembly is what its generator writes, and its schedule changes nothing but the order."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from gritspace.quantize.firmware_sources import ENGINE
from gritspace.quantize.m7 import check
from gritspace.quantize.m7.assembly import formatted
from gritspace.quantize.m7.convolutions import convolution, head
from gritspace.quantize.m7.kernels import EXACT, PAIRS
from gritspace.quantize.m7.loops import copy, narrow, skip, skip_two
from gritspace.quantize.m7.registers import arrange
from gritspace.quantize.m7.schedule import duration, parse, schedule
from gritspace.quantize.m7.small import gather, shift, spread
from gritspace.quantize.m7.three import three_copy, three_skip_two


@pytest.mark.parametrize("pairs", [1, 2])
def test_the_committed_assembly_is_what_the_generator_writes(pairs: int) -> None:
    """The quick ones: looking for a long tile's order takes minutes."""
    committed = (ENGINE / "generated" / "kernels_m7.S").read_text()
    functions = [head(pairs), skip(pairs), skip_two(pairs), narrow(), copy()]
    functions += [convolution(pairs, "linear")] if pairs == 1 else [three_skip_two(), three_copy()]
    for function in functions:
        assert "\n".join(formatted(function)) in committed


def test_the_small_networks_assembly_is_what_the_generator_writes() -> None:
    """Without the layers, whose order is looked for in minutes."""
    committed = (ENGINE / "generated" / "kernels_m7_small.S").read_text()
    for function in (gather(), spread(), shift()):
        assert "\n".join(formatted(function)) in committed


def test_the_whole_check_looks_at_every_function_there_is() -> None:
    """`make kernels-check` compares all of them, which takes too long here: that it leaves none out."""
    committed = [name for file in check.FILES for name in check.committed(file)]
    assert len(committed) == len(set(committed)) == sum(len(makers) for makers in check.FILES.values())
    texts = [(ENGINE / "generated" / file).read_text() for file in check.FILES]
    symbols = [symbol for text in texts for symbol in re.findall(r"^  \.global (\w+)$", text, re.M)]
    assert sorted(committed) == sorted(set(symbols) - {"grit_m7_tanh_tables"})


def test_the_whole_check_remembers_what_the_same_generators_wrote_and_nothing_else(tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"
    lines = [[check.generators(), "kernels_m7.S", 3, "name", "text"], ["others", "kernels_m7.S", 4, "old", "text"]]
    memory.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert check.remembered(check.generators(), memory) == {("kernels_m7.S", 3): ("name", "text")}
    with memory.open("a") as file:
        file.write('["cut off by a kill')
    assert check.remembered(check.generators(), memory) == {("kernels_m7.S", 3): ("name", "text")}
    assert check.remembered(check.generators(), tmp_path / "none") == {}


def test_the_whole_check_names_a_function_that_was_altered() -> None:
    file = next(iter(check.FILES))
    there = check.committed(file)
    assert check.differing(file, there) == []
    name = sorted(there)[3]
    assert check.differing(file, there | {name: there[name].replace("smlad", "smladx", 1) + " "}) == [name]
    assert check.differing(file, {k: v for k, v in there.items() if k != name}) == [name]


def test_every_width_has_its_tiles() -> None:
    committed = (ENGINE / "generated" / "kernels_m7.S").read_text()
    for pairs in PAIRS:
        for name in (f"convolve_leaky_{2 * pairs}_any", f"residual_{2 * pairs}", f"head_{2 * pairs}"):
            assert f".global grit_m7_{name}\n" in committed
    for kind, taps, widths in EXACT:
        for pairs in widths:
            assert f".global grit_m7_convolve_{kind}_{2 * pairs}_{taps}\n" in committed


def test_scheduling_keeps_every_instruction_and_never_slows() -> None:
    lines = [
        "ldr r8, [r12, #0]",
        "smlad r0, r8, r9, r0",
        "ldr r8, [r12, #4]",
        "smlad r1, r8, r9, r1",
        "add r12, r12, #8",
    ]
    lines += ["ssat r2, #16, r3", "pkhbt r4, r2, r5, lsl #16", "str r4, [sp, #0]", "ldr r6, [sp, #0]"]
    ordered = schedule(lines)
    assert Counter(ordered) == Counter(lines)
    assert ordered.index(lines[0]) < ordered.index(lines[1]) < ordered.index(lines[2]) < ordered.index(lines[3])
    assert ordered.index(lines[7]) < ordered.index(lines[8])
    assert duration([parse(line) for line in ordered]) <= duration([parse(line) for line in lines])


def executed(lines: list[str], start: dict[str, object]) -> tuple[dict[str, object], list[tuple[str, object]]]:
    """Straight-line code by symbols: what every register holds at last, and what was stored where."""
    held, stored = dict(start), []
    for line in lines:
        instruction = parse(line)
        form = re.sub(r"\b([rv]\d+|lr)\b", "_", line)
        values = tuple(held.get(r, r) for r in instruction.reads if r != "memory")
        for register in instruction.writes:
            if register == "memory":
                stored.append((form, values))
            else:
                held[register] = (form, values)
    return held, stored


def test_registers_handed_out_carry_the_same_values() -> None:
    lines = ["ldr v0, [lr, #0]", "ldr v1, [lr, #4]"]
    for n in range(6):
        lines += [f"and v{2 + 2 * n}, v1, r{n}, asr #31", f"add v{3 + 2 * n}, v{2 + 2 * n}, v0"]
        lines += [f"smmulr r{n}, r{n}, v{3 + 2 * n}", f"ssat r{n}, #16, r{n}"]
    for n in range(3):
        lines += [f"pkhbt r{n}, r{n}, r{3 + n}, lsl #16", f"str r{n}, [r12, #{4 * n}]"]
    lines += [f"ldr r{n}, [lr, #{8 + 4 * n}]" for n in range(6)]
    start = {f"r{n}": f"accumulator {n}" for n in range(6)}
    live = (*start, "r11", "r12", "lr")
    ordered = arrange(lines, live, attempts=40)
    assert not any(re.search(r"\bv\d", line) for line in ordered)
    expected, expected_stores = executed(lines, start)
    held, stores = executed(ordered, start)
    assert {r: held.get(r) for r in live} == {r: expected.get(r) for r in live}
    assert sorted(map(repr, stores)) == sorted(map(repr, expected_stores))


def test_too_few_registers_are_said_to_be_too_few() -> None:
    lines = [f"ldr v{n}, [lr, #{4 * n}]" for n in range(14)]
    lines += [f"str v{n}, [r12, #{4 * n}]" for n in range(14)]
    lines.append("add r0, v0, v1")
    lines += [f"add r0, r0, v{n}" for n in range(2, 14)]
    with pytest.raises(ValueError, match="registers"):
        arrange(lines, ("r0", *(f"r{n}" for n in range(1, 13)), "lr"), attempts=3)
