"""How large a network may be: one list. What the engine runs is written from here into the `.grit` layout and its C."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Limits:
    """The most of each: layer arrays and layers of a network, channels, taps of a kernel, frames between taps."""

    arrays: int
    layers: int
    channels: int
    kernel: int
    dilation: int


ENGINE = Limits(arrays=4, layers=64, channels=32, kernel=64, dilation=16_384)
"""What the engine runs, and the native training core."""
DEVICE = replace(ENGINE, channels=64)
"""What a capture may be to be played to: PyTorch takes what the native core does not."""
MAX_POSITION = 16
"""Most dimensions a position can have: four played and up to twelve stored."""
MAX_FILM_HIDDEN = 64
"""Units of the FiLM's hidden layer."""
MAX_LSTM_LAYERS, MAX_LSTM_HIDDEN = 8, 256
MAX_WEIGHTS = 1 << 22
"""Of a capture's file; a larger one is no amplifier, and its numbers need not be read."""
