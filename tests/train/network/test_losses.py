import pytest
import torch
from torch.distributions import Normal, kl_divergence

from gritspace.train.network import losses


def test_kl_is_what_pytorchs_distributions_say() -> None:
    rng = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(5, 4, generator=rng), torch.randn(5, 4, generator=rng)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(-1).mean()
    assert losses.kl_divergence(mean, log_variance) == pytest.approx(float(expected), rel=1e-5)


def test_positions_in_the_attributes_order_cost_nothing_and_reversed_ones_the_most() -> None:
    measured = torch.tensor([[-60.0, 0.1], [-20.0, 0.4], [-3.0, 0.9]])
    in_order = torch.tensor([[-3.0, -3.0, 9.0], [0.0, 0.0, 9.0], [3.0, 3.0, 9.0]])
    reversed_ = -in_order
    assert float(losses.attribute_regularisation(in_order, measured)) < 1e-3
    assert float(losses.attribute_regularisation(reversed_, measured)) == pytest.approx(2 * 6 / 9, rel=1e-3)


def test_attribute_regularisation_alone_sorts_positions_and_leaves_the_stored_ones() -> None:
    rng = torch.Generator().manual_seed(1)
    measured = torch.randn(8, 4, generator=rng)
    positions = torch.randn(8, 6, generator=rng).mul_(0.1).requires_grad_()
    stored = positions.detach()[:, 4:].clone()
    optimizer = torch.optim.Adam([positions], lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        losses.attribute_regularisation(positions, measured).backward()
        optimizer.step()
    for d in range(4):
        assert torch.equal(positions[:, d].argsort(), measured[:, d].argsort())
    assert torch.equal(positions.detach()[:, 4:], stored)


def test_the_audio_loss_is_zero_for_equals_and_its_first_part_is_the_esr() -> None:
    target = 0.2 * torch.randn(3, 4096, generator=torch.Generator().manual_seed(2))
    loss, power = losses.AudioLoss(0.1), target.square().mean(-1)
    assert float(loss(target, target, power)[0]) == pytest.approx(0, abs=1e-6)
    total, ratio = loss(target, 0.9 * target, power)
    assert float(ratio) == pytest.approx(0.01 * 0.04 / (0.04 + losses.REST_POWER), rel=0.02)
    assert float(total) > float(ratio)


def test_a_silent_target_gives_a_finite_loss() -> None:
    total, _ = losses.AudioLoss(0.1)(torch.zeros(2, 4096), 1e-3 * torch.ones(2, 4096), torch.full((2,), 1e-4))
    assert torch.isfinite(total)
