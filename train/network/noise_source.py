"""Draws the noise that rounding will add: how large it is follows from what a network's streams become."""

from __future__ import annotations

import torch
from torch import Tensor

from gritspace.train.network.native import NOISE_MARGIN
from gritspace.train.network.rounding_noise import RoundingNoise
from gritspace.train.network.shapes import Modulation, TcnConfig
from gritspace.train.network.tcn import Layer, Tcn

TANH_STEP = 1 / 6144
"""Of the engine's table of tanh (gritspace.quantize.model.arithmetic.TANH_INPUT_SCALE)."""
STEPS_A_PEAK = 16_384
"""Of a rounded channel. Its range is 1.5 to 2 times its largest value and has 2 * 32768 steps; where a layer shifts it,
it is rounded twice.
"""
PEAKS_FADE = 0.98
"""What is left of a largest value at the next listening, unless it is heard again: calibration takes the largest of all
positions, and no batch has them all.
"""
BUFFER = 1 << 18
"""Numbers of noise, drawn once: a row begins anywhere in them. They stay in a processor's cache."""


class RoundingNoiseSource:
    """Draws noise for a network, knowing how large its streams become."""

    def __init__(self, config: TcnConfig, seed: int) -> None:
        self._arrays = [array for array in config.arrays for _ in array.kernel_sizes]  # of every layer
        self._noise = torch.rand(BUFFER, generator=torch.Generator().manual_seed(seed)) - 0.5
        self.peaks = [torch.zeros(array.channels) for array in self._arrays]
        """Of the stream behind every layer, by channel."""

    @property
    def has_listened(self) -> bool:
        """Whether the streams' sizes are known."""
        return any(bool(peaks.any()) for peaks in self.peaks)

    def listen(self, tcn: Tcn, dry: Tensor, modulation: Modulation | None) -> None:
        """Takes the streams' largest values of this audio (batch, frames, with lead-in) into account."""
        heard: list[Tensor] = []
        hooks = [
            layer.register_forward_hook(lambda _, __, out: heard.append(out[0].abs().amax((0, 2)).cpu()))
            for layer in tcn.modules()
            if isinstance(layer, Layer)
        ]
        noise, tcn.rounding = tcn.rounding, None
        with torch.no_grad():
            tcn.in_pytorch(dry, modulation)
        tcn.rounding = noise
        for hook in hooks:
            hook.remove()
        self.peaks = [torch.maximum(PEAKS_FADE * old, new) for old, new in zip(self.peaks, heard, strict=True)]

    def draw(self, batch: int, frames: int, rng: torch.Generator, device: torch.device | str = "cpu") -> RoundingNoise:
        """For a batch of dry audio (batch, frames). Raises ValueError if a row is longer than there is noise."""
        if frames > BUFFER // 2:
            raise ValueError(f"{frames} frames: noise is drawn for {BUFFER // 2} at most")
        parts = []
        for array, peaks in zip(self._arrays, self.peaks, strict=True):
            rows = array.channels * (2 if array.gated else 1)
            parts += [torch.full((rows,), TANH_STEP if array.activation == "tanh" else 0.0), peaks / STEPS_A_PEAK]
        steps = torch.cat(parts)
        starts = torch.randint(NOISE_MARGIN, BUFFER - frames - NOISE_MARGIN, (batch, len(steps)), generator=rng)
        return RoundingNoise(self._noise.to(device), steps.to(device), starts.to(device))
