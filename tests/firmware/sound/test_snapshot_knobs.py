"""The four knobs around a snapshot: the module's C against the readable twin, to the bit, and both against SciPy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.host_tools.hil import expected, live_path, plan, takes
from gritspace.host_tools.hil.automation_file import read_automation
from gritspace.host_tools.sound import knob_formula, snapshot_knobs
from gritspace.host_tools.sound.knob_fit import fitted
from gritspace.quantize.model import reference
from gritspace.quantize.model.grit import from_bytes, to_bytes
from gritspace.quantize.model.model import IntegerModel, KnobFit
from gritspace.train.audio.audio_file import read_audio, write_audio
from tests.conftest import Cli
from tests.firmware.host.rig import Rig
from tests.quantize.conftest import make_model, noise, q15

BLOCKS = 150
FIT = KnobFit(True, 3000, 5000, tuple(int(v) for v in np.random.default_rng(1).integers(-60, 60, 20)))
WILD = KnobFit(True, 32767, 1, (127, -128) * 10)
AIDED = replace(FIT, upside_down=1, less_drive=2, dry=9, bright=11, less_expansion=3)
LOUDEST = replace(WILD, output_peak=65535, dry=15, bright=15, less_drive=3, less_expansion=7)


@pytest.fixture(scope="module")
def snapshot() -> IntegerModel:
    """A leaky snapshot, its knobs fitted to anything."""
    return replace(make_model("relu_snapshot"), knobs=FIT)


def journey(blocks: int, seed: int) -> NDArray[np.int16]:
    """Turns that leap to anywhere, to ends and middles, and stay for a while. (blocks, 4)."""
    rng = np.random.default_rng(seed)
    places = np.concatenate(
        [rng.integers(-32768, 32768, (blocks, 4)), rng.choice([-32768, 0, 300, 32767], (blocks, 4)), np.zeros((30, 4))]
    )
    rng.shuffle(places)
    return np.repeat(places, rng.integers(1, 9, len(places)), axis=0)[:blocks].astype(np.int16)


@pytest.mark.parametrize(
    "fit", [KnobFit(), FIT, WILD, AIDED, LOUDEST], ids=["unmeasured", "fitted", "wild", "aided", "loudest"]
)
def test_every_sample_is_foretold_while_the_knobs_move(rig: Rig, snapshot: IntegerModel, fit: KnobFit) -> None:
    model = replace(snapshot, knobs=fit)
    rig.blob = to_bytes(model)
    rig.boot()
    audio, turns = q15(2 * noise(48 * BLOCKS)), journey(BLOCKS, 3)
    with rig.client() as client:
        assert client.info().position_count == 4
        samples = client.stream(audio, turns).samples
    assert np.array_equal(samples, expected.play(model, audio, turns))
    assert not np.array_equal(samples, reference.run(model, audio))


def test_the_whole_path_is_foretold_too(rig: Rig, snapshot: IntegerModel) -> None:
    rig.blob = to_bytes(snapshot)
    rig.boot()
    audio, turns = q15(noise(48 * BLOCKS)), journey(BLOCKS, 5)
    knobs = np.tile(np.array(takes.LIVE_REST, np.uint16), (BLOCKS, 1))
    with rig.client() as client:
        samples = client.stream(audio, turns, knobs=knobs).samples
        delay = client.health().delay
    assert np.array_equal(samples, live_path.live(snapshot, audio, turns, knobs, delay))


def test_in_the_middles_the_snapshot_is_as_it_is(rig: Rig, snapshot: IntegerModel) -> None:
    """Anywhere within a percent of them; and again after the knobs have been elsewhere."""
    rig.blob = to_bytes(snapshot)
    rig.boot()
    audio = q15(noise(48 * BLOCKS))
    near = np.random.default_rng(2).integers(-655, 656, (BLOCKS, 4)).astype(np.int16)
    away = near.copy()
    away[20:40] = 20000, -9000, 15000, 30000
    plain = reference.run(snapshot, audio)
    with rig.client() as client:
        assert np.array_equal(client.stream(audio, near).samples, plain)
        back = client.stream(audio, away).samples
    first = 48 * (40 + expected.GLIDE_BLOCKS + 1) + snapshot.receptive_field
    assert not np.array_equal(back[48 * 20 :], plain[48 * 20 :])
    assert np.array_equal(back[first:], plain[first:])


@pytest.mark.parametrize(
    "turns",
    [
        (0.6, 0, 0, 0),
        (-0.8, 0, 0, 0),
        (0, 1, 0, 0),
        (0, -0.5, 0, 0),
        (0, 0, 0.9, 0),
        (0, 0, -0.3, 0),
        (0.4, -0.6, 0.5, 0),
    ],
)
def test_the_integers_are_scipys_filters(snapshot: IntegerModel, turns: tuple[float, ...]) -> None:
    audio = q15(noise(48 * BLOCKS))
    for fit in (FIT, AIDED):
        model = replace(snapshot, knobs=fit)
        found = np.asarray(_at(model, audio, turns), np.float64)
        wanted = knob_formula.at_rest(fit, audio, _ways(turns), lambda heard: reference.run(snapshot, heard))
        assert np.sum((found - wanted) ** 2) < 1e-4 * np.sum(wanted**2)


def test_drive_adds_what_comes_in_to_the_left_and_treble_to_the_right(snapshot: IntegerModel) -> None:
    """Against the sound without, by nothing but the numbers that the fit says."""
    audio = q15(0.25 * noise(48 * BLOCKS))
    plain = replace(snapshot, knobs=KnobFit(True, 3000, 8192))
    beside = _at(replace(plain, knobs=replace(plain.knobs, dry=8)), audio, (-1, 0, 0, 0)).astype(np.float64)
    without = _at(plain, audio, (-1, 0, 0, 0)).astype(np.float64)
    assert np.abs(beside - without - 0.5 * audio).max() <= 2
    bright = _at(replace(plain, knobs=replace(plain.knobs, bright=8)), audio, (1, 0, 0, 0))
    half_way = (655 + (32767 - 655) / 2) / 32768
    assert np.abs(bright.astype(np.float64) - _at(plain, audio, (1, half_way, 0, 0))).max() <= 3


@pytest.mark.parametrize("turn", [-1.0, -0.4, 0.5, 1.0])
def test_dynamics_follows_its_formula_within_half_a_decibel(snapshot: IntegerModel, turn: float) -> None:
    audio = q15(noise(48 * BLOCKS))
    found = np.asarray(_at(snapshot, audio, (0, 0, 0, turn)), np.float64)
    wanted = knob_formula.at_rest(FIT, audio, _ways((0, 0, 0, turn)), lambda heard: reference.run(snapshot, heard))
    rest = float(reference.run(snapshot, np.zeros(1, np.int16))[0])
    loud = (np.abs(wanted - rest) > 200) & (np.abs(wanted) < 32000)
    assert np.abs(20 * np.log10((found - rest)[loud] / (wanted - rest)[loud])).max() < 0.6


def test_a_turn_holds_the_loudness_it_was_fitted_to(snapshot: IntegerModel) -> None:
    from gritspace.host_tools.audio_sources import riff
    from gritspace.host_tools.sound.loudness import lufs

    model = from_bytes(to_bytes(fitted(replace(snapshot, knobs=KnobFit()))))
    assert model.knobs.measured
    phrase = q15(riff(2.4))
    plain = lufs(reference.run(model, phrase) / 32768)
    for knob, place in ((0, -0.5), (0, 0.75), (1, 1.0), (2, -1.0), (3, 0.5)):
        turns = np.zeros(4)
        turns[knob] = place
        assert abs(lufs(_at(model, phrase, tuple(turns)) / 32768) - plain) < 0.5, (knob, place)


def test_old_files_have_knobs_that_nothing_was_fitted_to(snapshot: IntegerModel) -> None:
    old = to_bytes(replace(snapshot, knobs=KnobFit()))
    assert from_bytes(old).knobs == KnobFit()
    for fit in (FIT, AIDED, LOUDEST):
        assert from_bytes(to_bytes(replace(snapshot, knobs=fit))).knobs == fit


def _at(model: IntegerModel, audio: NDArray[np.int16], turns: tuple[float, ...]) -> NDArray[np.int16]:
    place = np.clip(np.round(np.array(turns) * 32768), -32768, 32767).astype(np.int16)
    return snapshot_knobs.play(model.knobs, audio, place[None], lambda heard: reference.run(model, heard))


def _ways(turns: tuple[float, ...]) -> NDArray[np.float64]:
    return np.array([snapshot_knobs.way_of(min(round(turn * 32768), 32767)) / 32768 for turn in turns])


def test_run_and_automation_turn_a_snapshots_knobs(gritspace: Cli, snapshot: IntegerModel, tmp_path: Path) -> None:
    model, dry, wet = tmp_path / "a.grit", tmp_path / "dry.wav", tmp_path / "wet.wav"
    model.write_bytes(to_bytes(snapshot))
    write_audio(dry, noise(4800))
    assert gritspace("run", model, dry, wet, "--position", "0.5,0,-0.3,1").returncode == 0
    audio = takes.whole_blocks(read_audio(dry))
    wanted = _at(snapshot, audio, (0.5, 0, -0.3, 1)) / 32768 * 2.0**snapshot.output_shift
    assert np.abs(read_audio(wet)[: len(audio)] - np.clip(wanted, -1, 1)).max() < 2e-4
    script = tmp_path / "turns.csv"
    script.write_text("time,control,value\n0.01,tone,-0.5\n0.05,z4,1\n")
    (take,) = plan.plan(snapshot, noise(4800), moves=read_automation(script, snapshot.played_size))
    assert take.positions[[0, 20, 60]].tolist() == [[0, 0, 0, 0], [0, -16384, 0, 0], [0, -16384, 0, 32767]]
    done = gritspace("run", model, dry, wet, "--position", "0.5,0")
    assert done.returncode == 2
    assert "wants 4 numbers" in done.stderr


def test_no_knob_moves_what_silence_sounds_like(snapshot: IntegerModel) -> None:
    silence, turns = np.zeros(48 * 60, np.int16), journey(60, 9)
    plain = reference.run(snapshot, silence)
    for fit in (WILD, LOUDEST):
        assert np.array_equal(
            snapshot_knobs.play(fit, silence, turns, lambda heard: reference.run(snapshot, heard)), plain
        )
