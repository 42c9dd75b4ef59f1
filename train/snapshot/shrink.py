"""A network made smaller from its own weights: layers taken out, one by one, each time the one that is missed least.

A layer adds to its array's stream and to the sum that the head reads; without it both go on as if it had been silent.
What is left is to be trained on: it starts from nearly the same sound, not from noise. Missed least is by what it
spares: a narrow layer that is hardly heard may go before a wide one, or instead of it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from gritspace.train.network.play import played
from gritspace.train.network.shapes import TcnConfig
from gritspace.train.network.tcn import Tcn

Place = tuple[int, int]
"""An array, and a layer of it."""
Told = Callable[[int, float], None]
"""Called with how many layers are out, and the error so far."""
CYCLES_A_PRODUCT, CYCLES_A_ROW = 0.43, 21.0
"""What a layer costs a Cortex-M7, about: as the price of A1 standard falls with layers of 16 and of 8 channels."""


def cost(config: TcnConfig) -> float:
    """About how many cycles a frame an engine takes: good enough to compare two layers with."""
    rows = sum(a.channels * (2 if a.gated else 1) * len(a.dilations) for a in config.arrays)
    return CYCLES_A_PRODUCT * config.macs_per_frame + CYCLES_A_ROW * rows


def without_layer(tcn: Tcn, array: int, layer: int) -> Tcn:
    """A copy without one layer. Raises ValueError if it is its array's last one."""
    configs = list(tcn.config.arrays)
    one = configs[array]
    if len(one.dilations) < 2:
        raise ValueError("an array keeps at least one layer")

    def cut(values: Any) -> tuple[int, ...]:
        return tuple(value for index, value in enumerate(values) if index != layer)

    configs[array] = replace(one, kernel_sizes=cut(one.kernel_sizes), dilations=cut(one.dilations))
    smaller = Tcn(replace(tcn.config, arrays=tuple(configs)))
    for number, (ours, theirs) in enumerate(zip(smaller.arrays, tcn.arrays, strict=True)):
        kept: Any = copy.deepcopy(theirs)
        if number == array:
            kept.layers = nn.ModuleList(x for index, x in enumerate(kept.layers) if index != layer)
        ours.load_state_dict(kept.state_dict())
    return smaller.eval()


def shrunk(
    tcn: Tcn, fits: Callable[[Tcn], bool], dry: Tensor, told: Told | None = None, too_dear: float = 0.0
) -> Tcn | None:
    """The network with as few layers out as it takes to fit; None if it never does.

    dry: (frames,) to listen to. fits: whether a network is small enough; it may be slow. too_dear: how many cycles have
    to go at least, by `cost`, before it is asked. Layers that went early come back where those that went later made
    room enough: a wide one spares more than what was still missing.
    """
    target = played(tcn, dry)
    power, before = float(target.square().sum()) + 1e-20, cost(tcn.config)
    out: list[Place] = []

    def error(one: Tcn) -> float:
        return float((played(one, dry) - target).square().sum()) / power

    def small_enough(one: Tcn) -> bool:
        return before - cost(one.config) >= too_dear and fits(one)

    smaller = tcn
    while not small_enough(smaller):
        own = cost(smaller.config)
        tried = []
        for place in _places(tcn, out):
            one = without_layers(tcn, [*out, place])
            missed = error(one)
            tried.append((missed / (own - cost(one.config)), place, missed, one))
        if not tried:
            return None
        _, place, missed, smaller = min(tried, key=lambda one: one[:2])
        out.append(place)
        if told is not None:
            told(len(out), missed)
    while back := _back(tcn, out, error, small_enough):
        out, missed, smaller = back
        if told is not None:
            told(len(out), missed)
    return smaller


def _back(
    tcn: Tcn, out: list[Place], error: Callable[[Tcn], float], small_enough: Callable[[Tcn], bool]
) -> tuple[list[Place], float, Tcn] | None:
    """With one layer more, of those that may come back the one that is missed most. The last one that went may not."""
    tried = [([*out[:i], *out[i + 1 :]], without_layers(tcn, [*out[:i], *out[i + 1 :]])) for i in range(len(out) - 1)]
    for missed, left, one in sorted(((error(one), left, one) for left, one in tried), key=lambda found: found[:2]):
        if small_enough(one):
            return left, missed, one
    return None


def without_layers(tcn: Tcn, out: Sequence[Place]) -> Tcn:
    """Without several, each named as in the whole network."""
    for array, layer in sorted(out, reverse=True):
        tcn = without_layer(tcn, array, layer)
    return tcn


def _places(tcn: Tcn, out: Sequence[Place]) -> Iterator[Place]:
    """The layers that may go beside those that are out: an array keeps one."""
    for array, config in enumerate(tcn.config.arrays):
        left = [(array, layer) for layer in range(len(config.dilations)) if (array, layer) not in out]
        yield from left if len(left) > 1 else ()
