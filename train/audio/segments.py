"""Segments for a training step: random places of one long recording, lead-in and all, in one gather."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


class Segments:
    """Draws (dry with lead-in, wet) by (seed, step) alone, so that a training that goes on draws what it would have.

    dry, wet: (frames,), equally long; they may be memory-mapped. Raises ValueError if they are shorter than a segment.
    """

    def __init__(self, dry: Tensor, wet: Tensor, lead_in: int, frames: int, seed: int) -> None:
        if len(dry) != len(wet) or len(dry) < lead_in + frames:
            raise ValueError(f"{len(dry)} and {len(wet)} frames are no pair of at least {lead_in + frames}")
        # Every segment as a row of an overlapping view: nothing is copied until rows are chosen.
        self._dry, self._wet = dry.unfold(0, lead_in + frames, 1), wet[lead_in:].unfold(0, frames, 1)
        self._seed = seed

    def draw(self, step: int, batch: int) -> tuple[Tensor, Tensor]:
        """(batch, lead_in + frames) and (batch, frames)."""
        at = torch.from_numpy(np.random.default_rng([self._seed, step]).integers(len(self._dry), size=batch))
        return self._dry[at], self._wet[at]
