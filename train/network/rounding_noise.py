"""What activations of sixteen bits will add to a network, as noise to train with.

The engine rounds what goes into every tanh, and the residual stream at every layer; neither is heard as error, but
together, through all layers behind, they are a floor of noise above the highest thing a device has. A network that was
trained with such noise keeps it small.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class RoundingNoise:
    """One batch's. Row r of item i hears `steps[r] * noise[starts[i, r] + frame of the dry audio]`.

    noise (n,), steps (noise_rows,), starts (batch, noise_rows). Rows are, layer by layer, those of the convolution
    and then the channels of the residual stream behind it.
    """

    noise: Tensor
    steps: Tensor
    starts: Tensor

    def add(self, x: Tensor, first: int, frames: int) -> Tensor:
        """x (batch, rows, T), the last T of the dry audio's frames, with the noise of row `first` and those after."""
        rows = slice(first, first + x.shape[1])
        places = self.starts[:, rows, None] + torch.arange(frames - x.shape[-1], frames, device=x.device)
        return x + self.steps[rows, None].to(x) * self.noise[places].to(x)
