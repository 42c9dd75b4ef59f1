"""The noise to train with is the noise that the engine's integers make."""

from __future__ import annotations

import numpy as np
import torch

from gritspace.quantize.arithmetic import TANH_INPUT_SCALE
from gritspace.train.rounding_noise import BUFFER, TANH_STEP, RoundingNoise
from gritspace.train.tcn import LayerArrayConfig, Tcn, TcnConfig


def test_its_step_before_a_tanh_is_the_engines() -> None:
    assert TANH_STEP == TANH_INPUT_SCALE


def test_it_is_as_loud_as_rounding_and_white() -> None:
    signal = torch.sin(torch.arange(200_000) * 0.01)[None, None]
    rounded = torch.round(signal / TANH_STEP) * TANH_STEP - signal
    noise = RoundingNoise(0).before_tanh(signal) - signal
    assert float(noise.abs().max()) <= TANH_STEP / 2 * 1.01
    assert abs(float(noise.std() / rounded.std()) - 1) < 0.02
    spectrum = np.abs(np.fft.rfft(noise[0, 0].numpy())) ** 2
    low, high = np.split(spectrum[1:], 2)
    assert abs(low.mean() / high.mean() - 1) < 0.05


def test_it_is_another_one_at_every_place_and_the_same_for_a_seed() -> None:
    zeros = torch.zeros(2, 3, 1000)
    one, other = RoundingNoise(1), RoundingNoise(1)
    first, second = one.before_tanh(zeros), one.before_tanh(zeros)
    assert not torch.equal(first, second)
    assert torch.equal(first, other.before_tanh(zeros))
    assert RoundingNoise(2).before_tanh(torch.zeros(1, 1, BUFFER + 1)).std() > 0


def test_a_streams_step_follows_each_channels_largest_value() -> None:
    stream = torch.zeros(1, 2, 10_000)
    stream[0, 0, 5], stream[0, 1, 7] = 1.0, -100.0
    noise = RoundingNoise(0).in_stream(stream) - stream
    assert abs(float(noise[0, 1].std() / noise[0, 0].std()) - 100) < 5
    assert float(noise[0, 0].abs().max()) <= 0.51 / 16_384


def test_a_network_is_heard_through_it_only_while_it_is_there() -> None:
    torch.manual_seed(0)
    config = TcnConfig((LayerArrayConfig(4, (3, 3), (1, 2)),))
    tcn, dry = Tcn(config), torch.randn(1, 4800)
    with torch.no_grad():
        clean = tcn(dry)
        tcn.rounding = RoundingNoise(0)
        noisy = tcn(dry)
        tcn.rounding = None
        assert torch.equal(tcn(dry), clean)
    error = float((noisy - clean).square().mean().sqrt())
    assert 1e-6 < error < 1e-3
