"""The noise to train with is the noise that the engine's integers make."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gritspace.quantize.model.arithmetic import TANH_INPUT_SCALE
from gritspace.train.network.noise_source import BUFFER, PEAKS_FADE, STEPS_A_PEAK, TANH_STEP, RoundingNoiseSource
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn

CONFIG = TcnConfig((LayerArrayConfig(4, (3, 3), (1, 2)),))


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_its_step_before_a_tanh_is_the_engines() -> None:
    assert TANH_STEP == TANH_INPUT_SCALE


def test_it_is_as_loud_as_rounding_and_white() -> None:
    signal = torch.sin(torch.arange(100_000) * 0.01)[None, None]
    rounded = torch.round(signal / TANH_STEP) * TANH_STEP - signal
    drawn = RoundingNoiseSource(CONFIG, 0).draw(1, 100_000, rng())
    noise = drawn.add(signal, 0, 100_000) - signal
    assert float(noise.abs().max()) <= TANH_STEP / 2 * 1.01
    assert abs(float(noise.std() / rounded.std()) - 1) < 0.02
    spectrum = np.abs(np.fft.rfft(noise[0, 0].numpy())) ** 2
    low, high = np.split(spectrum[1 : 1 + (len(spectrum) - 1) // 2 * 2], 2)
    assert abs(low.mean() / high.mean() - 1) < 0.05


def test_every_row_of_every_item_has_its_own_and_a_seed_the_same() -> None:
    source, zeros = RoundingNoiseSource(CONFIG, 0), torch.zeros(3, 4, 1000)
    noise = source.draw(3, 1000, rng(1)).add(zeros, 0, 1000)
    rows = noise.flatten(0, 1)
    assert float((torch.corrcoef(rows) - torch.eye(12)).abs().max()) < 0.2
    assert torch.equal(noise, source.draw(3, 1000, rng(1)).add(zeros, 0, 1000))
    assert not torch.equal(noise, source.draw(3, 1000, rng(2)).add(zeros, 0, 1000))
    with pytest.raises(ValueError, match="at most"):
        source.draw(1, BUFFER, rng())


def test_only_what_the_engine_rounds_is_noisy() -> None:
    leaky = TcnConfig((LayerArrayConfig(4, (3, 3), (1, 2), "leaky_relu"),))
    steps = RoundingNoiseSource(leaky, 0).draw(1, 100, rng()).steps
    assert float(steps.abs().max()) == 0  # before it has listened, it knows no stream; and there is no tanh


def test_a_streams_step_follows_each_channels_largest_value() -> None:
    torch.manual_seed(0)
    tcn, source = Tcn(CONFIG), RoundingNoiseSource(CONFIG, 0)
    with torch.no_grad():
        tcn.arrays[0].layers[0].residual.bias[1] = 100.0
    dry = torch.randn(2, 500)
    source.listen(tcn, dry, None)
    loud, quiet = source.peaks[0][1], source.peaks[0][0]
    assert float(loud) > 90
    assert float(quiet) < 10
    steps = source.draw(1, 500, rng()).steps.view(2, 2, 4)[0, 1]  # of the first layer's stream
    torch.testing.assert_close(steps, source.peaks[0] / STEPS_A_PEAK)
    source.listen(tcn, 0 * dry, None)
    assert float(source.peaks[0][0]) == pytest.approx(PEAKS_FADE * float(quiet))
    assert tcn.rounding is None


def test_a_network_is_heard_through_it_only_while_it_is_there() -> None:
    torch.manual_seed(0)
    tcn, dry = Tcn(CONFIG), torch.randn(1, 4800)
    source = RoundingNoiseSource(CONFIG, 0)
    source.listen(tcn, dry, None)
    with torch.no_grad():
        clean = tcn(dry)
        tcn.rounding = source.draw(*dry.shape, rng())
        noisy = tcn(dry)
        tcn.rounding = None
        assert torch.equal(tcn(dry), clean)
    error = float((noisy - clean).square().mean().sqrt())
    assert 1e-6 < error < 1e-3
