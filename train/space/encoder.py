"""The encoder: dry and wet audio of one device at one setting -> where it lies in the space."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gritspace.train.audio.audio_file import SAMPLE_RATE


@dataclass(frozen=True)
class EncoderConfig:
    """What the encoder sees, and how wide it is."""

    mels: int = 48
    fft_frames: int = 1024
    hop_frames: int = 512
    channels: int = 16  # of the first convolution; the next two have twice and three times as many


def mel_filters(mels: int, fft_frames: int, sample_rate: int = SAMPLE_RATE, lowest_hz: float = 40.0) -> Tensor:
    """Triangles, (mels, fft_frames // 2 + 1), equally spaced on O'Shaughnessy's mel scale up to half the sample rate.

    Each sums to one, so that a band's value is a mean power. A band narrower than a bin gets its nearest bin.
    """

    def to_mel(hz: float) -> float:
        return 2595.0 * math.log10(1.0 + hz / 700.0)

    edges_mel = torch.linspace(to_mel(lowest_hz), to_mel(sample_rate / 2), mels + 2, dtype=torch.float64)
    edges = 700.0 * (10.0 ** (edges_mel / 2595.0) - 1.0)
    bins = torch.linspace(0, sample_rate / 2, fft_frames // 2 + 1, dtype=torch.float64)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    filters = torch.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)).clamp(min=0)
    nearest = F.one_hot((bins - centre).abs().argmin(1), len(bins)).to(filters.dtype)
    filters = torch.where(filters.sum(1, keepdim=True) > 0, filters, nearest)
    return (filters / filters.sum(1, keepdim=True)).float()


class Encoder(nn.Module):
    """Log-mel views of dry and wet -> three convolutions -> mean and log-variance of the position."""

    filters: Tensor
    window: Tensor

    def __init__(self, config: EncoderConfig, position_size: int) -> None:
        super().__init__()
        self.config, self.position_size = config, position_size
        self.register_buffer("filters", mel_filters(config.mels, config.fft_frames), persistent=False)
        self.register_buffer("window", torch.hann_window(config.fft_frames), persistent=False)
        widths = (3, config.channels, config.channels * 2, config.channels * 3)
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise(widths))
        rows = math.ceil(config.mels / 8)
        self.hidden = nn.Linear(widths[-1] * rows, 64)
        self.head = nn.Linear(64, 2 * position_size)
        nn.init.normal_(self.head.weight, std=0.05)
        with torch.no_grad():  # a fresh encoder is fairly sure of itself, so that the decoder listens to it
            self.head.bias[:position_size] = 0.0
            self.head.bias[position_size:] = -3.0

    def views(self, audio: Tensor) -> Tensor:
        """audio (batch, frames) -> log-mel power (batch, mels, columns), 0 at about -40 dBFS, floor at -100 dB."""
        spectrum = torch.stft(
            audio, self.config.fft_frames, self.config.hop_frames, window=self.window, center=False, return_complex=True
        )
        power = spectrum.real.square() + spectrum.imag.square()
        scale = self.window.sum().square() / 4  # a sine of amplitude 1 has power 1
        return (torch.matmul(self.filters, power) / scale + 1e-10).log10() / 2 + 2

    def forward(self, dry: Tensor, wet: Tensor) -> tuple[Tensor, Tensor]:
        """dry, wet (batch, frames), at least `fft_frames` -> mean and log-variance (batch, position_size)."""
        of_dry, of_wet = self.views(dry), self.views(wet)
        x = torch.stack([of_dry, of_wet, of_wet - of_dry], dim=1)
        for convolution in self.convolutions:
            assert isinstance(convolution, nn.Conv2d)
            x = F.leaky_relu(convolution(x), 0.1)
        x = F.leaky_relu(self.hidden(x.mean(-1).flatten(1)), 0.1)
        mean, log_variance = self.head(x).chunk(2, dim=1)
        return mean, log_variance.clamp(-12.0, 4.0)
