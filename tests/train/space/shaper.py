"""A memoryless function as a device, to measure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.train.space.attributes import Attributes, measure


def of_function(function: Callable[[NDArray[Any]], NDArray[Any]]) -> Attributes:
    """The attributes of a function of the dry audio (batch, frames)."""

    class Shaper:
        name, knobs, kind, licence = "shaper", (), "circuit", "MIT"

        def render(self, dry: NDArray[np.float32], settings: NDArray[np.float32]) -> NDArray[np.float32]:
            return function(dry.astype(np.float64)).astype(np.float32)

    return measure(Shaper(), np.zeros((1, 0), np.float32))[0]
