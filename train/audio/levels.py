"""Audio at all levels: what is played decides how far a distortion is driven, and integers must hold all of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SAMPLE_RATE

LOUDEST_PEAKS = (0.1, 0.95)
QUIETEST_PEAK = 1e-3
"""Rests stay rests."""
FEW_PIECES = 8


def at_all_levels(audio: NDArray[np.floating], seed: int = 0) -> NDArray[np.float32]:
    """The same audio (frames,), its level swaying so that every half second peaks between LOUDEST_PEAKS.

    A module's input is often hot, and phrases as they were recorded are mostly quiet. Of a few pieces the loudest peaks
    at the upper end.
    """
    piece = SAMPLE_RATE // 2
    count = -(-len(audio) // piece)
    padded = np.pad(audio, (0, count * piece - len(audio)))
    peaks = np.abs(padded.reshape(count, piece)).max(axis=1, initial=0.0)
    quietest, loudest = np.log(LOUDEST_PEAKS)
    wanted = np.exp(np.random.default_rng(seed).uniform(float(quietest), float(loudest), count))
    if 0 < count < FEW_PIECES:
        wanted *= LOUDEST_PEAKS[1] / wanted.max()
    gains = np.where(peaks > QUIETEST_PEAK, wanted / np.maximum(peaks, QUIETEST_PEAK), 1.0)
    swaying = np.exp(np.interp(np.arange(len(audio)), (np.arange(count) + 0.5) * piece, np.log(gains)))
    return np.clip(audio * swaying, -1, 1).astype(np.float32)
