"""What fitting a snapshot makes small: the error, and a little of the difference between spectra."""

from __future__ import annotations

import torch
from torch import Tensor, nn

REST_SHARE = 0.3
"""Share of the whole recording's power added to a segment's: else errors in rests would be all that counts."""
FFT_FRAMES = (256, 1024, 4096)


class SnapshotLoss(nn.Module):
    """ESR + weight * spectral distance at one resolution a step, in turn: each costs a third of all three.

    power: mean square of the whole wet audio.
    """

    def __init__(self, power: float, weight: float) -> None:
        super().__init__()
        self.power, self.weight = power, weight
        self._windows = {n: torch.hann_window(n) for n in FFT_FRAMES}

    def forward(self, target: Tensor, estimate: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """target, estimate (batch, frames) -> loss and its ESR part, ()."""
        error = (target - estimate).square().mean(-1)
        ratio = (error * (1 + REST_SHARE) / (target.square().mean(-1) + REST_SHARE * self.power)).mean()
        sizes = [n for n in FFT_FRAMES if n <= target.shape[-1]]
        if self.weight == 0 or not sizes:
            return ratio, ratio
        size = sizes[step % len(sizes)]
        return ratio + self.weight * self.spectral(target, estimate, size), ratio

    def spectral(self, target: Tensor, estimate: Tensor, size: int) -> Tensor:
        """Mean |log magnitude difference| + spectral convergence, windows half overlapping: (batch, frames) -> ().

        Source: Yamamoto et al., 2020, arXiv 1910.11480, eqs. 4 to 6.
        """
        window, floor = self._windows[size], 1e-5 * self.power * size
        power = [
            torch.view_as_real(
                torch.stft(x, size, size // 2, window=window, center=False, onesided=True, return_complex=True)
            )
            .square()
            .sum(-1)
            + floor
            for x in (target, estimate)
        ]
        logs = 0.5 * (power[0].log() - power[1].log())
        magnitudes = [x.sqrt() for x in power]
        convergence = (magnitudes[0] - magnitudes[1]).square().sum() / power[0].sum()
        return logs.abs().mean() + convergence.clamp(min=1e-12).sqrt()
