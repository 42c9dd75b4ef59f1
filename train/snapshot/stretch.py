"""A network made for one sample rate, written for another: the same taps at the same times, as near as frames allow.

Frames between a layer's taps grow with the rate. Where a rounding moves a tap by little of the way, the kernel keeps
its taps and the dilation is rounded; close taps, where half a frame is much, are laid between two frames each (linear
interpolation), in a kernel of a tap or two more. What remains is for training: it starts from nearly the same sound.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gritspace.train.network.shapes import LayerArrayConfig
from gritspace.train.network.tcn import Tcn

CLOSE_FRAMES = 1.75
"""Taps nearer than this at the new rate are interpolated: there the highest notes live."""


def stretched(tcn: Tcn, ratio: float) -> Tcn:
    """ratio: new rate / old rate, above 0. The head's kernel, at every frame, is interpolated as well."""
    if ratio == 1:
        return tcn
    taps = [[_taps(k, d, ratio) for k, d in zip(a.kernel_sizes, a.dilations, strict=True)] for a in tcn.config.arrays]
    heads = [_dense(array.head_kernel_size, 1, ratio) for array in tcn.config.arrays]
    arrays = [_config(array, its, head) for array, its, head in zip(tcn.config.arrays, taps, heads, strict=True)]
    found = Tcn(replace(tcn.config, arrays=tuple(arrays)))
    state = dict(tcn.state_dict())
    for number, (its, head) in enumerate(zip(taps, heads, strict=True)):
        array: Any = tcn.arrays[number]
        for index, (_, mix) in enumerate(its):
            state[f"arrays.{number}.layers.{index}.conv.weight"] = _mixed(array.layers[index].conv.weight, mix)
        state[f"arrays.{number}.head.weight"] = _mixed(array.head.weight, head)
    found.load_state_dict(state)
    return found.eval()


def _config(array: LayerArrayConfig, taps: list[tuple[int, Tensor]], head: Tensor) -> LayerArrayConfig:
    sizes, dilations = tuple(mix.shape[1] for _, mix in taps), tuple(dilation for dilation, _ in taps)
    return replace(array, kernel_sizes=sizes, dilations=dilations, head_kernel_size=head.shape[1])


def _taps(kernel: int, dilation: int, ratio: float) -> tuple[int, Tensor]:
    """A dilation, and how the old taps (rows) lie on the new ones (columns), oldest first."""
    if kernel > 1 and dilation * ratio < CLOSE_FRAMES:
        return 1, _dense(kernel, dilation, ratio)
    return max(1, round(dilation * ratio)), torch.eye(kernel)


def _dense(kernel: int, dilation: int, ratio: float) -> Tensor:
    """Each tap between the two frames that are nearest to where it stood."""
    times = [(kernel - 1 - tap) * dilation * ratio for tap in range(kernel)]
    frames = math.ceil(times[0] - 1e-9) + 1
    mix = torch.zeros(kernel, frames)
    for tap, time in enumerate(times):
        first = math.floor(time + 1e-9)
        share = max(0.0, time - first)
        mix[tap, frames - 1 - first] = 1 - share
        if share > 1e-9:
            mix[tap, frames - 2 - first] = share
    return mix


def _mixed(weight: Tensor, mix: Tensor) -> Tensor:
    """(rows, inputs, old taps) -> (rows, inputs, new taps)."""
    return torch.einsum("oit,tn->oin", weight.detach(), mix)
