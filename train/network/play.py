"""A network without a position plays audio of any length."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gritspace.train.network.tcn import Tcn

PIECE_FRAMES = 1 << 16


def played(tcn: Tcn, dry: Tensor) -> Tensor:
    """dry (frames,) -> wet (frames,) through a network without a position, in pieces, to bound the memory."""
    lead_in = tcn.config.receptive_field - 1
    padded = F.pad(dry, (lead_in, 0))
    with torch.no_grad():
        pieces = [
            tcn(padded[None, start : start + PIECE_FRAMES + lead_in])[0]
            for start in range(0, max(len(dry), 1), PIECE_FRAMES)
        ]
    return torch.cat(pieces)
