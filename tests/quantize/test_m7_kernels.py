"""The generated assembly is what its generator writes, and its schedule changes nothing but the order."""

from __future__ import annotations

from collections import Counter

import pytest

from gritspace.quantize.engine import SOURCES
from gritspace.quantize.m7_kernels import (
    EXACT,
    PAIRS,
    convolution,
    copy,
    formatted,
    head,
    narrow,
    residual,
    shift,
    skip,
    skip_two,
)
from gritspace.quantize.m7_schedule import duration, parse, schedule


@pytest.mark.parametrize("pairs", [1, 2])
def test_the_committed_assembly_is_what_the_generator_writes(pairs: int) -> None:
    committed = (SOURCES / "kernels_m7.S").read_text()
    functions = [residual(pairs), head(pairs), skip(pairs), skip_two(pairs), shift(pairs), narrow(), copy()]
    functions += [convolution(pairs, kind) for kind in ("linear", "leaky", "tanh")]
    functions += [convolution(pairs, kind, taps) for kind, taps, widths in EXACT if pairs in widths]
    for function in functions:
        assert "\n".join(formatted(function)) in committed


def test_every_width_has_its_tiles() -> None:
    committed = (SOURCES / "kernels_m7.S").read_text()
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
