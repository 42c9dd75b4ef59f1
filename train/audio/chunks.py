"""Long audio as a large batch of short chunks, for devices that work off one frame after the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def split(audio: NDArray[np.floating], chunk: int, lead_in: int) -> NDArray[np.floating]:
    """(batch, frames) -> (batch * chunks, lead_in + chunk): each chunk with the frames before it, zeros at the start.

    The last chunk is filled up with zeros. `join` undoes it.
    """
    batch, frames = audio.shape
    count = -(-frames // chunk)
    padded = np.pad(audio, ((0, 0), (lead_in, count * chunk - frames)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, lead_in + chunk, axis=1)[:, ::chunk]
    return np.ascontiguousarray(windows.reshape(batch * count, lead_in + chunk))


def join(chunks: NDArray[np.floating], frames: int, lead_in: int) -> NDArray[np.floating]:
    """(batch * chunks, lead_in + chunk) -> (batch, frames), without the lead-ins."""
    kept = chunks[:, lead_in:]
    count = -(-frames // kept.shape[1])
    return kept.reshape(-1, count * kept.shape[1])[:, :frames]
