"""What activations of sixteen bits will add to a network, as noise to train with.

The engine rounds what goes into every tanh, and the residual stream at every layer; neither is heard as error, but
together, through all layers behind, they are a floor of noise above the highest thing a device has. A network that was
trained with such noise keeps it small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from gritspace.train.tcn import LayerArrayConfig, Modulation, Tcn, TcnConfig

TANH_STEP = 1 / 6144
"""Of the engine's table of tanh (gritspace.quantize.arithmetic.TANH_INPUT_SCALE)."""
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
MARGIN = 16
"""The native core works on whole lines of the cache and reads so many numbers before a row's first."""


@dataclass(frozen=True)
class RoundingNoise:
    """One batch's. Row r of item i hears `steps[r] * noise[starts[i, r] + frame of the dry audio]`.

    noise (BUFFER,), steps (noise_rows,), starts (batch, noise_rows). Rows are, layer by layer, those of the convolution
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


class RoundingNoiseSource:
    """Draws noise for a network, knowing how large its streams become."""

    def __init__(self, config: TcnConfig, seed: int) -> None:
        self._config = config
        self._noise = torch.rand(BUFFER, generator=torch.Generator().manual_seed(seed)) - 0.5
        self.peaks = [torch.zeros(array.channels) for array, _ in layers_of(config)]
        """Of the stream behind every layer, by channel."""
        self.has_listened = False

    def listen(self, tcn: Tcn, dry: Tensor, modulation: Modulation | None) -> None:
        """Takes the streams' largest values of this audio (batch, frames, with lead-in) into account."""
        heard: list[Tensor] = []
        hooks = [
            layer.register_forward_hook(lambda _, __, out: heard.append(out[0].abs().amax((0, 2)).cpu()))
            for array in tcn.arrays
            for layer in array.layers  # type: ignore[union-attr]
        ]
        noise, tcn.rounding = tcn.rounding, None
        with torch.no_grad():
            tcn.in_pytorch(dry, modulation)
        tcn.rounding = noise
        for hook in hooks:
            hook.remove()
        self.has_listened = True
        self.peaks = [torch.maximum(PEAKS_FADE * old, new) for old, new in zip(self.peaks, heard, strict=True)]

    def draw(self, batch: int, frames: int, rng: torch.Generator, device: torch.device | str = "cpu") -> RoundingNoise:
        """For a batch of dry audio (batch, frames). Raises ValueError if a row is longer than there is noise."""
        if frames > BUFFER // 2:
            raise ValueError(f"{frames} frames: noise is drawn for {BUFFER // 2} at most")
        steps = []
        for (array, _), peaks in zip(layers_of(self._config), self.peaks, strict=True):
            rows = array.channels * (2 if array.gated else 1)
            steps += [torch.full((rows,), TANH_STEP if array.activation == "tanh" else 0.0), peaks / STEPS_A_PEAK]
        size = noise_rows(self._config)
        starts = torch.randint(MARGIN, BUFFER - frames - MARGIN, (batch, size), generator=rng)
        return RoundingNoise(self._noise.to(device), torch.cat(steps).to(device), starts.to(device))


def layers_of(config: TcnConfig) -> Iterator[tuple[LayerArrayConfig, int]]:
    """Every layer's array, and the layer's number in it."""
    for array in config.arrays:
        for index in range(len(array.kernel_sizes)):
            yield array, index


def noise_rows(config: TcnConfig) -> int:
    """How many rows a network rounds: of every layer its convolution's and its stream's."""
    return sum(array.channels * (3 if array.gated else 2) for array, _ in layers_of(config))
