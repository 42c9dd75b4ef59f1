"""How far an estimate is from its target."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def esr(target: Tensor, estimate: Tensor) -> Tensor:
    """Error-to-signal ratio, pooled over time.

    target, estimate: (batch, frames), any unit, same scale. Returns (batch,), 0 is perfect, 1 is silence.
    Raises ValueError if a target is silent. Source: Wright et al., 2019, eq. 5, without pre-emphasis.

    >>> target = torch.tensor([[1.0, -1.0, 1.0, -1.0]])
    >>> esr(target, 0.9 * target)  # a tenth too quiet
    tensor([0.0100])
    """
    if target.shape != estimate.shape:
        raise ValueError(f"target {tuple(target.shape)} and estimate {tuple(estimate.shape)} differ in shape")
    signal = target.double().square().sum(-1)
    if (signal == 0).any():
        raise ValueError("a target is silent, so its error-to-signal ratio has no meaning")
    return ((target.double() - estimate.double()).square().sum(-1) / signal).to(target.dtype)


def pooled_esr(pairs: Iterable[tuple[Tensor, Tensor]]) -> float:
    """Error-to-signal ratio over several clips of one device: sum of errors over sum of signals.

    pairs: (target, estimate), each of any one shape. Raises ValueError if all targets are silent.
    """
    error = signal = 0.0
    for target, estimate in pairs:
        if target.shape != estimate.shape:
            raise ValueError(f"target {tuple(target.shape)} and estimate {tuple(estimate.shape)} differ in shape")
        error += float((target.double() - estimate.double()).square().sum())
        signal += float(target.double().square().sum())
    if signal == 0:
        raise ValueError("all targets are silent, so their error-to-signal ratio has no meaning")
    return error / signal


def mean_log_spectral_difference(target: Tensor, estimate: Tensor) -> Tensor:
    """auraloss's multi-resolution STFT loss at its default settings ("MRSL"): (batch, frames) twice -> ()."""
    from auraloss.freq import MultiResolutionSTFTLoss

    return torch.as_tensor(MultiResolutionSTFTLoss()(estimate.unsqueeze(1), target.unsqueeze(1)))
