"""Quantization-aware fine-tuning: rounded weights learn to put out together what the float network puts out.

Post-training quantization rounds one convolution after the other. Here all of them move at once: the network is played
with its weights rounded, and the error against the float network goes back through the rounding as if that were not
there (a straight-through estimator: Bengio et al., 2013, arXiv 1308.3432). Scales stay; weights and biases learn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gritspace.quantize.network.network import Floats, Network
from gritspace.quantize.network.run import film_rows
from gritspace.quantize.rounding.as_tcn import parameters, tcn_config
from gritspace.quantize.rounding.convert import Placed
from gritspace.train.network.shapes import Modulation
from gritspace.train.network.tcn import Tcn

BATCH, FRAMES = 8, 4096
RATE = 0.004
"""Int8 steps a weight moves per step of the optimizer, at first; 0.03 shook good roundings loose again."""
BIAS_RATE = 300.0
"""And a bias, in its accumulator's steps, so many times as far."""
CHECK_BATCHES = 6
Progress = Callable[[int, int, float], None]


@dataclass(frozen=True)
class Tuning:
    """How long to fine-tune. progress: told (step, steps, error) after every step."""

    steps: int = 600
    progress: Progress | None = None


def finetune(
    network: Network,
    placed: Sequence[Placed],
    audio: Sequence[NDArray[np.float32]],
    positions: Sequence[Floats],
    tuning: Tuning,
) -> list[Placed]:
    """placed: the network's convolutions as `convert` rounded them. audio[p] (frames,) is heard at positions[p].

    Returns them with other integers, or as they were if that did not help on audio kept aside. Raises
    UnsupportedNetwork for what PyTorch's networks here do not have.
    """
    tcn = Tcn(tcn_config(network))
    exact = {name: _tensor(value) for name, value in parameters(network)}
    student = [_Rounding(one) for one in placed]
    source = _Source(network, audio, positions)
    checks = [source.batch(kept=True) for _ in range(CHECK_BATCHES)]

    def error(batch: tuple[Tensor, Modulation | None]) -> Tensor:
        with torch.no_grad():
            wanted = torch.func.functional_call(tcn, exact, batch)
            power = wanted.square().mean(-1)
        got = torch.func.functional_call(tcn, dict(_named(network, student)), batch)
        return ((wanted - got).square().mean(-1) / (power + power.mean() + 1e-9)).mean()

    def checked() -> float:
        with torch.no_grad():
            return float(torch.stack([error(batch) for batch in checks]).mean())

    before = checked()
    groups = [{"params": [p], "scale": rate} for one in student for p, rate in one.learning()]
    optimizer = torch.optim.Adam(groups, lr=RATE, betas=(0.9, 0.99), eps=1e-12)
    for step in range(tuning.steps):
        now = RATE * min(1.0, (step + 1) / 20) * 0.5 * (1 + math.cos(math.pi * step / tuning.steps))
        for group in optimizer.param_groups:
            group["lr"] = now * group["scale"]
        loss = error(source.batch())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if tuning.progress is not None:
            tuning.progress(step + 1, tuning.steps, float(loss.detach()))
    return [one.placed() for one in student] if checked() < before else list(placed)


class _Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.round().clamp(-127, 127)

    @staticmethod
    def backward(ctx: Any, *of_output: Tensor) -> Tensor:
        return of_output[0]


class _Rounding:
    """One convolution's integers while they learn, as fractions; what they stand for when rounded."""

    def __init__(self, one: Placed) -> None:
        self.one = one
        self.step = _tensor(one.accumulator[:, None, None] / one.inputs[None, :, None])
        self.weight = _tensor(one.conv.weight.transpose(0, 2, 1)).requires_grad_()
        self.mixin = None if one.conv.mixin is None else _tensor(one.conv.mixin).requires_grad_()
        self.mixin_step = _tensor(one.accumulator * 32768.0)
        self.bias = _tensor(one.meaning.bias).requires_grad_()

    def learning(self) -> Iterator[tuple[Tensor, float]]:
        """Tensors and how fast they move."""
        yield self.weight, 1.0
        if self.mixin is not None:
            yield self.mixin, 1.0
        yield self.bias, BIAS_RATE * float(self.one.accumulator.mean())

    def heard(self) -> tuple[Tensor, Tensor | None, Tensor]:
        """weight (rows, inputs, kernel), mixin (rows, 1, 1) or None, bias (rows,)."""
        straight: Callable[[Tensor], Tensor] = _Straight.apply
        mixin = None if self.mixin is None else (straight(self.mixin) * self.mixin_step)[:, None, None]
        return straight(self.weight) * self.step, mixin, self.bias

    def placed(self) -> Placed:
        """In integers again."""

        def whole(x: Tensor) -> NDArray[np.int8]:
            return x.detach().round().clamp(-127, 127).numpy().astype(np.int8)

        conv = replace(
            self.one.conv,
            weight=whole(self.weight).transpose(0, 2, 1).copy(),
            mixin=None if self.mixin is None else whole(self.mixin),
            bias=np.round(self.bias.detach().numpy().astype(np.float64) / self.one.accumulator).astype(np.int32),
        )
        return replace(self.one, conv=conv)


class _Source:
    """Batches of audio, each item at one of the positions; the last eighth of every position's audio is kept aside."""

    def __init__(self, network: Network, audio: Sequence[NDArray[np.float32]], positions: Sequence[Floats]) -> None:
        self.audio = [torch.from_numpy(np.asarray(heard, np.float32)) for heard in audio]
        self.rows = None
        if network.film is not None:
            self.rows = [[_tensor(x) for x in film_rows(network, place)] for place in positions]
        self.lead = network.receptive_field - 1
        self.rng = torch.Generator().manual_seed(0)

    def batch(self, kept: bool = False) -> tuple[Tensor, Modulation | None]:
        """dry (BATCH, lead-in + FRAMES), silence first where the audio is short, and what the positions do."""
        chosen = torch.randint(len(self.audio), (BATCH,), generator=self.rng).tolist()
        dry = torch.stack([self._excerpt(self.audio[place], kept) for place in chosen])
        if self.rows is None:
            return dry, None
        gain, bias = (torch.stack([self.rows[place][i] for place in chosen])[..., None] for i in range(2))
        return dry, Modulation(gain, bias)

    def _excerpt(self, audio: Tensor, kept: bool) -> Tensor:
        wanted, border = self.lead + FRAMES, len(audio) - len(audio) // 8
        part = audio[border:] if kept else audio[:border]
        part = torch.nn.functional.pad(part, (max(wanted - len(part), self.lead), 0))
        at = int(torch.randint(len(part) - wanted + 1, (1,), generator=self.rng))
        return part[at : at + wanted]


def _named(network: Network, student: Sequence[_Rounding]) -> Iterator[tuple[str, Tensor]]:
    """The same of what learns; the last layer's residual, which nothing hears, is left out."""
    rest = iter(student)
    for a, array in enumerate(network.arrays):
        yield f"arrays.{a}.rechannel.weight", next(rest).heard()[0]
        for i, layer in enumerate(array.layers):
            name = f"arrays.{a}.layers.{i}"
            weight, mixin, bias = next(rest).heard()
            assert mixin is not None
            yield from ((f"{name}.conv.weight", weight), (f"{name}.conv.bias", bias), (f"{name}.mixin.weight", mixin))
            if not (array is network.arrays[-1] and layer is array.layers[-1]):
                weight, _, bias = next(rest).heard()
                yield from ((f"{name}.residual.weight", weight), (f"{name}.residual.bias", bias))
        weight, _, bias = next(rest).heard()
        yield from ((f"arrays.{a}.head.weight", weight), (f"arrays.{a}.head.bias", bias))


def _tensor(values: Any) -> Tensor:
    return torch.tensor(np.asarray(values), dtype=torch.float32)
