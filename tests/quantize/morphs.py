"""Two snapshots of one shape in integers, for tests of what goes from the one to the other."""

from __future__ import annotations

import torch

from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.network import Network, from_tcn
from gritspace.quantize.rounding.together import quantize_together
from gritspace.train.network.shapes import TcnConfig
from gritspace.train.network.tcn import Tcn
from tests.quantize.conftest import noise


def floats_of(config: TcnConfig) -> tuple[Network, Network]:
    """Livelier than fresh ones, and unlike each other."""
    networks = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        tcn = Tcn(config)
        with torch.no_grad():
            for parameter in tcn.parameters():
                parameter.mul_(1.6)
        networks.append(from_tcn(tcn))
    return networks[0], networks[1]


def two_alike(config: TcnConfig) -> tuple[IntegerModel, IntegerModel]:
    """On common scales."""
    return quantize_together(*floats_of(config), noise(), ("first", "second"))
