"""What changes while a recording runs, told from the residual against time: no static model is right about it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]


def remarks(dry: Audio, wet: Audio, joints: tuple[int, ...], name: str) -> list[str]:
    """Sentences for a person; none for a device that stays as it is."""
    return []
