"""Segments for a training step: random places of one long recording, lead-in and all, in one gather."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


class Segments:
    """Draws (dry with lead-in, wet) by (seed, step) alone, so that a training that goes on draws what it would have.

    dry, wet: (frames,), equally long; they may be memory-mapped. joints: frames at which something was cut out: no
    segment goes across one, if any does without. Raises ValueError if they are shorter than a segment.
    """

    def __init__(
        self, dry: Tensor, wet: Tensor, lead_in: int, frames: int, seed: int, joints: Sequence[int] = ()
    ) -> None:
        if len(dry) != len(wet) or len(dry) < lead_in + frames:
            raise ValueError(f"{len(dry)} and {len(wet)} frames are no pair of at least {lead_in + frames}")
        # Every segment as a row of an overlapping view: nothing is copied until rows are chosen.
        self._dry, self._wet = dry.unfold(0, lead_in + frames, 1), wet[lead_in:].unfold(0, frames, 1)
        self._seed = seed
        whole = np.ones(len(self._dry), bool)
        for joint in joints:
            whole[max(0, joint - lead_in - frames + 1) : joint] = False
        self._starts = np.flatnonzero(whole) if joints and whole.any() else None

    def draw(self, step: int, batch: int) -> tuple[Tensor, Tensor]:
        """(batch, lead_in + frames) and (batch, frames)."""
        rng = np.random.default_rng([self._seed, step])
        if self._starts is None:
            at = torch.from_numpy(rng.integers(len(self._dry), size=batch))
        else:
            at = torch.from_numpy(self._starts[rng.integers(len(self._starts), size=batch)])
        return self._dry[at], self._wet[at]
