"""Adam in the eigenbasis of each layer's gradients: a step per step that is worth several of Adam's.

A snapshot has some 12,000 weights in some 45 groups of at most a thousand, so the whole second moment of a group's
gradient, a matrix, can be kept and turned. In its eigenvectors' directions the moments that Adam divides by are the
real ones. Source: SOAP (Vyas et al., 2024, arXiv 2409.11321), with one whole matrix a group in place of two factors.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from gritspace.train.network.tcn import Tcn

MAX_TOGETHER = 1100
"""A layer with more weights is divided by rows: the cost of turning grows with the cube."""
FIRST_TURN, TURN_STEPS = 12, 30
MOMENT_DECAY, SQUARE_DECAY, MATRIX_DECAY = 0.9, 0.99, 0.99
FLOOR_SHARE = 1e-2
"""Of a group's mean square, added to every direction's: few gradients say nothing of most directions."""
LONGEST_RMS = 0.5
"""Of a group's step, in units of the learning rate."""


@dataclass(frozen=True)
class _Part:
    """Some rows of a parameter."""

    parameter: Tensor
    rows: slice

    def gradient(self) -> Tensor:
        grad = self.parameter.grad
        return (torch.zeros_like(self.parameter) if grad is None else grad)[self.rows].reshape(-1)

    def move(self, values: Tensor, rate: float) -> None:
        mine = self.parameter[self.rows]
        mine.sub_(values.view_as(mine), alpha=rate)

    @property
    def size(self) -> int:
        return self.parameter[self.rows].numel()


class _Groups:
    """Equally large groups, worked on as one batch of (groups, numbers)."""

    def __init__(self, members: list[list[_Part]]) -> None:
        self.members = members
        self.size = sum(part.size for part in members[0])
        self.reset()

    def reset(self) -> None:
        count, place = len(self.members), self.members[0][0].parameter.device
        self.matrix = torch.zeros(count, self.size, self.size, device=place)
        self.basis: Tensor | None = None
        self.square = torch.zeros(count, self.size, device=place)
        self.moment = torch.zeros(count, self.size, device=place)
        self.recent: list[Tensor] = []

    def turn(self, matrix_weight: float) -> None:
        """Takes the recent gradients into the matrix, and its eigenvectors, or what one power step makes of the old
        ones, for a basis."""
        count = len(self.recent)
        age = torch.arange(count - 1, -1, -1, dtype=torch.float32, device=self.matrix.device)
        weighted = torch.stack(self.recent, 1) * (MATRIX_DECAY**age * (1 - MATRIX_DECAY)).sqrt().view(1, count, 1)
        self.matrix *= MATRIX_DECAY**count
        self.matrix.baddbmm_(weighted.mT, weighted)
        self.recent = []
        tiny = 1e-10 * self.matrix.diagonal(dim1=1, dim2=2).mean(1).clamp(min=1e-30).view(-1, 1, 1)
        if self.basis is None:
            self.basis = torch.linalg.eigh(self.matrix + tiny * torch.eye(self.size, device=tiny.device))[1]
        else:
            self.basis = torch.linalg.qr(self.matrix @ self.basis + tiny * self.basis)[0]
        self.square = (self.basis * (self.matrix @ self.basis)).sum(1) / matrix_weight

    def step(self, steps: int, rate: float) -> None:
        gradient = torch.stack([torch.cat([part.gradient() for part in parts]) for parts in self.members])
        self.recent.append(gradient)
        self.moment.lerp_(gradient, 1 - MOMENT_DECAY)
        if steps == FIRST_TURN or (steps > FIRST_TURN and steps % TURN_STEPS == 0):
            self.turn(1 - MATRIX_DECAY**steps)
        if self.basis is None:
            return
        turned = torch.stack([gradient, self.moment], 1) @ self.basis
        self.square.lerp_(turned[:, 0].square(), 1 - SQUARE_DECAY)
        floor = FLOOR_SHARE * self.square.mean(1, keepdim=True) + 1e-30
        move = turned[:, 1] / (1 - MOMENT_DECAY**steps) / (self.square + floor).sqrt()
        long = move.square().mean(1, keepdim=True).sqrt()
        move = move * (LONGEST_RMS / long.clamp(min=LONGEST_RMS))
        back = (self.basis @ move.unsqueeze(2)).squeeze(2)
        for parts, numbers in zip(self.members, back, strict=True):
            for part, values in zip(parts, numbers.split([part.size for part in parts]), strict=True):
                part.move(values, rate)


class LayerAdam:
    """For a network's layers; what bends them (FiLM) is not its.

    Its memory is not for saving: after `reset` it is learnt anew within FIRST_TURN steps, in which nothing moves.
    """

    def __init__(self, tcn: Tcn) -> None:
        by_size: dict[int, list[list[_Part]]] = defaultdict(list)
        for group in _layers(tcn):
            by_size[sum(part.size for part in group)].append(group)
        self._groups = [_Groups(members) for members in by_size.values()]
        self._steps = 0

    def reset(self) -> None:
        """Forgets all gradients so far."""
        self._steps = 0
        for group in self._groups:
            group.reset()

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One step along the parameters' gradients, which must be finite."""
        self._steps += 1
        for group in self._groups:
            group.step(self._steps, rate)


class PlainAdam:
    """PyTorch's Adam with the same two methods: what LayerAdam is measured against."""

    def __init__(self, tcn: Tcn) -> None:
        self._parameters = list(tcn.parameters())
        self.reset()

    def reset(self) -> None:
        """Forgets all gradients so far."""
        self._adam = torch.optim.Adam(self._parameters, betas=(MOMENT_DECAY, SQUARE_DECAY), foreach=True)

    def step(self, rate: float) -> None:
        """One step along the parameters' gradients, which must be finite."""
        for group in self._adam.param_groups:
            group["lr"] = rate
        self._adam.step()


OPTIMIZERS: dict[str, type[LayerAdam] | type[PlainAdam]] = {"layer": LayerAdam, "plain": PlainAdam}


def _layers(tcn: Tcn) -> list[list[_Part]]:
    """Parameters that belong together: a convolution's with mix-in and bias, a residual's, a head's."""
    arrays: Any = tcn.arrays
    together: list[list[Tensor]] = []
    for array in arrays:
        together.append([array.rechannel.weight])
        for layer in array.layers:
            together.append([layer.conv.weight, layer.conv.bias, layer.mixin.weight])
            if array is not arrays[-1] or layer is not array.layers[-1]:  # that one is heard by nobody
                together.append([layer.residual.weight, layer.residual.bias])
        together.append([array.head.weight, array.head.bias])
    return [part for parameters in together for part in _by_rows(parameters)]


def _by_rows(parameters: list[Tensor]) -> list[list[_Part]]:
    rows = len(parameters[0])
    pieces = min(rows, math.ceil(sum(p.numel() for p in parameters) / MAX_TOGETHER))
    cuts = [rows * i // pieces for i in range(pieces + 1)]
    return [[_Part(p, slice(*cut)) for p in parameters] for cut in pairwise(cuts)]
