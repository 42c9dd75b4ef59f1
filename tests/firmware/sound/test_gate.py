"""The gate in front of a model: what it lets through, and the module's C against the readable twin, to the bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from gritspace.host_tools.hil import expected, live_path, takes
from gritspace.host_tools.link.client import Refusal
from gritspace.host_tools.module import memory, presets_file
from gritspace.host_tools.sound import playing
from gritspace.host_tools.sound.gate import gated
from gritspace.quantize.model import reference
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import KnobFit
from tests.conftest import Cli
from tests.firmware.host.rig import Rig
from tests.firmware.sound.test_playing import play, pulse
from tests.quantize.conftest import make_model

BLOCKS = 240
GATE = 40


def at(dbfs: float, frames: int) -> NDArray[np.int16]:
    """A square wave of 1 kHz."""
    peak = round(32768 * 10 ** (dbfs / 20))
    return np.where(np.arange(frames) % 48 < 24, peak, -peak).astype(np.int16)


def phrase(blocks: int = BLOCKS, seed: int = 4) -> NDArray[np.int16]:
    """Notes of any level that begin and end anywhere, over hum."""
    rng = np.random.default_rng(seed)
    level = np.repeat(10 ** (rng.uniform(-80, -6, 9) / 20), rng.multinomial(48 * blocks, [1 / 9] * 9))
    return np.round(32767 * level * rng.uniform(-1, 1, 48 * blocks)).astype(np.int16)


def test_what_is_loud_enough_passes_as_it_is_from_its_eighth_frame_on() -> None:
    sound = at(-39, 4800)
    heard = gated(sound, GATE)
    assert np.array_equal(heard[7:], sound[7:])
    assert (np.abs(heard[:7]) < np.abs(sound[:7])).all()


def test_what_is_too_quiet_is_silence() -> None:
    assert not gated(at(-41, 9600), GATE).any()


def test_an_open_gate_stays_for_what_would_not_have_opened_it() -> None:
    quieter = at(-44, 9600)
    assert np.array_equal(gated(np.concatenate([at(-39, 480), quieter]), GATE)[480:], quieter)


def test_it_holds_for_50_ms_then_closes_in_a_line_of_85_ms() -> None:
    hum = at(-50, 9600)
    heard = gated(np.concatenate([at(-39, 480), hum]), GATE)[480:]
    assert np.array_equal(heard[:2390], hum[:2390])
    share = heard[2400:6496] / hum[2400:6496]
    assert np.abs(share - np.linspace(1, 0, 4096)).max() < 0.02
    assert not heard[6496:].any()


def test_a_closing_gate_opens_again_for_the_threshold_only() -> None:
    hum, between, loud = at(-50, 4000), at(-44, 400), at(-39, 400)
    heard = gated(np.concatenate([loud, hum, between, loud]), GATE)
    assert np.abs(heard[4400:4800]).max() < 0.8 * np.abs(between).max()
    assert np.array_equal(heard[4808:], loud[8:])


@pytest.mark.parametrize("name", ["relu_snapshot", "tanh_space"])
def test_every_sample_is_foretold_behind_a_gate(rig: Rig, name: str) -> None:
    model = make_model(name)
    model = model if model.film is not None else replace(model, knobs=KnobFit(measured=True))
    rig.blob = to_bytes(model)
    rig.boot()
    audio = phrase()
    places = np.random.default_rng(5).integers(-32768, 32768, (BLOCKS, model.played_size)).astype(np.int16)
    knobs = np.tile(np.array(takes.LIVE_REST, np.uint16), (BLOCKS, 1))
    with rig.client() as client:
        memory.select_bend(client, "none", GATE)
        assert client.health().gate == GATE
        samples = client.stream(audio, places).samples
        whole = client.stream(audio, places, knobs=knobs).samples
        delay = client.health().delay
        memory.select_bend(client, "feedback", 30)
        bent = client.stream(audio, places[:, :4]).samples
        memory.select_bend(client, "none")
        assert client.health().gate == 0
        open_ = client.stream(audio, places).samples
    assert np.array_equal(samples, expected.play(model, audio, places, gate=GATE))
    assert np.array_equal(whole, live_path.live(model, audio, places, knobs, delay, gate=GATE))
    assert np.array_equal(bent, expected.play(model, audio, places[:, :4], "feedback", 30))
    assert np.array_equal(open_, expected.play(model, audio, places))
    assert not np.array_equal(samples, open_)


def test_a_preset_brings_its_gate_and_saving_keeps_it(rig: Rig) -> None:
    rig.blob = to_bytes(make_model("relu_snapshot"))
    rig.boot()
    row = {"place": 2, "played": {"drive": 0, "tone": 0, "symmetry": 0, "dynamics": 0}, "gate": -55}
    with rig.client() as client:
        presets_file.write_module(client, {"presets": [row]}, "made")
        assert presets_file.read_module(client)["presets"][0]["gate"] == -55
        assert client.health().gate == 0
    play(rig.module, 150, gate=pulse(10))
    with rig.client() as client:
        assert client.health().gate == 55
        memory.select_bend(client, "none", 33)
    play(rig.module, 1400, button=lambda block: block < 1300)
    with rig.client() as client:
        assert presets_file.read_module(client)["presets"][0]["gate"] == -33
        del row["gate"]
        presets_file.write_module(client, {"presets": [row]}, "an older file")
        assert "gate" not in presets_file.read_module(client)["presets"][0]


def test_a_gate_that_cannot_be_is_refused(rig: Rig) -> None:
    with rig.client() as client, pytest.raises(Refusal, match="no such bend, or gate"):
        memory.select_bend(client, "none", 97)


@pytest.mark.parametrize("engine", ["c", "numpy"])
def test_a_command_plays_a_gate_as_the_module_does(engine: str) -> None:
    model, audio = make_model("tanh_space"), phrase(60)
    heard = playing.play(model, (audio / 32768).astype(np.float32), None, engine, gate=GATE)
    wanted = reference.run(model, gated(audio, GATE), np.array(model.rest_position, np.int16))
    assert np.array_equal(np.round(heard / 2.0**model.output_shift * 32768), wanted)


def test_a_rendered_device_hears_what_the_gate_lets_through(gritspace: Cli, tmp_path: Path) -> None:
    hum = 0.003 * np.sin(2 * np.pi * 50 * np.arange(24000) / 48000)
    hum[12000:16000] += 0.3 * np.sin(2 * np.pi * 220 * np.arange(4000) / 48000)
    soundfile.write(tmp_path / "dry.wav", hum, 48000, subtype="FLOAT")
    for name, words in (("open", ()), ("gated", ("--gate", "-40"))):
        done = gritspace("render", "rat", "dry.wav", f"{name}.wav", *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    always, gated = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in ("open", "gated"))
    assert np.abs(always[4000:11000]).max() > 0.01
    assert np.abs(gated[4000:11000]).max() < 1e-3
    assert np.abs(gated[12000:16000]).max() > 0.9 * np.abs(always[12000:16000]).max()
