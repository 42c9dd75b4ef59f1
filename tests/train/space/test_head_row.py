"""Loudness held by the head's own gain: places of a box become equally loud, and else sound as they did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gritspace.train.errors import InputError
from gritspace.train.network.tcn import LOG2_GAIN_LIMIT
from gritspace.train.space import loudness
from gritspace.train.space.config import TrainConfig
from gritspace.train.space.senses import head_row
from gritspace.train.space.space import Space, load_space, save_space

OCTAVES = 1.2
"""That the first dimension's ends are louder and quieter than its middle."""
SHORT = TrainConfig(channels=4, kernel_sizes=(3, 3), dilations=(1, 4), stored=1, film_hidden=6)


@pytest.fixture(scope="module")
def space() -> Space:
    """A network whose first layers are bent by nothing, and whose head is driven against its limit by a dimension."""
    torch.manual_seed(3)
    found = Space(SHORT.space_config()).eval()
    film = found.decoder.film
    assert film is not None
    with torch.no_grad():
        film.log2_gain.weight.zero_()
        film.hidden.weight[0] = 0.0
        film.hidden.weight[0, 0] = 1.0
        film.hidden.bias[0] = 0.0
        film.bias.weight.zero_()
        film.log2_gain.weight[-1, 0] = OCTAVES / np.tanh(1.0)
        film.log2_gain.bias[-1] = 0.3
    rng = np.random.default_rng(2)
    found.positions = {f"d@k={i}": rng.uniform(-0.9, 0.9, 5).tolist() for i in range(12)}
    return found


def loudness_db(space: Space, places: torch.Tensor) -> np.ndarray:
    """Of the phrase's unheard half: (n,)."""
    film = space.decoder.film
    assert film is not None
    heard = torch.from_numpy(loudness.phrase()[7_200:].copy())
    with torch.no_grad():
        wet = space.decoder(heard.expand(len(places), -1), film(places))
    return 20 * np.log10(loudness.weighted_rms(wet).numpy())


def test_a_knob_that_was_a_volume_knob_is_none_any_more(space: Space) -> None:
    new = head_row.held(space, [loudness.phrase()[:7_200]])
    places = torch.zeros(9, 5)
    places[:, 0] = torch.linspace(-1, 1, 9)
    assert np.ptp(loudness_db(space, places)) > 10
    assert np.ptp(loudness_db(new, places)) < 0.5


def test_at_a_place_the_sound_is_the_same_but_for_what_is_told(space: Space, tmp_path: Path) -> None:
    new = head_row.held(space, [loudness.phrase()])
    save_space(new, tmp_path / "held.pt")
    again = load_space(tmp_path / "held.pt")
    places = np.random.default_rng(4).uniform(-1, 1, (7, 5)).astype(np.float32)
    dry = torch.from_numpy(loudness.phrase())[None]
    told = head_row.held_gain(again, places)
    assert np.ptp(20 * np.log10(told)) > 3
    for place, gain in zip(torch.from_numpy(places), told, strict=True):
        torch.testing.assert_close(
            again.render(dry, place[None]), float(gain) * space.render(dry, place[None]), rtol=1e-3, atol=1e-5
        )
    np.testing.assert_array_equal(head_row.held_gain(space, places), np.ones(7))


def test_a_row_that_lay_beyond_its_limit_is_brought_back_to_where_it_moves(space: Space) -> None:
    beyond = head_row.copy.deepcopy(space)
    film = beyond.decoder.film
    assert film is not None
    with torch.no_grad():
        film.log2_gain.bias[-1] = -4.0
    new = head_row.held(beyond, [loudness.phrase()])
    assert np.abs(head_row._row(new, torch.tensor(list(new.positions.values())))).max() < LOG2_GAIN_LIMIT


def test_a_held_space_is_held_anew_and_can_be_released(space: Space) -> None:
    once = head_row.held(space, [loudness.phrase()])
    again, free = head_row.held(once, [loudness.phrase()]), head_row.released(once)
    for name, value in space.state_dict().items():
        torch.testing.assert_close(free.state_dict()[name], value, rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(again.state_dict()[name], once.state_dict()[name], rtol=1e-2, atol=1e-3)


def test_nothing_can_be_held_by_silence(space: Space) -> None:
    with pytest.raises(InputError, match="silent"):
        head_row.held(space, [np.zeros(4_800, np.float32)])
