"""A float network as PyTorch's, to be tuned: the way back from `from_tcn`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gritspace.quantize.network.network import Network, from_tcn
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding.as_tcn import parameters, tcn_config
from gritspace.quantize.rounding.limits import UnsupportedNetwork
from gritspace.train.audio import signals
from gritspace.train.network.play import played
from gritspace.train.network.tcn import Tcn
from tests.quantize.conftest import SHAPES, make_tcn

HEARD = signals.synthetic(2, 2)


def as_tcn(network: Network) -> Tcn:
    tcn = Tcn(tcn_config(network))
    tcn.load_state_dict({name: torch.tensor(value, dtype=torch.float32) for name, value in parameters(network)})
    return tcn.eval()


@pytest.mark.parametrize("shape", [s for s in SHAPES if "space" not in s])
def test_a_plain_network_becomes_pytorchs_again(shape: str) -> None:
    network = from_tcn(make_tcn(shape))
    wanted = run_float(network, HEARD)
    np.testing.assert_allclose(played(as_tcn(network), torch.from_numpy(HEARD)).numpy(), wanted, atol=1e-4)


def test_an_activation_that_is_not_trained_is_refused_by_name() -> None:
    network = from_tcn(make_tcn(next(s for s in SHAPES if "space" not in s)))
    object.__setattr__(network.arrays[0].layers[0], "activation", "sigmoid")
    with pytest.raises(UnsupportedNetwork, match="tanh"):
        tcn_config(network)
