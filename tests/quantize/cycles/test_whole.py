"""The price of the whole audio interrupt: its pipeline, its caches, its branches, and what comes of them together."""

from __future__ import annotations

import itertools

import pytest

from gritspace.quantize.cycles import pipeline
from gritspace.quantize.cycles.branches import Predictor
from gritspace.quantize.cycles.build import CyclesError, Firmware
from gritspace.quantize.cycles.estimate import estimate_cycles
from gritspace.quantize.cycles.memory import CACHE_BYTES, DATA_WAYS, LINE_BYTES, LINE_CYCLES, Cache
from gritspace.quantize.cycles.real_time import (
    AROUND_CYCLES,
    CYCLES_A_THOUSAND_INSTRUCTIONS,
    FAST_STATE_BYTES,
    KNOBS_CYCLES,
)
from gritspace.quantize.cycles.shapes import a2
from gritspace.quantize.cycles.whole import price_whole
from gritspace.quantize.model.grit import to_bytes
from gritspace.train.network.tcn import LayerArrayConfig as Array
from gritspace.train.network.tcn import TcnConfig
from tests.firmware.engine.test_kernels_m7 import model_of


@pytest.mark.parametrize(
    ("code", "cycles"),
    [
        (["smlad r0, r1, r2, r0"] * 10, 10),  # a product a cycle, chained by its accumulator
        (["smlad r0, r1, r2, r0", "ldr r3, [r4, #0]"] * 10, 10),  # and a load beside each
        (["smlad r0, r1, r2, r0", "str r3, [r4, #0]"] * 10, 20),  # but no store
        (["ldr r1, [r4, #0]", "smlad r0, r1, r2, r0"], 3),  # no product of what was loaded in the cycle before
        (["ldr r1, [r4, #0]", "add r0, r1, r2"], 2),  # an addition takes it
        (["ldr r1, [r4, #0]", "ldr r2, [r4, #4]"] * 6, 6),  # even and odd words
        (["ldr r1, [r4, #0]", "ldr r2, [r4, #8]"] * 6, 12),  # the same bank
        (["str r1, [r4, #0]", "str r2, [r4, #4]"] * 6, 12),  # one store
        (["pkhbt r1, r2, r3, lsl #16", "ssat r4, #16, r5"] * 6, 12),  # one DSP instruction
        (["ldm r0, {r1, r2, r3, r4}"] * 4, 8),  # two registers a cycle
        (["ldr r1, [r0, #0]", "ldr r2, [r1, #0]", "ldr r3, [r2, #0]"], 5),  # addresses are needed a cycle sooner
    ],
)
def test_the_pipeline_follows_the_rules_that_were_measured(code: list[str], cycles: int) -> None:
    """jnk0le/random, doc/cortex_m7.md."""
    assert pipeline.cycles(code) == cycles


def test_an_instruction_that_the_rules_do_not_know_is_an_error() -> None:
    with pytest.raises(CyclesError, match="know no instruction wibble"):
        pipeline.cycles(["wibble r0, r1"])


def test_a_cache_holds_sixteen_kilobytes_and_drops_what_was_used_longest_ago() -> None:
    cache, lines = Cache(DATA_WAYS), CACHE_BYTES // LINE_BYTES
    assert all(cache.touch(n * LINE_BYTES, "axi") == LINE_CYCLES["axi"] for n in range(lines))
    assert all(cache.touch(n * LINE_BYTES + 28, "axi") == 0 for n in range(lines))
    assert cache.touch(CACHE_BYTES, "axi") > 0  # one line more than four ways hold: the first goes
    assert cache.touch(LINE_BYTES, "axi") == 0
    assert cache.touch(0, "axi") > 0
    assert cache.misses == {"axi": lines + 2}
    cache.disturb(1.0)
    assert cache.touch(LINE_BYTES, "axi") > 0


def test_a_loop_surprises_once_a_round_and_a_return_when_another_called() -> None:
    text = {0: "bne 0x0", 4: "nop", 8: "bx lr", 100: "nop", 200: "nop"}
    firmware = Firmware(b"", text, dict.fromkeys(text, 4), {}, 0, (0,), ("f",))
    loop, exit_, back = (0, 4), (4, 4), (8, 4)
    known = Predictor(firmware)
    one_round = [loop] * 16 + [exit_]
    known.mispredicted(one_round)
    assert sum(known.mispredicted(one_round)) == 1
    callers = itertools.chain.from_iterable([back, (at, 4)] for at in (100, 100, 200, 100))
    assert [w for w, run in zip(known.mispredicted(list(callers)), [back, 0] * 4, strict=False) if run == back] == [
        1,
        0,
        1,
        1,
    ]


@pytest.mark.slow
def test_the_whole_price_holds_the_engine_and_grows_by_what_lies_behind_the_cache() -> None:
    """Twice the same network, once with histories that do not fit into DTCM."""
    short = price_whole(to_bytes(model_of(TcnConfig((Array(8, (3,) * 6, (1, 2, 4, 100, 200, 300)),)))))
    long = price_whole(to_bytes(model_of(TcnConfig((Array(8, (3,) * 6, (1, 2, 4, 1000, 2000, 3000)),)))))
    for price in (short, long):
        assert price.engine.optimistic < price.engine.pessimistic < price.whole.pessimistic
        assert price.engine.optimistic < price.whole.optimistic < price.whole.pessimistic
        assert price.admitted
    assert short.regions["slow"] == 0
    assert 0 < short.regions["fast"] <= FAST_STATE_BYTES
    assert long.regions["slow"] > 2 * 3000 * 8 * 2
    assert long.parts["waits_engine"] > short.parts["waits_engine"] + 10
    assert long.engine.optimistic == pytest.approx(short.engine.optimistic, rel=0.05)


@pytest.mark.slow
def test_what_boards_estimate_by_is_what_the_largest_known_network_takes() -> None:
    """A2-Full: what lies around the engine, and cycles for instructions, where a board can measure only these."""
    report = estimate_cycles(model_of(a2(8)))
    assert report.admitted
    assert report.whole["pessimistic"] - report.engine["pessimistic"] == pytest.approx(
        AROUND_CYCLES + KNOBS_CYCLES, rel=0.1
    )
    cycles = 1000 * report.engine["pessimistic"] / report.instructions_per_frame
    assert cycles == pytest.approx(CYCLES_A_THOUSAND_INSTRUCTIONS, rel=0.03)
