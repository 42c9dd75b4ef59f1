"""Legal models as dear as their shapes let them be, by the engine's own price: none holds a module's main loop.

A module refuses by shapes alone (`grit_model_products`) what no processor of its speed can play, and tries out the
rest; a trial ends with the first piece that is over budget. What the main loop waits for is that, and all that comes
with it: to check the file, to plan and clear its memory, to fill its histories with silence, to read it for its
SHA-256.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gritspace.host_tools.sound import pair
from gritspace.host_tools.sound.impulse import rounded
from gritspace.quantize.cycles.estimate import _cost
from gritspace.quantize.cycles.real_time import LIMIT_CYCLES
from gritspace.quantize.cycles.trace import EmulatedEngine
from gritspace.quantize.model.c_engine import check_blob
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel, KnobFit
from gritspace.train.network.shapes import LayerArrayConfig as Array
from gritspace.train.network.shapes import TcnConfig
from tests.firmware.engine.test_kernels_m7 import model_of
from tests.quantize.conftest import make_model
from tests.quantize.cycles.opening import Opening, most
from tests.quantize.model.extremes import loud
from tests.quantize.model.slow_model import wide_model
from tests.quantize.morphs import two_alike
from tests.reliability import LONG, campaign

PRODUCTS_A_CYCLE, FRAME_CYCLES = 4, 10_000
"""As in firmware/module/module.c: no Cortex-M7 does more, a SMLAD being two products and one a cycle."""
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
    "a long look back in every layer": TcnConfig((layers(2, 64, 2, 1_000),)),
    "a huge FiLM": TcnConfig((layers(8, 16, 2),), position_size=16, film_hidden=64),
    "four arrays": TcnConfig(
        tuple(Array(c, (2,) * 16, (1,) * 16, "tanh", head_size=h) for c, h in ((2, 4), (4, 6), (6, 8), (8, 1)))
    ),
}
TINY = make_model("relu_snapshot")


def alone(shape: str) -> IntegerModel:
    return model_of(SHAPES[shape])


def behind(shape: str) -> IntegerModel:
    """The second of a pair, of which the first costs nothing."""
    return pair.paired(TINY, alone(shape), "series", 4096)


def twice(shape: str) -> IntegerModel:
    return pair.paired(alone(shape), alone(shape), "crossfade", 4096)


def morphing(shape: str) -> IntegerModel:
    """Every row of both is mixed when it is opened, and again wherever it is begun anew."""
    return pair.paired(*two_alike(SHAPES[shape]), "morph", 4096)


def with_all(shape: str) -> IntegerModel:
    """Behind it the longest impulse response."""
    taps = np.random.default_rng(2).standard_normal(1024) * np.exp(-np.arange(1024) / 200)
    return replace(twice(shape), impulse=rounded(taps / np.abs(taps).sum()), knobs=KnobFit(measured=True))


MODELS: dict[str, tuple[Callable[[str], IntegerModel], str, int, int]] = {
    **{shape: (alone, shape, 0, 0) for shape in SHAPES},
    "a pair whose second looks back": (behind, "a long look back in every layer", 0, 0),
    "a pair whose second is wide": (behind, "wide layers, as many as pass", 0, 0),
    "a pair of many narrow layers": (twice, "many narrow layers", 0, 0),
    "a pair of four arrays": (twice, "four arrays", 0, 0),
    "a morph of many narrow layers": (morphing, "many narrow layers", 0, 0),
    "a morph of four arrays": (morphing, "four arrays", 0, 0),
    **{
        f"a pair, an impulse response, a gate, bend {bend}": (with_all, "many narrow layers", bend, 60)
        for bend in range(1, 5)
    },
}
"""How a model is made, of which shape; the bend on it, the gate in front of it."""
SHORT = (
    "many narrow layers",
    "a morph of many narrow layers",
    "a pair whose second looks back",
    "a pair whose second is wide",
)


def test_no_legal_model_holds_the_main_loop_for_long_while_it_is_opened_and_tried_out() -> None:
    longest, slowest = 0, ""
    with campaign("slow but legal models, by the engine's price") as told:
        for name in MODELS if LONG else SHORT:
            made, shape, bend, gate = MODELS[name]
            blob = to_bytes(made(shape))
            assert check_blob(blob) == 0
            assert len(blob) <= SLOT_BYTES
            held = Opening(blob, bend, gate).held()
            assert held.pieces, f"{name} was not tried out"
            assert held.plays == all(cycles <= most(i) for i, cycles in enumerate(held.pieces))
            assert WAITS * held.cycles < HELD_CYCLES / 2, name
            longest, slowest = max((longest, slowest), (held.cycles, name))
            told.cases += 1
        told.notes = f"a Seed's main loop is held for {longest / 480_000:.1f} ms at most, by {slowest}"


def test_a_file_that_fills_its_slot_is_checked_and_read_in_time() -> None:
    """Refused by its shapes: what is left is to check it, and to read it for its SHA-256."""
    blob = to_bytes(wide_model(2, 58))
    assert 0.95 * SLOT_BYTES < len(blob) <= SLOT_BYTES
    held = Opening(blob).held()
    assert WAITS * held.cycles < HELD_CYCLES


@pytest.mark.parametrize(("count", "kernel"), [(2, 19), (2, 58)] if LONG else [(2, 19)])
def test_what_is_refused_by_its_shape_cannot_be_played_in_time_by_the_engines_price(count: int, kernel: int) -> None:
    model = wide_model(count, kernel)
    blob = to_bytes(model)
    assert check_blob(blob) == 0
    assert model.macs_per_frame > PRODUCTS_A_CYCLE * FRAME_CYCLES
    first = _cost(EmulatedEngine(blob), loud(480, np.random.default_rng(1)), 8, 1).total
    assert first / 8 > 1.5 * LIMIT_CYCLES
    assert first > most(0), "the first frames end its trial, even if it were tried"
