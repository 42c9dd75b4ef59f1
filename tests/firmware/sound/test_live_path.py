"""Streams through the whole path, with knobs that a script turns: to the bit, and what the converter hears."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.hil import live_path, measure, plan, takes
from gritspace.host_tools.hil.automation_file import read_automation
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.link.messages import message_frame
from gritspace.host_tools.module.simulator import Simulator
from gritspace.quantize.model import reference
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from tests.firmware.host.rig import Rig
from tests.firmware.host.sound_path import heard, limited, rest_of, without_dc
from tests.firmware.sound.test_playing import MIDDLE, play
from tests.quantize.conftest import make_model, noise, q15

BLOCKS = 120
REST = np.array(takes.LIVE_REST)


def knob_journey(blocks: int, seed: int) -> NDArray[np.uint16]:
    """Knobs that leap to anywhere, their ends and the middle too, and stay for a while."""
    rng = np.random.default_rng(seed)
    places = np.concatenate([rng.integers(0, 65536, (blocks, 3)), rng.choice([0, 32768, 65535], (blocks, 3))])
    rng.shuffle(places)
    return np.repeat(places, rng.integers(1, 12, len(places)), axis=0)[:blocks].astype(np.uint16)


@pytest.mark.parametrize(("shape", "trim"), [("tanh_space", 2500), ("relu_snapshot", 0), ("two_tanh_arrays", 9000)])
def test_every_sample_is_foretold_while_knobs_and_position_move(rig: Rig, shape: str, trim: int) -> None:
    model = replace(make_model(shape), trim_q12=trim)
    rig.blob = to_bytes(model)
    rig.boot()
    audio, knobs = q15(noise(48 * BLOCKS)), knob_journey(BLOCKS, len(shape))
    corners = np.random.default_rng(4).integers(-32768, 32768, (BLOCKS, model.played_size)).astype(np.int16)
    positions = np.repeat(corners, 7, axis=0)[:BLOCKS]
    with rig.client() as client:
        result = client.stream(audio, positions, knobs=knobs)
        delay = client.health().delay
        again = client.stream(audio, positions, knobs=knobs)
    assert np.array_equal(result.samples, live_path.live(model, audio, positions, knobs, delay))
    assert np.array_equal(result.samples, again.samples), "a stream begins from silence"
    assert np.abs(result.samples.astype(int)).max() > 10_000


def test_a_position_that_moves_over_silence_is_foretold_and_not_heard(rig: Rig) -> None:
    model = make_model("tanh_space")
    rig.blob = to_bytes(model)
    rig.boot()
    audio = q15(noise(48 * 3 * BLOCKS))
    audio[48 * 10 : 48 * (3 * BLOCKS - 10)] = 0
    moving = np.random.default_rng(5).integers(-32768, 32768, (3 * BLOCKS, model.played_size)).astype(np.int16)
    knobs = np.tile(np.array([32768, 65535, 32768], np.uint16), (3 * BLOCKS, 1))
    with rig.client() as client:
        result = client.stream(audio, moving, knobs=knobs)
        delay = client.health().delay
    assert np.array_equal(result.samples, live_path.live(model, audio, moving, knobs, delay))
    assert not result.samples[48 * (3 * BLOCKS - 60) : 48 * (3 * BLOCKS - 11)].any()
    assert np.abs(result.samples[48 * (3 * BLOCKS - 8) :].astype(int)).max() > 1000, "and then a note"


def test_what_is_foretold_is_the_formula_in_floating_point(model: IntegerModel) -> None:
    audio = q15(0.2 * noise(48 * BLOCKS))
    place = np.array([9000, -20000, 3000, 100], np.int16)
    knobs = np.tile(np.array([32768, 40000, 45000], np.uint16), (BLOCKS, 1))
    sound = live_path.live(model, audio, np.tile(place, (BLOCKS, 1)), knobs, 7)
    wet = reference.run(model, audio, place) * 2.0**model.output_shift
    mix, way = 40000 / 65535, (45000 - 32768 - 655) / (65535 - 32768 - 655)
    dry = np.concatenate([np.zeros(7), audio[:-7]])
    total = 4**way * (mix * without_dc(wet, rest_of(model, place)) + (1 - mix) * dry)
    assert np.abs(sound - limited(total)).max() <= 8  # rounded up to three times, then up to four times louder
    assert np.abs(sound.astype(int)).max() > 3000


def test_a_stream_through_the_path_is_what_the_converter_hears(rig: Rig, model: IntegerModel) -> None:
    """The module plays from its jacks, then the same comes as a stream with the knobs where they stand."""
    audio = q15(noise(48 * BLOCKS))
    play(rig.module, 400, MIDDLE, audio=np.zeros(48 * 400, np.int16))
    position = rig.module.position()
    jacks, _ = play(rig.module, BLOCKS, MIDDLE, audio=audio)
    with rig.client() as client:
        turned = np.tile(np.array(client.controls().knobs[4:7], np.uint16), (BLOCKS, 1))
        stream = client.stream(audio, position, knobs=turned)
    assert np.abs(stream.samples.astype(int) - jacks).max() <= 1  # the DC blocker rests on another of its last bits
    assert np.abs(stream.samples - heard(model, reference.run(model, audio, position), position)).max() <= 2


def test_a_target_of_the_wrong_length_is_refused_and_the_instrument_plays_on(rig: Rig) -> None:
    for numbers in (0, 4, 6, 8, 20):
        (answer,) = rig.module.ask(message_frame("live_start", 1, np.zeros(numbers), stream=1))
        assert (answer.name, answer.values["text"]) == ("error", "this model's positions have another size")
    (answer,) = rig.module.ask(message_frame("live_start", 2, np.zeros(7), stream=1))
    assert answer.name == "stream_ready"
    (answer,) = rig.module.ask(message_frame("stream_block", 3, np.zeros(48 + 4), stream=1, index=0, blocks=1, moves=1))
    assert answer.name == "error"
    rig.module.ask(message_frame("stream_stop", 4, stream=1))
    assert rig.module.audio(np.full(48, 20000, np.int16)).any()


def test_hil_automates_gain_mix_and_level_on_the_simulated_module(
    image: Path, model: IntegerModel, tmp_path: Path
) -> None:
    file = tmp_path / "moves.csv"
    file.write_text("time,control,value\n0.05,gain,0.9\n0.1,mix,0.3\n0.15,drive,-0.8\n0.2,level,1\n0.3,level,0\n")
    moves = read_automation(file, model.played_size)
    (take,) = plan.plan(model, riff(0.4), moves=moves)
    assert take.knobs is not None
    assert take.knobs[0].tolist() == list(takes.LIVE_REST)
    assert take.knobs[-1].tolist() == [round(0.9 * 65535), round(0.3 * 65535), 0]
    with Simulator(image) as simulator:
        measured = measure.measure(simulator.port, model, [take], None, lambda done, total, words: None)
        with Module(simulator.port) as module:
            plain = module.stream(take.audio, take.positions).samples
    report = measure.as_report(measured)
    assert report["differing_samples"] == 0
    assert report["esr"]["integer"] == 0
    assert report["takes"][0]["path"] == "whole"
    assert not np.array_equal(plain, measured.outcomes[0].module), "the knobs were heard"
    assert not measured.outcomes[0].module[-480:].any(), "the level went down to nothing"
