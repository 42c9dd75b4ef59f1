"""Calibration: how large every value of a float network gets on real audio, so that each fits its int16."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.network.network import Floats, Network
from gritspace.quantize.network.run import run_float, single_precision

MAX_FRAMES = 12 * 48000
"""Audio beyond this adds little and costs time."""
MIN_FRAMES = 24000
"""What every position hears at least."""


@dataclass(frozen=True)
class Ranges:
    """Largest magnitudes seen at each place, per channel: streams[a][l] (what layer l reads), skips[a][l] and heads[a]
    (places, channels); carries[a] (places, channels): what array a takes over from the head before it (empty for a =
    0); output (places,)."""

    streams: tuple[tuple[Floats, ...], ...]
    skips: tuple[tuple[Floats, ...], ...]
    heads: tuple[Floats, ...]
    carries: tuple[Floats, ...]
    output: Floats


def calibrate(
    network: Network, audio: Sequence[NDArray[np.float32]], positions: Sequence[Floats]
) -> tuple[Ranges, list[float]]:
    """Runs the network over audio[p] (frames,) at positions[p] (one empty position for a snapshot).

    Returns the ranges, and the mean square of each output. Raises ValueError for silent audio: ranges from
    silence would be meaningless.
    """
    if not any(np.any(heard) for heard in audio):
        raise ValueError("calibration needs audio that is not silent")
    heard_peaks: dict[str, list[Floats]] = {}

    def watch(name: str, value: Floats) -> None:
        heard_peaks.setdefault(name, []).append(np.abs(value).max(axis=0).astype(np.float64))

    powers, fast = [], single_precision(network)
    for heard, position in zip(audio, positions, strict=True):
        output = run_float(fast, heard, position if network.film else None, watch)
        powers.append(float(np.mean(output**2)))
    seen = {name: np.array(peaks) for name, peaks in heard_peaks.items()}
    arrays = range(len(network.arrays))
    ranges = Ranges(
        streams=tuple(tuple(seen[f"stream {a} {i}"] for i in range(stages(network, a))) for a in arrays),
        skips=tuple(tuple(seen[f"skip {a} {i}"] for i in range(len(network.arrays[a].layers))) for a in arrays),
        heads=tuple(seen[f"head {a}"] for a in arrays),
        carries=tuple(seen.get(f"carry {a}", np.zeros(0)) for a in arrays),
        output=seen["output"][:, 0],
    )
    return ranges, powers


def stages(network: Network, array: int) -> int:
    """Stages of an array's residual stream: one a layer, and one behind the last if another array reads it."""
    return len(network.arrays[array].layers) + (array + 1 < len(network.arrays))


def stretches(audio: NDArray[np.float32], count: int) -> list[NDArray[np.float32]]:
    """What each of `count` positions hears of the audio (frames,): MAX_FRAMES shared out, MIN_FRAMES at least."""
    frames = max(MAX_FRAMES // count, MIN_FRAMES)
    return [_stretch(audio, frames, index) for index in range(count)]


def _stretch(audio: NDArray[np.float32], frames: int, index: int) -> NDArray[np.float32]:
    """`frames` of audio for the index-th position: the loudest quarter of them, which all positions must be able to
    carry, then a part that differs from position to position, so that together they hear it all.
    """
    if len(audio) <= frames:
        return audio
    loud = frames // 4
    energy = np.concatenate([[0.0], np.cumsum(audio.astype(np.float64) ** 2)])
    start = int(np.argmax(energy[loud:] - energy[:-loud]))
    rest = frames - loud
    own = (index * rest) % (len(audio) - rest + 1)
    return np.concatenate([audio[start : start + loud], audio[own : own + rest]])
