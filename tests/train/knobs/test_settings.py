"""Settings as they are written, and where to record first."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gritspace.train.errors import InputError
from gritspace.train.knobs.settings import parse, short_names, spread, together


def test_a_file_says_where_its_knobs_stood_and_keeps_an_at_in_its_own_name() -> None:
    one = parse("my pedal@home.wav@gain=0.2,low cut=1")
    assert str(one.path) == "my pedal@home.wav"
    assert one.knobs == {"gain": 0.2, "low cut": 1.0}


def test_knobs_may_be_named_in_any_order() -> None:
    names, settings = together([parse("a.wav@gain=0,tone=0.5"), parse("b.wav@tone=1,gain=0.25")])
    assert names == ("gain", "tone")
    assert settings == [(0.0, 0.5), (0.25, 1.0)]
    assert together([parse("c.wav@tone=0,gain=1")], [parse("a.wav@gain=0,tone=0.5")])[1] == [(1.0, 0.0)]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["a.wav"], "does not say where the knobs stood"),
        (["a.wav@"], "is no knob's name"),
        (["a.wav@gain"], "write gain=V"),
        (["a.wav@gain=2"], "from 0 to 1"),
        (["a.wav@gain=-0.1"], "from 0 to 1"),
        (["a.wav@gain=nan"], "from 0 to 1"),
        (["a.wav@gain=0.1,gain=0.2"], "twice"),
        (["a.wav@ga/in=0.1"], "is no knob's name"),
        (["a.wav@gain=0.1,tone=0", "b.wav@gain=0.2"], "b.wav@gain=0.2: it does not say where 'tone' stood"),
        (["a.wav@gain=0.1", "b.wav@gain=0.2,tone=1"], "no knob 'tone'"),
        (["a.wav@gain=0.1", "b.wav@gain=0.1"], "a.wav is of the same setting"),
        (["a.wav@gain=0.1"], "'gain' stands at the same place"),
        (["a.wav@gain=0,tone=0.3", "b.wav@gain=1,tone=0.3"], "'tone' stands at the same place"),
        (["a.wav@a=0,b=0,c=0,d=0,e=0", "b.wav@a=1,b=1,c=1,d=1,e=1"], "5 knobs are more"),
    ],
)
def test_what_cannot_be_settings_of_one_device_meets_one_sentence(texts: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        together([parse(text) for text in texts])
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(("count", "knobs"), [(2, 1), (5, 1), (9, 2), (15, 3), (20, 4)])
def test_first_settings_are_all_different_and_have_the_ends_of_every_knob(count: int, knobs: int) -> None:
    found = np.array(spread(count, knobs))
    assert found.shape == (count, knobs)
    assert len({tuple(one) for one in found.tolist()}) == count
    assert np.array_equal(found.min(axis=0), np.zeros(knobs))
    assert np.array_equal(found.max(axis=0), np.ones(knobs))


def test_nine_settings_of_two_knobs_have_the_corners_and_see_each_knob_in_six_places() -> None:
    """A grid of nine sees each in three: what a knob does between them nobody could tell."""
    found = spread(9, 2)
    assert set(itertools.product((0.0, 1.0), repeat=2)) <= set(found)
    for knob in range(2):
        assert len({setting[knob] for setting in found}) >= 6


def test_more_settings_keep_away_from_those_there_are() -> None:
    known = [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (0.5, 0.5)]
    (new,) = spread(1, 2, known)
    assert min(np.hypot(new[0] - x, new[1] - y) for x, y in known) > 0.3


def test_names_of_a_devices_knobs_can_be_written_and_read_again() -> None:
    names = short_names(("drive", "eq.gain", "eq/gain", "a very long name of a knob", "9x"))
    assert len(set(names)) == 5
    assert parse("a.wav@" + ",".join(f"{name}=1" for name in names)).knobs == dict.fromkeys(names, 1.0)
