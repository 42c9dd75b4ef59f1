"""Bends: the module's C against the readable twin, to the bit, for snapshots and spaces."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.host_tools.hil import expected
from gritspace.host_tools.link.client import Refusal
from gritspace.host_tools.module import memory, presets_file
from gritspace.host_tools.sound import bends, bent, playing
from gritspace.quantize.model import reference
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import from_bytes, to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.stepwise import Stepwise
from gritspace.train.errors import InputError
from tests.firmware.host.rig import Rig
from tests.firmware.panel.test_controls import codes_of, still
from tests.firmware.sound.test_playing import MIDDLE, play, pulse
from tests.quantize.conftest import make_model, noise, q15

BLOCKS = 40
CURVE = (40, 30, 20, 24, 10, 0, -10, -30)
KINDS = tuple(bends.BENDS)


@cache
def made(shape: str) -> IntegerModel:
    """Made once."""
    return make_model(shape)


def journey(blocks: int, seed: int) -> NDArray[np.int16]:
    """Turns that leap to anywhere, to ends and middles, and stay for a while. (blocks, 4)."""
    rng = np.random.default_rng(seed)
    places = np.concatenate(
        [rng.integers(-32768, 32768, (blocks, 4)), rng.choice([-32768, 0, 300, 32767], (blocks, 4)), np.zeros((20, 4))]
    )
    rng.shuffle(places)
    return np.repeat(places, rng.integers(1, 9, len(places)), axis=0)[:blocks].astype(np.int16)


@pytest.mark.parametrize("name", ["relu_snapshot", "tanh_space"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_sample_is_foretold_while_a_bend_moves(rig: Rig, name: str, kind: str) -> None:
    model = replace(made(name), bend_curve=CURVE)
    rig.blob = to_bytes(model)
    rig.boot()
    audio, turns = q15(2 * noise(48 * BLOCKS)), journey(BLOCKS, 3)
    with rig.client() as client:
        assert memory.select_bend(client, kind).position_count == 4
        samples = client.stream(audio, turns).samples
        assert client.health().bend == kind
        wanted = expected.play(model, audio, turns, kind)
        assert np.array_equal(samples, wanted)
        assert not np.array_equal(samples, reference.run(model, audio))
        assert memory.select_bend(client, "none").position_count == model.played_size
        rest = np.tile(np.array(model.rest_position, np.int16), (BLOCKS, 1))
        assert np.array_equal(client.stream(audio, rest).samples, reference.run(model, audio))


@pytest.mark.parametrize("kind", KINDS)
def test_in_its_middle_a_bend_does_nothing(kind: str) -> None:
    model = replace(made("tanh_space"), bend_curve=CURVE)
    audio = q15(noise(48 * 30))
    near = np.random.default_rng(2).integers(-655, 656, (30, 4)).astype(np.int16)
    assert np.array_equal(expected.play(model, audio, near, kind), reference.run(model, audio))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["two_tanh_arrays", "small_tanh_space", "leaky_space_with_long_head"])
def test_the_c_engine_bends_as_the_readable_one(name: str, kind: str) -> None:
    model = made(name)
    audio, turns = q15(noise(48 * 20)), journey(20, 7)
    fast = bent.play(model, audio, turns, kind, Engine(to_bytes(model)))
    assert np.array_equal(fast, bent.play(model, audio, turns, kind, Stepwise(model)))


def test_a_file_keeps_what_its_bends_are_held_to() -> None:
    model = made("relu_snapshot")
    assert from_bytes(to_bytes(replace(model, bend_curve=CURVE))).bend_curve == CURVE
    assert from_bytes(to_bytes(model)).bend_curve == ()


def test_a_preset_keeps_its_bend_and_what_it_lies_on(rig: Rig) -> None:
    model = made("tanh_space")
    rig.blob = to_bytes(model)
    rig.boot()
    row = {
        "place": 3,
        "played": {"drive": 0.5, "tone": 0, "symmetry": 0, "dynamics": -0.25},
        "bend": {"kind": "rate", "knobs": [0.5, 0, 0, 0.25]},
    }
    with rig.client() as client:
        presets_file.write_module(client, {"presets": [row]}, "made")
        assert presets_file.read_module(client)["presets"][0]["bend"] == row["bend"]
    rig.boot()
    play(rig.module, 150, gate=pulse(10))
    with rig.client() as client:
        assert client.health().bend == "rate"
        assert client.info().position_count == 4
    assert np.abs(rig.module.position() - [16384, 0, 0, 8192]).max() < 2
    with rig.client() as client:
        values = presets_file.read_module(client)
        del values["presets"][0]["bend"]
        presets_file.write_module(client, values, "an older file")
        assert "bend" not in presets_file.read_module(client)["presets"][0]


def test_the_button_and_the_first_knob_choose_a_bend(rig: Rig) -> None:
    rig.blob = to_bytes(made("relu_snapshot"))
    rig.boot()
    left, right = MIDDLE.copy(), MIDDLE.copy()
    right[0] = codes_of(*still(0.9, 0.0, 1))[0][0]
    play(rig.module, 20, left)
    play(rig.module, 60, right, button=lambda block: True)
    with rig.client() as client:
        assert client.health().bend == "none"  # not while the button is down
        before = client.health().preset
    play(rig.module, 120, right)
    with rig.client() as client:
        assert client.health().bend == "rate"
        assert client.health().preset == before


def test_a_bend_that_is_too_slow_is_refused_and_what_played_goes_on(rig: Rig) -> None:
    rig.blob = to_bytes(made("tanh_space"))
    rig.library.host_board_speed(480_000_000, 200_000)
    try:
        rig.boot()
        rig.library.host_board_speed(480_000_000, 600_000)
        with rig.client() as client:
            assert client.health().why == "nothing"
            with pytest.raises(Refusal, match="real time"):
                memory.select_bend(client, "hold")
            assert client.health().bend == "none"
    finally:
        rig.library.host_board_speed(0, 0)


def test_a_command_plays_a_bend_as_the_module_does() -> None:
    model, turns = made("two_tanh_arrays"), np.array([20000, 0, -5000, 9000], np.int16)
    audio = q15(noise(960))
    for engine in ("c", "numpy"):
        heard = playing.play(model, (audio / 32768).astype(np.float32), turns, engine, "hold")
        wanted = expected.play(model, audio, np.tile(turns, (20, 1)), "hold")
        assert np.array_equal(np.round(heard * 32768 / 2.0**model.output_shift), wanted)
    with pytest.raises(InputError, match="--engine tflite"):
        playing.play(model, np.zeros(48, np.float32), turns, "tflite", "hold")
