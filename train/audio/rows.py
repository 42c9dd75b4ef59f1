"""Many settings' audio as one table that need not lie in memory: rows of one length, each anywhere in a mapped file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

RowIndex = int | slice


class Rows:
    """n rows of audio, (frames,) each, times a gain each. Indexed as a tensor (n, frames) is: a copy is what one gets.

    rows: float32 tensors of one length; those over a memory map are only read where they are asked for.
    Raises ValueError if lengths differ.
    """

    def __init__(self, rows: Sequence[Tensor], gains: Sequence[float] | None = None) -> None:
        if len({len(row) for row in rows}) > 1:
            raise ValueError("rows of one table must be of one length")
        self.rows = list(rows)
        self.gains = [1.0] * len(self.rows) if gains is None else [float(gain) for gain in gains]

    @property
    def shape(self) -> tuple[int, int]:
        """(n, frames); (0, 0) without rows."""
        return len(self.rows), len(self.rows[0]) if self.rows else 0

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: RowIndex | tuple[RowIndex, slice]) -> Tensor:
        which, frames = index if isinstance(index, tuple) else (index, slice(None))
        if isinstance(which, int):
            return self.rows[which][frames] * self.gains[which]
        chosen = range(len(self.rows))[which]
        if not chosen:
            return torch.zeros(0, len(range(self.shape[1])[frames]))
        return torch.stack([self.rows[i][frames] * self.gains[i] for i in chosen])

    def __getstate__(self) -> tuple[Tensor, list[float]]:
        return (torch.stack(self.rows) if self.rows else torch.zeros(0, 0)), self.gains  # rows share what is under them

    def __setstate__(self, state: tuple[Tensor, list[float]]) -> None:
        self.rows, self.gains = list(state[0]), state[1]

    def power(self) -> Tensor:
        """Mean square of each row, (n,)."""
        return torch.stack([self[i].square().mean() for i in range(len(self))]) if self.rows else torch.zeros(0)

    def to(self, device: torch.device) -> Rows | Tensor:
        """Itself for the processor; a tensor (n, frames) on any other device."""
        return self if device.type == "cpu" else self[:].to(device)

    def digest(self) -> bytes:
        """Of every sample: two tables of the same sound have the same."""
        digest = hashlib.sha256()
        for i in range(len(self)):
            digest.update(self[i].numpy().tobytes())
        return digest.digest()


def stacked(parts: Iterable[Rows]) -> Rows:
    """Several tables, one under the other."""
    found = list(parts)
    return Rows([row for part in found for row in part.rows], [gain for part in found for gain in part.gains])
