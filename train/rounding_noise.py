"""What activations of sixteen bits will add to a network, as noise to train with.

The engine rounds what goes into every tanh, and the residual stream at every layer; neither is heard as error, but
together, through all layers behind, they are a floor of noise above the highest thing a device has. A network that was
trained with such noise keeps it small.
"""

from __future__ import annotations

import torch
from torch import Tensor

TANH_STEP = 1 / 6144
"""Of the engine's table of tanh (gritspace.quantize.arithmetic.TANH_INPUT_SCALE)."""
STEPS_A_PEAK = 16_384
"""Of a rounded channel: its range is twice its largest value, and has 2 * 32768 steps."""
BUFFER = 1 << 22


class RoundingNoise:
    """Adds uniform noise of a step's width, the error of rounding to the nearest step."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._noise = torch.rand(BUFFER, generator=self._generator) - 0.5

    def before_tanh(self, x: Tensor) -> Tensor:
        """x (batch, channels, frames), what a tanh is taken of."""
        return x + TANH_STEP * self._like(x)

    def in_stream(self, x: Tensor) -> Tensor:
        """x (batch, channels, frames): a step is told by each channel's largest value in the batch."""
        step = x.detach().abs().amax((0, 2), keepdim=True) / STEPS_A_PEAK
        return x + step * self._like(x)

    def _like(self, x: Tensor) -> Tensor:
        """A stretch of the same noise, from anywhere in it: drawing it anew would cost a third of a step."""
        count = x.numel()
        if count > BUFFER:
            return torch.rand(x.shape, generator=self._generator) - 0.5
        start = int(torch.randint(BUFFER - count + 1, (), generator=self._generator))
        return self._noise[start : start + count].view(x.shape).to(x)
