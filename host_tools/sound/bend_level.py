"""What holds the loudness of a bend, to the bit; the readable twin of firmware/module/sound/bend_level.c, whose header
says what it does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.sound.snapshot_knobs import BLOCK_FRAMES, UNITY, log2_q16

STEP_FRAMES, APART = 16, 3
BASS_SHIFT, MEAN_SHIFT, POWER_SHIFT, HELD_SHIFT, LOG_SHIFT = 2, 5, 4, 6, 16
DOWN_SHIFT, UP_SHIFT = 3, 5
MOST = 6 * UNITY
CURVE_FIRST, CURVE_OCTAVES = 6 * UNITY, 3
CURVE_STEP_Q16 = 10885
"""Half a decibel of power, log2 in Q16."""
QUIET = 7 * UNITY + UNITY // 2


class Loudness:
    """How loud what is heard block by block has become."""

    def __init__(self) -> None:
        self._bass: int | None = None
        self._power = self._held = self.mean = 0

    def heard(self, block: Sequence[int] | NDArray[np.int16], rest: int) -> int:
        """The next 48 frames, about `rest` -> log2 of power in Q16."""
        samples = np.asarray(block, np.int64) - rest
        total, squares = int(samples.sum()), int((samples * samples).sum())
        steps = samples.reshape(-1, STEP_FRAMES)
        change = steps[:, APART:] - steps[:, :-APART]
        part = 256 * total
        mean = part // BLOCK_FRAMES if part >= 0 else -(-part // BLOCK_FRAMES)
        if self._bass is None:
            self._bass = self.mean = mean
        self._bass += (mean - self._bass) >> BASS_SHIFT
        self.mean += (mean - self.mean) >> MEAN_SHIFT
        power = squares - (2 * self._bass * total >> 8) + (BLOCK_FRAMES * self._bass * self._bass >> 16)
        power = max(power, 0) + (int((change * change).sum()) >> 1)
        self._power += (256 * power - self._power) >> POWER_SHIFT
        self._held = max(self._held - (self._held >> HELD_SHIFT), self._power)
        return log2_q16(min((self._held >> LOG_SHIFT) + 1, 0xFFFFFFFF))


class BendLevel:
    """What the level goes to. curve: of the network, see IntegerModel; (): nothing is held."""

    def __init__(self, curve: Sequence[int]) -> None:
        self._curve = tuple(curve)
        self.restart()

    def restart(self) -> None:
        """Nothing was heard yet."""
        self._in, self._out = Loudness(), Loudness()
        self.correction = 0

    def end(self, into: Sequence[int], out: Sequence[int], rest: int) -> int:
        """A block has gone in and come out, 48 frames each -> log2 in Q16."""
        loud_in, loud_out = self._in.heard(into, 0), self._out.heard(out, rest)
        if self._curve and loud_in >= QUIET:
            wanted = (loud_in + gain_of(self._curve, loud_in) - loud_out) >> 1
            wanted = min(max(wanted, -MOST), MOST)
            self.correction += (wanted - self.correction) >> (DOWN_SHIFT if wanted < self.correction else UP_SHIFT)
        return self.correction

    @property
    def offset(self) -> int:
        """Of what comes out, Q8 of a sample: what is not leveled."""
        return self._out.mean


def gain_of(curve: Sequence[int], loud: int) -> int:
    """How much louder the network, unbent, makes what is so loud; both log2 of power in Q16."""
    place = max(loud - CURVE_FIRST, 0) // CURVE_OCTAVES
    index = min(place >> 16, len(curve) - 2)
    rest = min(place - (index << 16), UNITY)
    return ((curve[index] << 8) + (curve[index + 1] - curve[index]) * (rest >> 8)) * CURVE_STEP_Q16 >> 8
