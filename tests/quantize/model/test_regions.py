"""An engine's state in two kinds of memory: planned by heat, the same bits wherever it lies."""

from __future__ import annotations

import numpy as np

from gritspace.quantize.cycles import real_time
from gritspace.quantize.model import reference
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from tests.quantize.conftest import make_model

AUDIO = (np.random.default_rng(3).standard_normal(3000) * 7000).astype(np.int16)


def test_the_sound_is_the_same_wherever_the_state_lies(model: IntegerModel) -> None:
    blob = to_bytes(model)
    whole = Engine(blob)
    expected = whole.process(AUDIO)
    assert np.array_equal(expected, reference.run(model, AUDIO))
    for share in (0.95, 0.8, 0.6, 0.4, 0.2, 0.0):
        fast = int(whole.state_bytes * share)
        engine = Engine(blob, fast_bytes=fast)
        assert engine.regions["fast"] <= fast
        assert engine.regions["fast"] + engine.regions["slow"] >= whole.state_bytes
        assert np.array_equal(engine.process(AUDIO), expected), share


def test_the_longest_history_leaves_fast_memory_first() -> None:
    """Of this shape's layers the last but one looks back furthest by far: 2 times 300 frames of two channels."""
    blob = to_bytes(make_model("small_tanh_space"))
    whole = Engine(blob).state_bytes
    assert Engine(blob, fast_bytes=whole).regions["slow"] == 0
    one = Engine(blob, fast_bytes=whole - 8).regions
    longest = 2 * 300 * 2 * 2
    assert longest < one["slow"] < 3 * longest
    assert Engine(blob, fast_bytes=one["fast"]).regions == one


def test_the_core_is_the_least_fast_memory_that_is_used_at_all(model: IntegerModel) -> None:
    """As found by asking for ever less, which takes a plan for each history."""
    blob = to_bytes(model)
    core = found = Engine(blob).state_bytes
    while found > 0:
        core, found = found, Engine(blob, fast_bytes=found - 1).regions["fast"]
    assert Engine(blob).core_bytes == core


def test_the_firmware_has_the_one_definition_of_real_time() -> None:
    """Written by `python -m gritspace.quantize.cycles.real_time`."""
    assert real_time.HEADER.read_text() == real_time.c_header()
