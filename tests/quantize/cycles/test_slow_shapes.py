"""Legal models as dear as their shapes let them be, by the engine's own price: none holds a module's main loop.

A module refuses by shapes alone (`grit_model_products`) what no processor of its speed can play, and tries out the
rest; a trial ends with the first block that is over budget, so that block is what the main loop waits for.
"""

from __future__ import annotations

import numpy as np
import pytest

from gritspace.quantize.cycles.estimate import _cost
from gritspace.quantize.cycles.real_time import AROUND_CYCLES, LIMIT_CYCLES
from gritspace.quantize.cycles.trace import EmulatedEngine
from gritspace.quantize.model.c_engine import check_blob
from gritspace.quantize.model.grit import to_bytes
from gritspace.train.network.shapes import LayerArrayConfig as Array
from gritspace.train.network.shapes import TcnConfig
from tests.firmware.engine.test_kernels_m7 import model_of
from tests.quantize.model.extremes import loud
from tests.quantize.model.slow_model import wide_model
from tests.reliability import LONG, campaign

PRODUCTS_A_CYCLE, FRAME_CYCLES = 4, 10_000
"""As in firmware/module/module.c: no Cortex-M7 does more, a SMLAD being two products and one a cycle."""
FIRST_FRAMES, BLOCK_CYCLES = 12, 480_000
"""Tried alone, and what they may take is twice a block's share: firmware/module/sound/voice.c."""
HELD_CYCLES = 48_000_000
"""100 ms."""
WAITS = 2
"""Caches that hold nothing yet, flash that is slow: the dearest known whole costs 1.3 times its executed price."""
SLOT_BYTES = 31 * 4096


def layers(channels: int, count: int, kernel: int = 1, dilation: int = 1, activation: str = "leaky_relu") -> Array:
    return Array(channels, (kernel,) * count, (dilation,) * count, activation)


SHAPES = {
    "many narrow layers": TcnConfig((layers(2, 64, 2, activation="tanh"),)),
    "wide layers, as many as pass": TcnConfig((layers(32, 17),)),
    "long kernels": TcnConfig((layers(16, 2, 64),)),
    "the furthest look back": TcnConfig((layers(16, 3, 2, 16_384),)),
    "a huge FiLM": TcnConfig((layers(8, 16, 2),), position_size=16, film_hidden=64),
    "four arrays": TcnConfig(
        tuple(Array(c, (2,) * 16, (1,) * 16, "tanh", head_size=h) for c, h in ((2, 4), (4, 6), (6, 8), (8, 1)))
    ),
}


def test_the_block_that_ends_a_trial_is_far_shorter_than_the_main_loop_may_wait() -> None:
    longest = 0
    with campaign("slow but legal models, by the engine's price") as told:
        for name in SHAPES if LONG else ["many narrow layers"]:
            model = model_of(SHAPES[name])
            blob = to_bytes(model)
            assert check_blob(blob) == 0
            assert len(blob) <= SLOT_BYTES
            first, block = held(EmulatedEngine(blob), model.position_count)
            assert WAITS * (first + block) < HELD_CYCLES / 4, name
            if model.macs_per_frame > PRODUCTS_A_CYCLE * FRAME_CYCLES:
                assert first / FIRST_FRAMES > LIMIT_CYCLES - AROUND_CYCLES, f"{name}: refused, and could be played"
            longest = max(longest, first + block)
            told.cases += 1
        told.notes = f"a Seed's main loop is held for {longest / 480_000:.1f} ms at most"


def held(engine: EmulatedEngine, positions: int) -> tuple[int, int]:
    """Cycles of the frames that are tried alone, and of the block behind them; 0: it is not tried."""
    audio = loud(480, np.random.default_rng(1))
    first = _cost(engine, audio, FIRST_FRAMES, 1, positions).total
    too_much = first > 2 * (LIMIT_CYCLES / FRAME_CYCLES) * BLOCK_CYCLES
    return first, 0 if too_much else _cost(engine, audio, 48, 1, positions).total


@pytest.mark.parametrize(("count", "kernel"), [(2, 19), (2, 58)] if LONG else [(2, 19)])
def test_what_is_refused_by_its_shape_cannot_be_played_in_time_by_the_engines_price(count: int, kernel: int) -> None:
    model = wide_model(count, kernel)
    blob = to_bytes(model)
    assert check_blob(blob) == 0
    assert model.macs_per_frame > PRODUCTS_A_CYCLE * FRAME_CYCLES
    first, block = held(EmulatedEngine(blob), 0)
    assert first / FIRST_FRAMES > 1.5 * LIMIT_CYCLES
    assert WAITS * (first + block) < HELD_CYCLES, "even if it were tried"
