"""Audio as a log-mel picture, and back by guessing phases."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gritspace.train.space.encoder import mel_filters

FLOOR = 1e-10
DB_A_UNIT = 20.0


@dataclass(frozen=True)
class MelConfig:
    """hop_frames is half of the window or less."""

    mels: int = 64
    hop_frames: int = 512
    fft_frames: int = 2048


def magnitudes(audio: Tensor, config: MelConfig) -> Tensor:
    """(batch, frames) -> STFT magnitudes (batch, fft / 2 + 1, frames / hop); a sine of amplitude 1 has 1."""
    window = torch.hann_window(config.fft_frames)
    spectrum = torch.stft(audio, config.fft_frames, config.hop_frames, window=window, return_complex=True)
    return spectrum.abs()[..., : audio.shape[-1] // config.hop_frames] * (2 / window.sum())


def log_mel(audio: Tensor, config: MelConfig) -> Tensor:
    """(batch, frames) -> (batch, mels, frames / hop): mel power in units of 20 dB, 0 at -40 dBFS, floor at -100."""
    power = torch.matmul(mel_filters(config.mels, config.fft_frames), magnitudes(audio, config).square())
    return (power + FLOOR).log10() * 10 / DB_A_UNIT + 2


def griffin_lim(picture: Tensor, config: MelConfig, turns: int = 60, momentum: float = 0.99) -> Tensor:
    """A log-mel picture (batch, mels, columns) -> audio (batch, columns * hop) whose picture is nearly that one.

    Magnitudes by the filters' pseudo-inverse, phases guessed. Only to listen to: the phases are nobody's.
    Source: Griffin and Lim, 1984; with momentum, Perraudin, Balazs and Sondergaard, 2013.
    """
    filters = mel_filters(config.mels, config.fft_frames)
    power = torch.matmul(torch.linalg.pinv(filters), 10 ** ((picture - 2) * DB_A_UNIT / 10)).clamp(min=0)
    window = torch.hann_window(config.fft_frames)
    size = power.sqrt() * (window.sum() / 2)
    size = torch.nn.functional.pad(size, (0, 1), mode="replicate")  # the column that log_mel leaves out
    frames = picture.shape[-1] * config.hop_frames
    angles = torch.polar(torch.ones_like(size), 2 * torch.pi * torch.rand_like(size))
    before = torch.zeros_like(angles)
    audio = torch.zeros(len(picture), frames)
    for _ in range(turns):
        audio = torch.istft(size * angles, config.fft_frames, config.hop_frames, window=window, length=frames)
        now = torch.stft(audio, config.fft_frames, config.hop_frames, window=window, return_complex=True)
        ahead = now + momentum * (now - before)
        angles, before = ahead / ahead.abs().clamp(min=1e-12), now
    return audio


def log_spectral_distance(target: Tensor, estimate: Tensor, config: MelConfig | None = None) -> Tensor:
    """LSD in dB: root of the mean over bins of the squared difference in dB, then the mean over columns: (batch,).

    target, estimate (batch, frames), brought to one level each; floor at -100 dB below it. 0 is the same spectrum.
    Source: Gray and Markel, 1976.
    """
    config = config or MelConfig(fft_frames=1024, hop_frames=512)

    def decibels(audio: Tensor) -> Tensor:
        rms = audio.square().mean(-1, keepdim=True).sqrt().clamp(min=1e-9)
        return 10 * (magnitudes(audio / rms, config).square() + FLOOR).log10()

    apart = decibels(target) - decibels(estimate)
    return apart.square().mean(1).sqrt().mean(-1)
