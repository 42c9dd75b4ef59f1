"""The measures that `gritspace evaluate` reports, held against SciPy, closed forms and sounds made to have them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from gritspace.train.network.shapes import LayerArrayConfig, Modulation, TcnConfig
from gritspace.train.space.measures import latent_map, monotony, smoothness
from gritspace.train.space.space import Space, SpaceConfig

RNG = np.random.default_rng(1)


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=30))
def test_spearman_is_scipys_ties_and_all(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs, float).T
    if np.ptp(a) and np.ptp(b):
        assert monotony.spearman(a, b) == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)
    else:
        assert monotony.spearman(a, b) == 0.0


def test_separated_attributes_score_one_and_mixed_ones_none() -> None:
    z = RNG.normal(size=(400, 4))
    assert monotony.separated_attribute_predictability(z, 3 * z - 1)[0] > 0.95
    mixed = np.stack([z[:, 0] + z[:, 1]] * 4, axis=1)
    assert monotony.separated_attribute_predictability(z, mixed)[0] < 0.1
    score, table = monotony.separated_attribute_predictability(np.zeros((9, 5)), RNG.normal(size=(9, 4)))
    assert (score, table.shape) == (0.0, (5, 4))


class Louder(torch.nn.Module):
    """In FiLM's place: the first dimension becomes the last row's gain, all else rests."""

    def __init__(self, rows: int, slope: float) -> None:
        super().__init__()
        self.rows, self.slope = rows, slope

    def forward(self, position: torch.Tensor) -> Modulation:
        gain = torch.ones(len(position), self.rows, 1)
        gain[:, :-1, 0] = 2.0 ** (self.slope * position[:, :1])
        return Modulation(gain, torch.zeros(len(position), self.rows, 1))


def clipper(slope: float) -> Space:
    """A space whose first dimension is how hard dry audio is driven into a tanh, and that has no other."""
    space = Space(SpaceConfig(TcnConfig((LayerArrayConfig(2, (1,), (1,)),), position_size=5)))
    with torch.no_grad():
        for parameter in space.decoder.arrays.parameters():
            parameter.zero_()
        layer = space.decoder.arrays[0].layers[0]
        layer.mixin.weight.fill_(4.0)
        space.decoder.arrays[0].head.weight.fill_(0.3)
    space.decoder.film = Louder(space.config.decoder.film_rows, slope)
    return space.eval()


@pytest.mark.parametrize("slope", [2.0, -2.0])
def test_a_dimension_that_drives_a_clipper_is_found_to_be_drive_and_its_way_round(slope: float) -> None:
    found = monotony.sweep_correlations(clipper(slope), torch.zeros(1, 5))
    assert found.shape == (1, 4, 4)
    assert found[0, 0, 0] == pytest.approx(np.sign(slope))
    assert found[0, 0, 3] == pytest.approx(np.sign(slope)), "a clipper that is driven compresses"
    assert not found[0, 1:].any()  # nothing moves with the others: all their measurements are one


def test_positions_that_follow_the_devices_attributes_correlate_with_them() -> None:
    measured = RNG.normal(size=(30, 4))
    positions = np.concatenate([np.tanh(measured) * [1, 1, -1, 1], RNG.normal(size=(30, 3))], axis=1)
    assert monotony.position_correlations(positions, measured) == pytest.approx([1, 1, -1, 1])


def test_a_jump_is_rough_and_a_glide_is_not() -> None:
    time = np.arange(48_000) / 48_000
    tone = 0.5 * np.sin(2 * np.pi * 220 * time)
    levels = np.array([0.2, 0.6, 1.0])
    resting = levels[:, None] * tone
    glide = np.interp(time, [0, 1], [0.2, 1.0]) * tone
    jump = np.where(time < 0.5 + 1 / 880, 0.2, 1.0) * tone  # at a crest: from .1 to .5 in one frame
    smooth, rough = smoothness.roughness(glide, resting), smoothness.roughness(jump, resting)
    assert smooth["step"] <= 1.0
    assert smooth["click"] < 3
    assert rough["step"] > 20
    assert rough["click"] > 20
    assert smoothness.roughness(np.zeros(480), np.zeros((2, 480))) == {"step": 0.0, "click": 0.0}


def test_the_map_keeps_neighbours_together() -> None:
    centres = RNG.normal(size=(5, 12)) * 4
    group = np.repeat(np.arange(5), 14)
    points = centres[group] + RNG.normal(size=(70, 12)) * 0.3
    flat = latent_map.tsne(points)
    distance = ((flat[:, None] - flat[None]) ** 2).sum(-1)
    np.fill_diagonal(distance, np.inf)
    nearest = np.argsort(distance, axis=1)[:, :5]
    assert (group[nearest] == group[:, None]).mean() > 0.97
    assert np.array_equal(flat, latent_map.tsne(points))


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5])
def test_a_map_of_few_points_has_them_all(count: int) -> None:
    found = latent_map.tsne(RNG.normal(size=(count, 6)))
    assert found.shape == (count, 2)
    assert np.isfinite(found).all()
