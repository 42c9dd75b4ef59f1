"""What training makes small: the error, the spectral difference, and what shapes the space."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from auraloss.freq import MultiResolutionSTFTLoss
from torch import Tensor, nn

REST_SHARE, REST_POWER = 0.3, 1e-3
"""Share of a setting's mean power, and a power (-30 dB), added to a segment's: errors in rests, divided by next to
nothing, would else be all that counts, and their gradients would spoil the optimizer's memory for long."""


class AudioLoss(nn.Module):
    """ESR + weight * multi-resolution STFT (spectral convergence and log magnitude; auraloss).

    Half-overlapping windows instead of auraloss's nine tenths: a third of the time, the same resolutions.
    """

    def __init__(self, stft_weight: float, fft_frames: tuple[int, ...] = (128, 512, 1024)) -> None:
        super().__init__()
        self.stft_weight = stft_weight
        self.stft = MultiResolutionSTFTLoss(
            fft_sizes=list(fft_frames), hop_sizes=[n // 2 for n in fft_frames], win_lengths=list(fft_frames)
        )

    def forward(self, target: Tensor, estimate: Tensor, power: Tensor) -> tuple[Tensor, Tensor]:
        """target, estimate (batch, frames), power (batch,) of the settings -> loss, and its ESR part, ()."""
        error = (target - estimate).square().mean(-1)
        signal = (target.square().mean(-1) + REST_SHARE * power) / (1 + REST_SHARE) + REST_POWER
        ratio = (error / signal).mean()
        if self.stft_weight == 0:
            return ratio, ratio
        return ratio + self.stft_weight * self.stft(estimate.unsqueeze(1), target.unsqueeze(1)), ratio


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Of N(mean, exp(log_variance)) from N(0, 1): (batch, dimensions) -> (), summed over dimensions, mean over batch.

    Source: Kingma and Welling, 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1).mean()


def attribute_regularisation(positions: Tensor, measured: Tensor, sharpness: float = 5.0) -> Tensor:
    """Makes dimension d order the batch as attribute d does: positions (batch, >= d), measured (batch, d) -> ().

    |tanh(sharpness * (z_i - z_j)) - sign(a_i - a_j)| over all pairs. Source: Pati and Lerch, arXiv 2004.05485, eq. 5.
    """
    played = positions[:, : measured.shape[1]]
    apart = played.unsqueeze(0) - played.unsqueeze(1)
    order = torch.sign(measured.unsqueeze(0) - measured.unsqueeze(1))
    return F.l1_loss(torch.tanh(sharpness * apart), order)
