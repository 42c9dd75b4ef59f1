"""What each convolution hears, as Gram matrices: the measure in which its weights' rounding errors count."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.network import Floats, Network

Grams = dict[str, Floats]
"""(rows or 1, n, n) of the inputs that meet a row's weights, a constant one last: "conv a l" (taps outer, channels
inner, then the dry input), "residual a l" and "head a" (taps outer, channels inner). Summed over positions; a position
counts by the square of the gain it gives the row, over the power it gives the output: errors are heard against that."""
GRAM_FRAMES = 20000
"""Frames drawn per position."""


class GramCollector:
    """Watches one run of a float network at one position; `add_to` then adds its share to the sums."""

    def __init__(self, network: Network, dry: NDArray[np.float32]) -> None:
        self.network, self.dry = network, dry
        self.grams: dict[str, Floats] = {}

    def watch(self, name: str, value: Floats) -> None:
        """A value of the run, as `run_float` shows it."""
        for key, inputs in _inputs_of(self.network, name, value, self.dry):
            self.grams[key] = inputs.T @ inputs / len(inputs)

    def add_to(self, total: Grams, gains: Floats, output_power: float) -> None:
        """gains: of all film rows at this position; output_power: mean square of what came out."""
        row = 0
        rows: dict[str, slice] = {}
        for a, array in enumerate(self.network.arrays):
            for index, layer in enumerate(array.layers):
                rows[f"conv {a} {index}"] = slice(row, row + layer.bias.size)
                row += layer.bias.size
        rows[f"head {len(self.network.arrays) - 1}"] = slice(row, None)
        for key, gram in self.grams.items():
            bent = gains[rows[key]] ** 2 if key in rows and self.network.film else np.ones(1)
            share = bent[:, None, None] * gram / (output_power + 1e-9)
            total[key] = total[key] + share if key in total else share


def _inputs_of(network: Network, name: str, value: Floats, dry: NDArray[np.float32]) -> Iterator[tuple[str, Floats]]:
    """The inputs of the convolutions that read a watched value, at frames drawn evenly from the audible part."""
    kind, *where = name.split()
    if kind not in ("stream", "skip", "head"):
        return
    a = int(where[0])
    array = network.arrays[a]
    # value ends with the audio; its first frames are the lead-in's
    frames = np.linspace(0, len(dry) - 1, min(GRAM_FRAMES, len(dry))).astype(int)
    at = frames + len(value) - len(dry)
    ones = np.ones((len(at), 1))
    if kind == "stream" and int(where[1]) < len(array.layers):
        layer = array.layers[int(where[1])]
        taps = _taps(value, at, layer.weight.shape[2], layer.dilation)
        yield f"conv {a} {where[1]}", np.concatenate([taps, dry[frames, None], ones], axis=1)
    elif kind == "skip":
        yield f"residual {a} {where[1]}", np.concatenate([value[at], ones], axis=1)
    elif kind == "head":
        yield f"head {a}", np.concatenate([_taps(value, at, array.head_weight.shape[2], 1), ones], axis=1)


def _taps(value: Floats, at: NDArray[np.int64], kernel: int, dilation: int) -> Floats:
    """(frames, kernel * channels): oldest tap first. Frames before the value's first are its first: silence's."""
    back = [(kernel - 1 - k) * dilation for k in range(kernel)]
    return np.concatenate([value[np.maximum(at - b, 0)] for b in back], axis=1)
