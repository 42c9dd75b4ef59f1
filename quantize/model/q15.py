"""Numbers from -1 to 1 in sixteen bits: how a position is said to an engine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def to_q15(position: Sequence[float] | NDArray[np.float64]) -> NDArray[np.int16]:
    """A position in [-1, 1] -> int16, saturated.

    >>> to_q15([-1, 0.5, 1]).tolist()
    [-32768, 16384, 32767]
    """
    return np.clip(np.round(np.asarray(position, np.float64) * 32768), -32768, 32767).astype(np.int16)
