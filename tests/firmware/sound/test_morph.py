"""A morph on a whole module, against the readable twin, to the bit; and what is heard of one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gritspace.host_tools.hil import expected, live_path, takes
from gritspace.host_tools.models.pairing import morph_of
from gritspace.host_tools.module import memory
from gritspace.host_tools.sound import pair, playing
from gritspace.host_tools.sound.impulse import rounded
from gritspace.host_tools.sound.loudness import lufs, phrase
from gritspace.quantize.model import morph, reference
from gritspace.quantize.model.grit import from_bytes, to_bytes
from gritspace.quantize.model.model import IntegerModel, KnobFit
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.errors import InputError
from gritspace.train.network.shapes import LayerArrayConfig as Array
from gritspace.train.network.shapes import TcnConfig
from tests.firmware.host.rig import Rig
from tests.firmware.sound.test_bends import journey
from tests.firmware.sound.test_impulse import cabinet
from tests.quantize.conftest import make_model, noise, q15
from tests.quantize.morphs import floats_of, two_alike

BLOCKS = 60
SHAPES = {
    "tanh": TcnConfig((Array(8, (3,) * 3, (1, 2, 64), head_size=4), Array(4, (3,) * 3, (1, 2, 30)))),
    "leaky": TcnConfig((Array(4, (6, 15), (1, 3), "leaky_relu", head_kernel_size=16),)),
}


@cache
def made(shape: str) -> IntegerModel:
    """With knobs that hold a level."""
    model = pair.paired(*two_alike(SHAPES[shape]), "morph", 4096)
    return replace(model, knobs=KnobFit(measured=True, levels=tuple(range(-8, 12))))


@pytest.mark.parametrize("shape", SHAPES)
def test_every_sample_is_foretold_while_all_knobs_move(rig: Rig, shape: str) -> None:
    model = replace(made(shape), impulse=rounded(cabinet(64)))
    rig.blob = to_bytes(model)
    rig.boot()
    audio, turns = q15(2 * noise(48 * BLOCKS)), journey(BLOCKS, 3)
    knobs = np.tile(np.array(takes.LIVE_REST, np.uint16), (BLOCKS, 1))
    with rig.client() as client:
        samples = client.stream(audio, turns).samples
        again = client.stream(audio, turns).samples
        whole = client.stream(audio, turns, knobs=knobs).samples
        delay = client.health().delay
    assert np.array_equal(samples, expected.play(model, audio, turns))
    assert np.array_equal(again, samples)
    assert np.array_equal(whole, live_path.live(model, audio, turns, knobs, delay))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("bend", ["slope", "hold", "feedback", "rate"])
def test_a_bend_lies_on_the_middle_of_a_morph(rig: Rig, shape: str, bend: str) -> None:
    model = made(shape)
    rig.blob = to_bytes(model)
    rig.boot()
    audio, turns = q15(2 * noise(48 * BLOCKS)), journey(BLOCKS, 3)
    with rig.client() as client:
        memory.select_bend(client, bend, 50)
        bent = client.stream(audio, turns).samples
        memory.select_bend(client, "none")
        plain = client.stream(audio, turns).samples
    assert np.array_equal(bent, expected.play(model, audio, turns, bend, 50))
    assert np.array_equal(plain, expected.play(model, audio, turns))


@pytest.mark.parametrize("engine", ["c", "numpy"])
def test_a_command_plays_a_morph_as_the_module_does(engine: str) -> None:
    model, audio, turns = made("tanh"), q15(noise(960)), np.array([20000, 0, -5000, 9000], np.int16)
    heard = playing.play(model, (audio / 32768).astype(np.float32), turns, engine)
    wanted = expected.play(model, audio, np.tile(turns, (20, 1)))
    assert np.array_equal(np.round(heard / 2.0**model.output_shift * 32768), wanted)


def test_an_engine_that_cannot_morph_says_so() -> None:
    with pytest.raises(InputError, match="played by c and numpy"):
        playing.play(made("tanh"), np.zeros(96, np.float32), None, "tflite")


def test_the_first_knob_leads_from_three_tenths_before_the_first_to_as_much_behind_the_second() -> None:
    assert [pair.morph_of(turn) for turn in (-32768, 0, 32767)] == [-77, 128, 333]
    model, audio = replace(made("tanh"), knobs=KnobFit()), q15(0.3 * noise(4800))
    assert model.pair is not None
    for turn in (-32768, -9000, 0, 20000, 32767):
        heard = expected.play(model, audio, np.tile(np.array([turn, 0, 0, 0], np.int16), (100, 1)))
        at = morph.at_way(model, model.pair.second, pair.morph_of(turn))
        assert np.array_equal(heard, reference.run(at, audio))


def test_a_file_keeps_a_morph() -> None:
    model = made("leaky")
    assert to_bytes(from_bytes(to_bytes(model))) == to_bytes(model)


def test_two_of_different_scales_are_refused_by_the_module(rig: Rig) -> None:
    model = made("tanh")
    assert model.pair is not None
    other = replace(model.pair.second, output_shift=model.pair.second.output_shift + 1)
    rig.blob = to_bytes(replace(model, pair=replace(model.pair, second=other)))
    rig.boot()
    with rig.client() as client:
        assert client.health().why == "bad_model" or "bypass" in client.health().flags


def test_the_loudness_is_held_along_a_morph() -> None:
    floats = floats_of(SHAPES["tanh"])
    first, second = (quantize(network, noise(), name=name) for network, name in zip(floats, "ab", strict=True))
    model = morph_of(first, second, floats)
    heard = []
    for turn in np.linspace(-32768, 32767, 17).astype(np.int16):
        turns = np.array([[turn, 0, 0, 0]], np.int16)
        sound = expected.play(model, phrase()[:96000], np.tile(turns, (2000, 1))).astype(float)
        heard.append(lufs((sound - sound.mean()) / 32768))
    assert max(heard) - min(heard) < 3


def test_two_shapes_are_sent_to_a_crossfade() -> None:
    first, second = make_model("relu_snapshot"), make_model("two_tanh_arrays")
    floats = floats_of(SHAPES["tanh"])[0], floats_of(SHAPES["leaky"])[1]
    with pytest.raises(InputError, match="not of one shape: --as crossfade"):
        morph_of(first, second, floats)
