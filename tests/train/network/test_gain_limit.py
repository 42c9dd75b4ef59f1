"""FiLM's gains beyond their limit: heard as before, and led back where that helps."""

from __future__ import annotations

import torch
from torch import Tensor

from gritspace.train.network.tcn import LOG2_GAIN_LIMIT, Film, WithinGainLimit

STEP = 1e-3


def _wanted(log2_gain: Tensor) -> Tensor:
    """A loss of gains, of which some want up and some down, wherever they are: (n,) -> (n,)."""
    goal = torch.tensor([3.0, 0.2, 3.9, 0.2, 5.0, 0.2, 0.3, 0.2], dtype=torch.float64)
    return (torch.exp2(log2_gain) - goal).square()


def _from_inside(at: Tensor) -> Tensor:
    """The slope of the loss at the nearest gain within the limit, from finite steps that stay inside."""
    within = at.clamp(-LOG2_GAIN_LIMIT, LOG2_GAIN_LIMIT)
    low, high = (within - STEP).clamp(min=-LOG2_GAIN_LIMIT), (within + STEP).clamp(max=LOG2_GAIN_LIMIT)
    return (_wanted(high) - _wanted(low)) / (high - low)


def test_a_gain_beyond_the_limit_has_the_slope_at_the_limit_where_that_leads_inside_and_none_else() -> None:
    at = torch.tensor([-0.5, -0.5, 1.9, 1.9, 2.7, 2.7, -3.1, -3.1], dtype=torch.float64, requires_grad=True)
    _wanted(WithinGainLimit.apply(at)).sum().backward()
    assert at.grad is not None
    slope = _from_inside(at.detach())
    outside = at.detach().abs() > LOG2_GAIN_LIMIT
    inward = (at.detach() - STEP * slope).abs() < at.detach().abs()
    expected = torch.where(outside & ~inward, torch.zeros_like(slope), slope)
    torch.testing.assert_close(at.grad, expected, rtol=2e-2, atol=1e-4)
    assert (expected[outside] == 0).sum() == 2
    assert (expected[outside] != 0).sum() == 2


def test_gains_are_heard_as_a_clamp_makes_them_bit_for_bit() -> None:
    torch.manual_seed(3)
    film = Film(4, 8, 24)
    torch.nn.init.normal_(film.log2_gain.weight, std=3.0)
    position = torch.rand(50, 4) * 2 - 1
    with torch.no_grad():
        rows = film.log2_gain(torch.tanh(film.hidden(position)))
        heard = film(position).gain[..., 0]
    assert (rows.abs() > LOG2_GAIN_LIMIT).any()
    assert torch.equal(heard, torch.exp2(rows.clamp(-LOG2_GAIN_LIMIT, LOG2_GAIN_LIMIT)))


def test_descent_brings_a_gain_back_that_a_clamp_would_have_kept_out() -> None:
    film = Film(2, 2, 1)
    with torch.no_grad():
        film.log2_gain.bias.fill_(4.0)
    position = torch.tensor([[0.3, -0.2]])
    descent = torch.optim.SGD(film.parameters(), lr=0.05)
    for _ in range(60):
        descent.zero_grad()
        (film(position).gain.log2() - 1.0).square().sum().backward()
        descent.step()
    assert abs(float(film(position).gain.detach().log2()) - 1.0) < 0.05
