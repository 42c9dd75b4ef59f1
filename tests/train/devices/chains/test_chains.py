"""Chains: what a TOML file becomes, what is refused, and that a chain is a device like any other."""

import shutil

import numpy as np
import pedalboard
import pytest

from gritspace.train.audio import signals
from gritspace.train.devices.chains.chain_file import parse_chain
from gritspace.train.devices.chains.effect_chain import Turned
from gritspace.train.devices.finding import device_named, find_devices
from gritspace.train.errors import InputError
from gritspace.train.space.data.pairs import render_pairs

RADIO = """
name = "radio"
[[effect]]
kind = "asymmetric_clip"
drive_db = { knob = "drive" }
bias = 0.3
[[effect]]
kind = "low_pass"
cutoff_hz = { knob = "tone", low = 500, high = 8000 }
[[effect]]
kind = "gain"
gain_db = { knob = "drive", low = 0, high = -20 }
"""


def test_a_knob_turns_all_its_parameters_each_over_its_own_range():
    chain = parse_chain(RADIO, "radio.toml")
    assert chain.knobs == ("drive", "tone")
    clip, low_pass, gain = chain.values(np.array([[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]], np.float32))
    assert clip["drive_db"].ravel() == pytest.approx([0, 20, 40])
    assert clip["bias"].ravel() == pytest.approx([0.3, 0.3, 0.3])
    assert low_pass["cutoff_hz"].ravel() == pytest.approx([500, 2000, 8000])  # logarithmic
    assert gain["gain_db"].ravel() == pytest.approx([0, -10, -20])


def test_a_chain_is_trained_from_like_any_device(tmp_path):
    (tmp_path / "radio.toml").write_text(RADIO)
    chain = device_named(str(tmp_path / "radio.toml"))
    assert "radio" in [device.name for device in find_devices([tmp_path / "radio.toml"])]
    pairs = render_pairs([chain], signals.synthetic(3.0, 0), 0.2)
    assert len(pairs) == 9
    assert pairs.labels[-1] == "radio@drive=1,tone=1"


def test_rows_do_not_depend_on_their_neighbours():
    chain = parse_chain(RADIO, "radio.toml")
    dry = np.random.default_rng(0).uniform(-0.5, 0.5, (3, 2000)).astype(np.float32)
    knobs = np.array([[0.1, 0.9], [0.5, 0.2], [1, 0]], np.float32)
    one_by_one = [chain.render(dry[i : i + 1], knobs[i : i + 1])[0] for i in range(3)]
    assert np.allclose(chain.render(dry, knobs), one_by_one, atol=1e-6)


def test_a_pedalboard_effect_gives_what_pedalboard_gives():
    chain = parse_chain(
        '[[effect]]\nkind = "pedalboard.Distortion"\ndrive_db = { knob = "drive", low = 0, high = 30 }', "chain.toml"
    )
    dry = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 4000)).astype(np.float32)
    expected = pedalboard.Distortion(drive_db=15.0)(dry[0], 48_000)
    raw = chain.links[0].process(dry.astype(np.float64), {"drive_db": np.array([[15.0]])}, "x")
    assert np.allclose(raw[0], expected, atol=1e-6)
    assert chain.render(dry, np.array([[0.5]], np.float32)).shape == dry.shape


def test_mix_blends_with_the_dry_sound():
    whole, half = (parse_chain(f'[[effect]]\nkind = "hard_clip"\nmix = {mix}', "c") for mix in (1.0, 0.25))
    dry = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 4000)).astype(np.float32)
    none = np.zeros((1, 0), np.float32)
    straight = parse_chain('[[effect]]\nkind = "hard_clip"\nmix = 0', "c").render(dry, none)
    expected = 0.25 * whole.render(dry, none) + 0.75 * straight
    assert np.allclose(half.render(dry, none), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("effect = 3", "at least one"),
        ("", "at least one"),
        ("name = 5\n[[effect]]\nkind='gain'", "name must be a text"),
        ("[[effect]\n", "no TOML"),
        ("colour = 'red'\n[[effect]]\nkind='gain'", "'colour' is unknown"),
        ("[[effect]]\ndrive_db = 3", "needs a kind"),
        ("[[effect]]\nkind = 'fuzzz'", "no effect 'fuzzz'"),
        ("[[effect]]\nkind = 'fuzz'\ndrive = 3", "no parameter 'drive'"),
        ("[[effect]]\nkind = 'fuzz'\ndrive_db = 61", "from 0 to 60 dB"),
        ("[[effect]]\nkind = 'fuzz'\ndrive_db = nan", "must be a number"),
        ("[[effect]]\nkind = 'fuzz'\ndrive_db = true", "must be a number"),
        ("[[effect]]\nkind = 'fuzz'\ndrive_db = { knob = 'a', high = 99 }", "is 99"),
        ("[[effect]]\nkind = 'fuzz'\ndrive_db = { nob = 'a' }", "is what a turned parameter looks like"),
        ("[[effect]]\nkind = 'gain'\nmix = 2", "mix is 2"),
        ("[[effect]]\nkind = 'gain'\narguments = ['1']", "for SoX effects only"),
        ("[[effect]]\nkind = 'pedalboard.Wobble'", "no effect 'Wobble'"),
        ("[[effect]]\nkind = 'pedalboard.Chorus'\nspeed = 1", "no parameter 'speed'"),
        ("[[effect]]\nkind = 'pedalboard.Chorus'\nrate_hz = { knob = 'r' }", "give low and high"),
    ],
)
def test_a_chain_that_cannot_be_is_told_in_one_sentence(text, words):
    with pytest.raises(InputError, match=r"^radio\.toml") as told:
        parse_chain(text, "radio.toml")
    assert words in str(told.value)


def test_a_missing_program_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(InputError, match="apt-get install sox"):
        parse_chain("[[effect]]\nkind = 'sox.overdrive'\narguments = ['20']", "c")


@pytest.mark.skipif(shutil.which("sox") is None, reason="SoX is missing: apt-get install sox")
def test_a_sox_effect_works_and_an_unknown_one_is_refused():
    chain = parse_chain("[[effect]]\nkind = 'sox.vol'\narguments = ['{db}dB']\ndb = -6.0206", "c")
    dry = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 4000))
    raw = chain.links[0].process(dry, {"db": np.array([[-6.0206]])}, "c")
    assert np.allclose(raw, dry / 2, atol=1e-5)
    with pytest.raises(InputError, match="no effect 'wobble'"):
        parse_chain("[[effect]]\nkind = 'sox.wobble'\narguments = []", "c")


def test_a_turned_value_stays_in_its_range():
    chain = parse_chain(RADIO, "radio.toml")
    turned = [v for link in chain.links for v in link.values.values() if isinstance(v, Turned)]
    for one in turned:
        values = one.at(np.linspace(0, 1, 11))
        assert values.min() >= min(one.low, one.high) - 1e-9
        assert values.max() <= max(one.low, one.high) + 1e-9
