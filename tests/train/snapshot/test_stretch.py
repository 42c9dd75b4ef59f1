"""A network written for another sample rate plays nearly what it played at its own."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
import torch
from numpy.typing import NDArray

from gritspace.train.network.limits import ENGINE
from gritspace.train.network.play import played
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from gritspace.train.snapshot.snapshot import fresh
from gritspace.train.snapshot.stretch import stretched

SHAPE = TcnConfig(
    (
        LayerArrayConfig(4, (3, 3, 3, 2), (1, 2, 8, 64), head_size=2),
        LayerArrayConfig(2, (3, 3), (1, 16), head_kernel_size=4),
    )
)


def wet_of(tcn: Tcn, dry: NDArray[np.float32]) -> NDArray[np.float32]:
    return played(tcn, torch.from_numpy(dry)).numpy()


def error(wet: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    inner = slice(2000, min(len(wet), len(wanted)) - 2000)
    return float(np.square(wet[inner] - wanted[inner]).sum() / np.square(wanted[inner]).sum())


@pytest.fixture(scope="module")
def network() -> Tcn:
    torch.manual_seed(2)
    return fresh(SHAPE).eval()


@pytest.mark.parametrize("rate", [32_000, 44_100, 88_200, 96_000])
def test_it_sounds_as_at_its_own_rate_between_two_resamplers(network: Tcn, rate: int) -> None:
    noise = np.random.default_rng(0).standard_normal(24_000) * 0.3
    dry = soxr.resample(soxr.resample(noise, 48_000, 8_000, quality="VHQ"), 8_000, 48_000, quality="VHQ")
    dry = dry.astype(np.float32)
    own = wet_of(network, soxr.resample(dry, 48_000, rate, quality="VHQ").astype(np.float32))
    wanted = soxr.resample(own, rate, 48_000, quality="VHQ")
    ours = stretched(network, 48_000 / rate)
    assert error(wet_of(ours, dry), wanted) < 0.02
    assert error(wet_of(ours, dry), wanted) < 0.1 * error(wet_of(network, dry), wanted)
    assert all(max(array.kernel_sizes) <= ENGINE.kernel for array in ours.config.arrays)


def test_at_its_own_rate_it_is_the_same(network: Tcn) -> None:
    assert stretched(network, 1.0) is network


def test_a_whole_ratio_moves_every_tap_to_its_very_frame(network: Tcn) -> None:
    """At twice the rate a click through it gives the old answer on every other frame."""
    click = np.zeros(200, np.float32)
    click[0] = 0.5
    twice = np.zeros(400, np.float32)
    twice[::2] = click
    ours = stretched(network, 2.0)
    silent = wet_of(ours, np.zeros(400, np.float32))
    slow = wet_of(network, click) - wet_of(network, np.zeros(200, np.float32))
    np.testing.assert_allclose((wet_of(ours, twice) - silent)[::2], slow, atol=1e-6)
