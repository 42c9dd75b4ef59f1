import numpy as np
import pytest
import torch

from gritspace.train.network.metrics import esr, mean_log_spectral_difference, pooled_esr


def test_silence_against_a_signal_is_one_and_the_signal_itself_zero() -> None:
    target = torch.randn(3, 1000, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(esr(target, torch.zeros_like(target)), torch.ones(3))
    assert torch.equal(esr(target, target), torch.zeros(3))


def test_a_gain_error_of_a_tenth_is_a_hundredth_whatever_the_level() -> None:
    target = torch.randn(2, 1000, generator=torch.Generator().manual_seed(1)) * torch.tensor([[1.0], [1e-4]])
    assert torch.allclose(esr(target, 1.1 * target), torch.full((2,), 0.01), rtol=1e-4)


def test_a_silent_target_and_unequal_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="silent"):
        esr(torch.zeros(1, 10), torch.ones(1, 10))
    with pytest.raises(ValueError, match="shape"):
        esr(torch.ones(1, 10), torch.ones(10))
    with pytest.raises(ValueError, match="silent"):
        pooled_esr([(torch.zeros(10), torch.ones(10))])


def test_pooling_weighs_clips_by_their_energy() -> None:
    rng = np.random.default_rng(2)
    clips = [(rng.normal(size=n) * level, rng.normal(size=n)) for n, level in ((100, 1.0), (700, 3.0))]
    error = sum(float(((t - e) ** 2).sum()) for t, e in clips)
    signal = sum(float((t**2).sum()) for t, _ in clips)
    assert pooled_esr((torch.tensor(t), torch.tensor(e)) for t, e in clips) == pytest.approx(error / signal)


def test_the_spectral_difference_of_equals_is_zero() -> None:
    audio = torch.randn(1, 8192, generator=torch.Generator().manual_seed(3))
    assert float(mean_log_spectral_difference(audio, audio)) == pytest.approx(0.0, abs=1e-6)
    assert float(mean_log_spectral_difference(audio, 2 * audio)) > 0.5
