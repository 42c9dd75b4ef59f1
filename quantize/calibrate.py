"""Calibration: how large every value of a float network gets on real audio, so that each fits its int16."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.float_network import run_float
from gritspace.quantize.network import Floats, Network

MAX_FRAMES = 12 * 48000
"""Audio beyond this adds little and costs time; the loudest stretch is kept."""


@dataclass(frozen=True)
class Ranges:
    """Largest magnitudes seen, per channel: streams[a][l] (what layer l reads), skips[a][l] and heads[a] (channels,);
    carries[a] (channels,): what array a takes over from the head before it (empty for a = 0); output scalar."""

    streams: tuple[tuple[Floats, ...], ...]
    skips: tuple[tuple[Floats, ...], ...]
    heads: tuple[Floats, ...]
    carries: tuple[Floats, ...]
    output: float


Grams = dict[str, Floats]
"""X'X / frames of what each convolution's weights meet, a constant one last: "conv a l" (taps outer, channels inner,
then
the dry input), "residual a l" and "head a" (taps outer, channels inner)."""
GRAM_FRAMES = 20000
"""Frames drawn per position for a Gram matrix."""


def calibrate(network: Network, audio: NDArray[np.float32], positions: Sequence[Floats]) -> tuple[Ranges, Grams]:
    """Runs the network over audio (frames,) at every position (one empty position for a snapshot).

    Raises ValueError for silent audio: ranges from silence would be meaningless.
    """
    if len(audio) == 0 or not np.any(audio):
        raise ValueError("calibration needs audio that is not silent")
    seen: dict[str, Floats] = {}
    grams: Grams = {}

    def watch(name: str, value: Floats) -> None:
        peak = np.abs(value).max(axis=0)
        seen[name] = np.maximum(seen[name], peak) if name in seen else peak
        for key, inputs in _inputs_of(network, name, value, heard):
            gram = inputs.T @ inputs / len(inputs) / len(positions)
            grams[key] = grams[key] + gram if key in grams else gram

    heard = loudest(audio, MAX_FRAMES // len(positions))
    for position in positions:
        run_float(network, heard, position if network.film else None, watch)
    arrays = range(len(network.arrays))
    ranges = Ranges(
        streams=tuple(tuple(seen[f"stream {a} {i}"] for i in range(stages(network, a))) for a in arrays),
        skips=tuple(tuple(seen[f"skip {a} {i}"] for i in range(len(network.arrays[a].layers))) for a in arrays),
        heads=tuple(seen[f"head {a}"] for a in arrays),
        carries=tuple(seen.get(f"carry {a}", np.zeros(0)) for a in arrays),
        output=float(seen["output"].max()),
    )
    return ranges, grams


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


def stages(network: Network, array: int) -> int:
    """How many stages an array's residual stream has: one a layer, and one behind the last if another array reads
    it."""
    return len(network.arrays[array].layers) + (array + 1 < len(network.arrays))


def loudest(audio: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """The stretch of `frames` frames (at least a tenth of a second) with the most energy."""
    frames = max(frames, 4800)
    if len(audio) <= frames:
        return audio
    energy = np.concatenate([[0.0], np.cumsum(audio.astype(np.float64) ** 2)])
    start = int(np.argmax(energy[frames:] - energy[:-frames]))
    return audio[start : start + frames]
