"""Takes: the pieces of audio that a hardware-in-the-loop test streams, each with the positions it is played at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK_FRAMES = 48
SAMPLE_RATE = 48000
SWEEP_HZ = (0.13, 0.19, 0.29, 0.41)
"""How fast each played dimension swings in a sweep: slow enough to hear, with no common period."""
SWEEP_DEPTH = 0.9
LIVE_KNOBS = ("gain", "mix", "level")
"""Around the engine: a take that moves them goes through the whole path."""
LIVE_REST = (32768, 65535, 32768)
"""Where they are before their first move: gain 1, the model alone, level 1."""


@dataclass(frozen=True)
class Take:
    """One unbroken stream through the module.

    audio int16 (frames,), a whole number of blocks; positions int16 Q15 (blocks, position size), the target of every
    block; target float32 (frames,) what the device makes of it, in the model's own level, where there is a device.
    """

    name: str
    audio: NDArray[np.int16]
    positions: NDArray[np.int16]
    device: str | None = None
    target: NDArray[np.float32] | None = None
    knobs: NDArray[np.uint16] | None = None
    """(blocks, 3): gain, mix, level; then the take goes through the whole path. None: through the engine alone."""
    bend: str = "none"
    gate: int = 0
    """Under one, positions are its four knobs, and the model rests where it starts."""

    @property
    def seconds(self) -> float:
        """Length in time."""
        return len(self.audio) / SAMPLE_RATE


@dataclass(frozen=True)
class Move:
    """From `seconds` on, a dimension is at `value`, -1..1; or, with `knob`, one of LIVE_KNOBS, 0..1."""

    seconds: float
    dimension: int
    value: float
    knob: bool = False


def whole_blocks(audio: NDArray[np.float32]) -> NDArray[np.int16]:
    """audio (frames,), full scale ±1 -> int16, cut to whole blocks; less than one block is filled with zeros."""
    frames = max(len(audio) // BLOCK_FRAMES, 1) * BLOCK_FRAMES
    cut = np.zeros(frames, np.float32)
    cut[: min(frames, len(audio))] = audio[:frames]
    return np.clip(np.round(cut * 32768.0), -32768, 32767).astype(np.int16)


def excerpt(audio: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    """The loudest stretch of this length, or all if it is shorter."""
    frames = int(seconds * SAMPLE_RATE)
    if len(audio) <= frames:
        return audio
    energy = np.concatenate([[0.0], np.cumsum(audio.astype(np.float64) ** 2)])
    hop = SAMPLE_RATE // 100
    starts = np.arange(0, len(audio) - frames + 1, hop)
    start = int(starts[np.argmax(energy[starts + frames] - energy[starts])])
    return audio[start : start + frames]


def sweep(audio: NDArray[np.float32], rest: Sequence[int], played: int, name: str = "sweep") -> Take:
    """A take in which the first `played` dimensions swing about the position `rest` (Q15, one number a dimension)."""
    samples = whole_blocks(audio)
    blocks = len(samples) // BLOCK_FRAMES
    seconds = np.arange(blocks) * BLOCK_FRAMES / SAMPLE_RATE
    positions = np.tile(np.asarray(rest, np.float64), (blocks, 1))
    for dimension in range(min(played, len(rest))):
        rate = SWEEP_HZ[dimension % len(SWEEP_HZ)]
        positions[:, dimension] += 32768 * SWEEP_DEPTH * np.sin(2 * np.pi * rate * seconds)
    return Take(name, samples, np.clip(np.round(positions), -32768, 32767).astype(np.int16))


def automated(audio: NDArray[np.float32], rest: Sequence[int], moves: Sequence[Move], name: str = "automation") -> Take:
    """A take in which dimensions move at given times: each keeps its value until its next move.

    rest: Q15, where each dimension is before its first move. The module glides from value to value, as it does under a
    knob, so steps make no clicks. A move counts from the block that its time lies in. Moves of gain, mix or level make
    it a take through the whole path.
    """
    samples = whole_blocks(audio)
    blocks = len(samples) // BLOCK_FRAMES
    positions = np.tile(np.asarray(rest, np.int32), (blocks, 1))
    knobs = np.tile(np.asarray(LIVE_REST, np.int32), (blocks, 1))
    for move in sorted(moves, key=lambda m: m.seconds):  # stable: of two at the same time the later line counts
        block = int(move.seconds * SAMPLE_RATE / BLOCK_FRAMES + 1e-9)
        if move.knob:
            knobs[block:, move.dimension] = round(move.value * 65535)
        else:
            positions[block:, move.dimension] = min(32767, round(move.value * 32768))
    turned = knobs.astype(np.uint16) if any(move.knob for move in moves) else None
    return Take(name, samples, positions.astype(np.int16), knobs=turned)


def held(
    audio: NDArray[np.float32],
    position: Sequence[int] | NDArray[np.int16],
    name: str,
    device: str | None = None,
    target: NDArray[np.float32] | None = None,
) -> Take:
    """A take at one position. target: as long as audio; cut along with it."""
    samples = whole_blocks(audio)
    blocks = len(samples) // BLOCK_FRAMES
    positions = np.tile(np.asarray(position, np.int16), (blocks, 1))
    if target is not None:
        filled = np.zeros(len(samples), np.float32)
        filled[: min(len(samples), len(target))] = target[: len(samples)]
        target = filled
    return Take(name, samples, positions, device, target)


def labels_of(positions: Mapping[str, Sequence[float]], device: str, most: int) -> list[str]:
    """Up to `most` of a device's training settings, spread over all. Labels read "device@knob=v,...", sorted."""
    labels = sorted(label for label in positions if label.split("@")[0] == device)
    if len(labels) <= most:
        return labels
    return [labels[round(i)] for i in np.linspace(0, len(labels) - 1, most + 2)[1:-1]]


def settings_of(label: str) -> dict[str, float]:
    """The knobs in a training setting's label: "fuzz@drive=0.5,tone=0.25" -> {"drive": 0.5, "tone": 0.25}."""
    _, _, knobs = label.partition("@")
    return {name: float(value) for name, _, value in (knob.partition("=") for knob in knobs.split(",") if knob)}
