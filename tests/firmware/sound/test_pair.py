"""Two captures in one voice: the module's C against the readable twin, to the bit, and what a pair is made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.hil import expected, live_path, takes
from gritspace.host_tools.models.pairing import pair_of
from gritspace.host_tools.module import memory
from gritspace.host_tools.sound import pair, playing
from gritspace.host_tools.sound.impulse import convolved, rounded
from gritspace.host_tools.sound.loudness import lufs
from gritspace.quantize.model import reference
from gritspace.quantize.model.grit import GritError, from_bytes, to_bytes
from gritspace.quantize.model.model import IntegerModel, KnobFit
from gritspace.train.errors import InputError
from tests.firmware.host.rig import Rig
from tests.firmware.sound.test_bends import journey
from tests.firmware.sound.test_impulse import cabinet
from tests.quantize.conftest import make_model, noise, q15

BLOCKS = 60
FIRST, SECOND = make_model("relu_snapshot"), make_model("two_tanh_arrays")


def made(kind: str, balance: int = 3000) -> IntegerModel:
    """With knobs that hold a level."""
    return replace(pair.paired(FIRST, SECOND, kind, balance), knobs=KnobFit(measured=True, levels=tuple(range(20))))


def real(model: IntegerModel, heard: NDArray[np.int16]) -> NDArray[np.float64]:
    """What a capture alone makes of audio, about what it makes of silence; full scale 1."""
    silent = int(reference.run(model, np.zeros(1, np.int16))[0])
    return (reference.run(model, heard).astype(np.float64) - silent) / 32768 * 2.0**model.output_shift


@pytest.mark.parametrize("kind", ["series", "crossfade"])
def test_every_sample_is_foretold_while_all_knobs_move(rig: Rig, kind: str) -> None:
    model = replace(made(kind), impulse=rounded(cabinet(64)))
    rig.blob = to_bytes(model)
    rig.boot()
    audio, turns = q15(2 * noise(48 * BLOCKS)), journey(BLOCKS, 3)
    knobs = np.tile(np.array(takes.LIVE_REST, np.uint16), (BLOCKS, 1))
    with rig.client() as client:
        memory.select_bend(client, "rate", 50)  # from where the module began: in the middles
        bent = client.stream(audio, turns).samples
        memory.select_bend(client, "none")
        samples = client.stream(audio, turns).samples
        whole = client.stream(audio, turns, knobs=knobs).samples
        delay = client.health().delay
    assert np.array_equal(samples, expected.play(model, audio, turns))
    assert np.array_equal(whole, live_path.live(model, audio, turns, knobs, delay))
    assert np.array_equal(bent, expected.play(model, audio, turns, "rate", 50))


@pytest.mark.parametrize("kind", ["series", "crossfade"])
@pytest.mark.parametrize("engine", ["c", "numpy"])
def test_a_command_plays_a_pair_as_the_module_does(kind: str, engine: str) -> None:
    model, audio, turns = made(kind), q15(noise(960)), np.array([20000, 0, -5000, 9000], np.int16)
    heard = playing.play(model, (audio / 32768).astype(np.float32), turns, engine)
    wanted = expected.play(model, audio, np.tile(turns, (20, 1)))
    assert np.array_equal(np.round(heard / 2.0**model.output_shift * 32768), wanted)


def test_in_series_the_second_hears_what_the_first_makes() -> None:
    model, audio = replace(made("series", 2048), knobs=KnobFit()), q15(0.4 * noise(4800))
    heard = expected.play(model, audio, np.zeros((1, 4), np.int16))
    into = np.clip(np.floor(real(FIRST, audio) * 32768 * 0.5), -32768, 32767).astype(np.int16)
    assert np.array_equal(heard, reference.run(SECOND, into))


@pytest.mark.parametrize(("turn", "share"), [(-32768, 0.0), (0, 0.5), (16711, 0.75), (32767, 1.0)])
def test_a_crossfade_is_what_each_capture_plays_by_its_share(turn: int, share: float) -> None:
    model, audio = replace(made("crossfade", -4096), knobs=KnobFit()), q15(0.3 * noise(4800))
    turns = np.tile(np.array([turn, 0, 0, 0], np.int16), (100, 1))
    heard = expected.play(model, audio, turns) / 32768 * 2.0**model.output_shift
    wanted = (1 - share) * real(FIRST, audio) - share * real(SECOND, audio)
    assert np.abs(heard - wanted).max() < 2 * 2.0**model.output_shift / 32768 + 1e-4 * np.abs(wanted).max()


def test_a_file_keeps_a_pair_and_an_older_reader_finds_the_first() -> None:
    model = made("crossfade")
    found = from_bytes(to_bytes(model))
    assert to_bytes(found) == to_bytes(model)
    assert found.pair is not None
    assert to_bytes(found.pair.second) == to_bytes(replace(SECOND, bend_curve=(), impulse=None))
    audio = q15(noise(960))
    assert np.array_equal(reference.run(found, audio), reference.run(FIRST, audio))


def test_a_pair_whose_second_has_been_altered_is_refused(rig: Rig) -> None:
    model = made("series")
    assert model.pair is not None
    space = replace(model, pair=replace(model.pair, second=make_model("tanh_space")))
    with pytest.raises(GritError, match="no snapshot"):
        from_bytes(to_bytes(space))
    rig.blob = to_bytes(space)
    rig.boot()
    with rig.client() as client:
        assert client.health().why == "bad_model" or "bypass" in client.health().flags


@pytest.mark.parametrize(
    ("kind", "shift", "first_shift"), [("series", 0, 16), ("crossfade", 0, 9), ("crossfade", 9, 16)]
)
def test_a_full_scale_that_no_module_takes_is_refused_by_both(
    rig: Rig, kind: str, shift: int, first_shift: int
) -> None:
    model = made(kind)
    assert model.pair is not None
    beyond = replace(model, output_shift=shift, pair=replace(model.pair, first_shift=first_shift))
    with pytest.raises(GritError, match="a full scale that no module takes"):
        from_bytes(to_bytes(beyond))
    rig.blob = to_bytes(beyond)
    rig.boot()
    with rig.client() as client:
        assert client.health().why == "bad_model" or "bypass" in client.health().flags


def test_pairs_in_pairs_are_refused_at_the_first_in_one_short_sentence() -> None:
    inside = made("series")
    for _ in range(3):
        inside = replace(made("series"), pair=replace(inside.pair, second=inside))
    with pytest.raises(GritError, match=r"^what it plays together with: it is a pair itself$"):
        from_bytes(to_bytes(inside))


@pytest.mark.parametrize("kind", ["series", "crossfade"])
def test_a_pair_is_made_equally_loud(kind: str) -> None:
    model = pair_of(FIRST, SECOND, kind)
    assert model.pair is not None
    phrase = q15(riff(4.8))
    if kind == "series":
        into = real(FIRST, phrase) * model.pair.balance_q12 / 4096
        assert abs(lufs(into) - lufs(phrase / 32768)) < 0.1
        return
    beside = real(SECOND, phrase) * model.pair.balance_q12 / 4096
    assert abs(lufs(real(FIRST, phrase)) - lufs(beside)) < 0.1
    assert (beside * real(FIRST, phrase)).sum() > 0


def test_what_is_no_snapshot_makes_no_pair() -> None:
    with pytest.raises(InputError, match="it is a space"):
        pair_of(FIRST, make_model("tanh_space"), "series")
    with pytest.raises(InputError, match="a pair already"):
        pair_of(made("series"), SECOND, "series")
    with pytest.raises(InputError, match="--ir"):
        pair_of(replace(FIRST, knobs=KnobFit(True), impulse=rounded(cabinet(8))), SECOND, "series")


def test_a_space_has_an_impulse_response_too(rig: Rig) -> None:
    model = replace(make_model("tanh_space"), impulse=rounded(cabinet(256)), bend_curve=tuple(range(8)))
    assert to_bytes(from_bytes(to_bytes(model))) == to_bytes(model)
    rig.blob = to_bytes(model)
    rig.boot()
    audio = q15(noise(48 * BLOCKS))
    places = np.random.default_rng(5).integers(-32768, 32768, (BLOCKS, model.position_count)).astype(np.int16)
    knobs = np.tile(np.array(takes.LIVE_REST, np.uint16), (BLOCKS, 1))
    with rig.client() as client:
        memory.select_bend(client, "hold")
        bent = client.stream(audio, places[:, :4]).samples
        memory.select_bend(client, "none")
        samples = client.stream(audio, places).samples
        whole = client.stream(audio, places, knobs=knobs).samples
        delay = client.health().delay
    plain = expected.play(replace(model, impulse=None), audio, places)
    rest = int(reference.run(model, np.zeros(1, np.int16), places[0])[0])
    assert np.array_equal(samples, convolved(model.impulse, plain, rest))
    assert np.array_equal(whole, live_path.live(model, audio, places, knobs, delay))
    assert np.array_equal(bent, expected.play(model, audio, places[:, :4], "hold"))
