import pytest
import torch

from gritspace.train.network.silence import in_motion, of_silence
from gritspace.train.network.tcn import LayerArrayConfig, Tcn, TcnConfig

NETWORKS = {
    "tanh": TcnConfig((LayerArrayConfig(5, (3, 3, 2), (1, 4, 9), head_kernel_size=4),), position_size=4),
    "gated": TcnConfig((LayerArrayConfig(4, (3, 2), (1, 2), gated=True),), position_size=5),
    "two arrays": TcnConfig(
        (LayerArrayConfig(6, (3,), (1,), "leaky_relu", head_size=3), LayerArrayConfig(3, (3, 3), (2, 8), "hardtanh")), 4
    ),
}


@pytest.mark.parametrize("config", NETWORKS.values(), ids=NETWORKS.keys())
def test_what_silence_gives_is_what_the_network_ends_at_when_nothing_is_played(config: TcnConfig) -> None:
    torch.manual_seed(2)
    tcn = Tcn(config)
    assert tcn.film is not None
    modulation = tcn.film(4 * torch.randn(7, config.position_size))
    with torch.no_grad():
        played = tcn.in_pytorch(torch.zeros(7, config.receptive_field + 3), modulation)
        found = of_silence(tcn, modulation)
    assert found.abs().max() > 1e-3
    assert torch.allclose(played, found[:, None].expand_as(played), atol=1e-6)


def test_a_snapshots_silence_needs_no_position_and_its_gradient_reaches_all_that_makes_it() -> None:
    tcn = Tcn(TcnConfig((LayerArrayConfig(4, (3, 3), (1, 2)),)))
    found = of_silence(tcn)
    assert found.shape == (1,)
    found.sum().backward()
    without = [name for name, p in tcn.named_parameters() if p.grad is None or not p.grad.any()]
    first = {"arrays.0.rechannel.weight", "arrays.0.layers.0.conv.weight"}  # which see nothing but the silence itself
    assert set(without) <= first | {name for name in without if "mixin" in name or "layers.1.residual" in name}


def test_a_way_that_rests_is_what_silence_gives_there_and_one_that_moves_is_not() -> None:
    torch.manual_seed(4)
    config = NETWORKS["tanh"]
    tcn = Tcn(config)
    assert tcn.film is not None
    places = 4 * torch.randn(2, 4)
    with torch.no_grad():
        resting = in_motion(tcn, places[:, None].repeat(1, 5, 1), 7)
        moving = in_motion(tcn, torch.stack([places, places.flip(0)], 1), 7)
        assert torch.allclose(resting, of_silence(tcn, tcn.film(places))[:, None].expand(2, 7), atol=1e-6)
        assert moving.shape == (2, 7)
        assert moving.std(1).min() > 1e-4
