"""A space's decoder in float, played with the very moves the module makes: what the integers are measured against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from gritspace.quantize.model.reference import RAMP_FRAMES, RAMP_STEPS, Move, ramps
from gritspace.train.network.shapes import Modulation
from gritspace.train.network.tcn import Tcn

CHUNK_FRAMES = 24000


def play(
    decoder: Tcn, audio: NDArray[np.int16], position: NDArray[np.int16] | None, moves: Sequence[Move] = ()
) -> NDArray[np.float32]:
    """audio int16 (frames,) -> float32 (frames,), full scale ±1, from the state silence leaves at `position`.

    Gains and biases run in the engine's ramps, so that only the rounding to integers differs between the two.
    position Q15 (position size,), or None for a snapshot.
    """
    lead = decoder.config.receptive_field - 1
    dry = torch.from_numpy(np.concatenate([np.zeros(lead), audio / 32768.0]).astype(np.float32))
    with torch.inference_mode():
        rows = None if decoder.film is None else _rows(decoder, position, moves)
        pieces = []
        for start in range(0, len(audio), CHUNK_FRAMES):
            end = min(start + CHUNK_FRAMES, len(audio))
            modulation = None if rows is None else _spread(*rows, np.arange(start - lead, end))
            pieces.append(decoder(dry[None, start : end + lead], modulation)[0])
    return torch.cat(pieces).numpy() if pieces else np.zeros(0, np.float32)


Rows = tuple[NDArray[np.int64], torch.Tensor, torch.Tensor]
"""First frame of every stretch of constant rows, its gains and its biases, both (stretches, film rows)."""


def _rows(decoder: Tcn, position: NDArray[np.int16] | None, moves: Sequence[Move]) -> Rows:
    assert decoder.film is not None
    if position is None:
        raise ValueError("a space needs a position to be played at")
    taken = ramps(moves, position)
    wanted = [np.asarray(position), *(np.asarray(z) for _, z in taken)]
    made = decoder.film(torch.from_numpy(np.stack(wanted).astype(np.float32) / 32768.0))
    ends = torch.stack([made.gain[..., 0], made.bias[..., 0]], dim=1)  # (positions, gain or bias, rows)
    starts, reached = [0], [ends[0]]
    for (frame, _), end in zip(taken, ends[1:], strict=True):
        begin = reached[-1]
        for step in range(1, RAMP_STEPS + 1):
            starts.append(frame + (step - 1) * (RAMP_FRAMES // RAMP_STEPS))
            reached.append(begin + (end - begin) * (step / RAMP_STEPS))
    both = torch.stack(reached)
    return np.asarray(starts), both[:, 0], both[:, 1]


def _spread(
    starts: NDArray[np.int64], gains: torch.Tensor, biases: torch.Tensor, frames: NDArray[np.int64]
) -> Modulation:
    stretch = np.searchsorted(starts, np.maximum(frames, 0), side="right") - 1
    index = torch.from_numpy(stretch)
    return Modulation(gains[index].T[None], biases[index].T[None])
