"""Layers taken out of a network, and what the others make up for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding.as_tcn import as_tcn
from gritspace.quantize.rounding.limits import UnsupportedNetwork
from gritspace.quantize.rounding.refit import refitted
from gritspace.train.audio import signals
from gritspace.train.network.play import played
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from gritspace.train.snapshot.shrink import kept_layers, without_layer
from gritspace.train.snapshot.snapshot import fresh
from tests.quantize.conftest import SHAPES, make_tcn

SHAPE = TcnConfig(
    (LayerArrayConfig(4, (3,) * 5, (1, 2, 4, 8, 3), head_size=2), LayerArrayConfig(2, (3,) * 3, (1, 3, 9)))
)
HEARD, OTHER = signals.synthetic(3, 1), signals.synthetic(2, 2)


@pytest.fixture
def whole() -> Tcn:
    torch.manual_seed(4)
    return fresh(SHAPE).eval()


def error(whole: Tcn, other: Tcn) -> float:
    target = played(whole, torch.from_numpy(OTHER))
    return float((played(other, torch.from_numpy(OTHER)) - target).square().sum() / target.square().sum())


def test_nothing_taken_out_is_the_network_itself(whole: Tcn) -> None:
    assert error(whole, as_tcn(refitted(from_tcn(whole), kept_layers(whole, whole), HEARD))) < 1e-6


@pytest.mark.parametrize(("array", "layer"), [(0, 1), (1, 1)])
def test_the_others_make_up_for_much_of_a_layer_on_audio_they_were_not_fitted_to(
    whole: Tcn, array: int, layer: int
) -> None:
    smaller = without_layer(whole, array, layer)
    kept = kept_layers(whole, smaller)
    assert [len(one) for one in kept] == [5 - (array == 0), 3 - (array == 1)]
    assert layer not in kept[array]
    again = as_tcn(refitted(from_tcn(whole), kept, HEARD))
    assert [one.dilations for one in again.config.arrays] == [one.dilations for one in smaller.config.arrays]
    assert error(whole, again) < 0.7 * error(whole, smaller)


def test_an_array_of_which_nothing_stays_and_silence_are_refused(whole: Tcn) -> None:
    for kept, audio in (([[], [0]], HEARD), ([[0], [0]], 0 * HEARD)):
        with pytest.raises(ValueError, match="keeps a layer of each array"):
            refitted(from_tcn(whole), kept, audio)


@pytest.mark.parametrize("shape", [s for s in SHAPES if "space" not in s])
def test_a_plain_network_becomes_pytorchs_again(shape: str) -> None:
    network = from_tcn(make_tcn(shape))
    wanted = run_float(network, OTHER)
    np.testing.assert_allclose(played(as_tcn(network), torch.from_numpy(OTHER)).numpy(), wanted, atol=1e-4)


def test_an_activation_that_is_not_trained_is_refused_by_name(whole: Tcn) -> None:
    network = from_tcn(whole)
    object.__setattr__(network.arrays[0].layers[0], "activation", "sigmoid")
    with pytest.raises(UnsupportedNetwork, match="tanh"):
        as_tcn(network)
