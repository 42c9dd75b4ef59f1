"""Bends, to the bit: what leaves the region where amplifiers sound, on top of a snapshot or of a space at a place.

Pairs with firmware/module/sound/bends.c, bend_feedback.c and bend_rate.c, of which this is the readable twin; what each
knob does stands in the header beside it. Everything is an integer; >> is a floor, and divisions go towards zero as C's
do. Samples have 32768 as full scale.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.link.schema import schema
from gritspace.host_tools.sound.bend_level import BendLevel
from gritspace.host_tools.sound.snapshot_knobs import UNITY, exp2_q16, way_of

KINDS = tuple(value.name for value in schema().enums["bend"][1])
"""none, slope, hold, feedback, rate, as the link numbers them."""
COUNT = 4
BLOCK_FRAMES = 48
SLOPE_BITS = 8
HELD_SHIFT = 3
"""All of the level that holds the loudness is there an eighth of the way out."""
NOISE = (1664525, 1013904223)
FEEDBACK_MOST, LINE_FRAMES, POLE = 31130, 4864, 4096
DELAY_MIDDLE, DELAY_LEAST, DELAY_MOST = 480, 48 << 8, 4800 << 8
KNEE, FULL_SCALE = 24576, 32767

Samples = NDArray[np.int16]


class Network(Protocol):
    """What a bend bends: `Stepwise`, or the C engine."""

    def process(self, audio: Samples) -> Samples:
        """The next frames."""

    def slopes(self, ways: Sequence[int]) -> None:
        """How far the activations are bent, by array."""

    def hold_at(self, layer: int, length: int, spread: int, mix: int, fades: bool) -> None:
        """The stream behind a layer is held from here on."""

    def hold_no_more(self) -> None:
        """It is not."""


class Bend(ABC):
    """One bend around a network that has just begun; block by block. curve: what it is held to, or none."""

    def __init__(self, network: Network, rest: int, curve: Sequence[int], holdable: int) -> None:
        self.network, self.rest, self.holdable = network, rest, holdable
        self.hold_level = BendLevel(curve)
        self.correction = self.offset = 0
        self.level = UNITY
        self.ways = [0] * COUNT
        self.moved = self._awake = False

    def begin(self, turns: Sequence[int]) -> None:
        """Stands still at a position from the start."""
        self._take(turns)

    def block(self, samples: list[int], turns: Sequence[int]) -> list[int]:
        """The next 48 frames with the knobs at `turns`, -32768..32767."""
        before, start, about = self.moved, self.level, self.offset
        self._take(turns)
        awake = before or self.moved
        if not self._awake:
            self.hold_level.restart()
            self.correction = 0
        self._awake, self.offset = awake, self.hold_level.offset
        self.level = self._level() if self.moved else UNITY
        played = self._play(samples, awake)
        if not awake:
            return played
        self.correction = self.hold_level.end(samples, played, self.rest)
        step = _over((self.level - start) << SLOPE_BITS, BLOCK_FRAMES)
        drift = _over(self.offset - about, BLOCK_FRAMES)
        return [
            self._leveled(sample, start * (1 << SLOPE_BITS) + step * i, self.rest + (about + drift * i >> 8))
            for i, sample in enumerate(played, 1)
        ]

    @staticmethod
    def _leveled(sample: int, level: int, about: int) -> int:
        return saturated(((sample - about) * (level >> SLOPE_BITS) + (UNITY >> 1) >> 16) + about)

    def _take(self, turns: Sequence[int]) -> None:
        self.ways = [way_of(turn) for turn in turns]
        self.moved = any(self.ways) if self._all_wake() else self.ways[0] != 0

    def _all_wake(self) -> bool:
        return False

    def _level(self) -> int:
        """What holds the loudness, Q16: of the correction, the more the farther out the knobs are."""
        share = max(map(abs, self.ways if self._all_wake() else self.ways[:1]))
        return exp2_q16(self.correction * (min(share, 32768 >> HELD_SHIFT) >> 1) >> 14 - HELD_SHIFT)

    def _network(self, heard: Sequence[int]) -> list[int]:
        return [int(sample) for sample in self.network.process(np.asarray(heard, np.int16))]

    @abstractmethod
    def _play(self, samples: list[int], awake: bool) -> list[int]:
        """What comes out of the bent network."""


class Slope(Bend):
    """Activations from as trained to linear or rectified; level and bias into the network."""

    def _all_wake(self) -> bool:
        return True

    def _play(self, samples: list[int], awake: bool) -> list[int]:
        self.network.slopes(self.ways[:2])
        if not awake:
            return self._network(samples)
        gain, bias = exp2_q16(6 * self.ways[2]) >> 4, self.ways[3] >> 2
        return self._network([saturated((sample * gain >> 12) + bias) for sample in samples])


class Hold(Bend):
    """The stream behind one layer stands still for a while, again and again."""

    def _play(self, samples: list[int], awake: bool) -> list[int]:
        length, place, mix, spread = self.ways
        if awake and self.holdable > 0:
            self.network.hold_at(
                layer=min((place + 32768) * self.holdable >> 16, self.holdable - 1),
                length=exp2_q16(20 * abs(length) - 8 * UNITY) >> 8,
                spread=abs(spread),
                mix=32768 + mix if mix < 0 else 32768 + mix // 2 - (mix == 32768),
                fades=length < 0,
            )
        else:
            self.network.hold_no_more()
        return self._network(samples)


class Feedback(Bend):
    """What came out goes in again, 48 to 4,800 frames later."""

    def __init__(self, network: Network, rest: int, curve: Sequence[int], holdable: int) -> None:
        super().__init__(network, rest, curve, holdable)
        self._gain, self._delay, self._low, self._at = 0, 0, 0, 0
        self._line = [0] * LINE_FRAMES

    def _play(self, samples: list[int], awake: bool) -> list[int]:
        gain_to = self.ways[0] * FEEDBACK_MOST >> 15
        delay_to = DELAY_MIDDLE * (exp2_q16(_over(self.ways[1] * 425, 64)) >> 8)
        delay_to = min(max(delay_to, DELAY_LEAST), DELAY_MOST)
        gain_from, delay_from = self._gain, self._delay or delay_to
        self._gain, self._delay = gain_to, delay_to
        heard = samples
        if awake:
            heard = []
            for i, sample in enumerate(samples):
                gain = gain_from + _over((gain_to - gain_from) * (i + 1), BLOCK_FRAMES)
                round_ = saturated(self._coming(delay_from + _over((delay_to - delay_from) * (i + 1), BLOCK_FRAMES), i))
                wide = sample + (gain * round_ >> 15) + ((sample * round_ >> 15) * self.ways[3] >> 15)
                hard, share = saturated(wide), min(8 * abs(gain), 32767)
                heard.append(hard + ((limited(wide) - hard) * share >> 15))
        played = self._network(heard)
        for sample in played:
            self._line[self._at] = saturated(sample - self.rest)
            self._at = (self._at + 1) % LINE_FRAMES
        return played

    def _coming(self, delay: int, ahead: int) -> int:
        at = (self._at + ahead - (delay >> 8)) % LINE_FRAMES
        later, earlier = self._line[at], self._line[at - 1]
        sample = later + ((earlier - later) * (delay & 255) >> 8)
        self._low += ((sample << 8) - self._low) * POLE >> 15
        low, colour = self._low >> 8, self.ways[2]
        if colour < 0:
            return sample - ((low - sample) * (colour >> 1) >> 14)
        return sample - (low * colour >> 15)


class Rate(Bend):
    """The network at 1/1 to 1/6 of the rate."""

    def __init__(self, network: Network, rest: int, curve: Sequence[int], holdable: int) -> None:
        super().__init__(network, rest, curve, holdable)
        self._noise = 0
        self._wake(rest)

    def _wake(self, sample: int) -> None:
        self._phase, self._sum, self._count, self._step = 0, 0, 0, UNITY
        self._before, self._newest, self._since = sample, sample, 0

    def _play(self, samples: list[int], awake: bool) -> list[int]:
        if not awake:
            played = self._network(samples)
            self._wake(played[-1])
            return played
        rate, lines = UNITY + 10 * abs(self.ways[0]), (self.ways[1] + 32768) // 2
        grain = exp2_q16(20 * abs(self.ways[3]) - 8 * UNITY) >> 8
        most = (rate - UNITY) * abs(self.ways[2]) >> 15
        heard: list[int] = []
        marks = set()
        for i, sample in enumerate(samples):
            self._sum += sample
            self._count += 1
            self._phase += UNITY
            if self._phase < self._step:
                continue
            taken = _over(self._sum, self._count) if self.ways[0] > 0 else sample
            heard.append(_over(taken, grain) * grain)
            marks.add(i)
            self._phase -= self._step
            self._noise = (self._noise * NOISE[0] + NOISE[1]) & 0xFFFFFFFF
            self._step = rate + (most * (self._noise >> 17) >> 15)
            self._sum = self._count = 0
        outputs = iter(self._network(heard))
        slope, found = (1 << 31) // rate, []
        for i in range(len(samples)):
            if i in marks:
                self._before, self._newest, self._since = self._newest, next(outputs), 0
            self._since = min(self._since + 1, 16)
            part = min(self._since * slope, 32768)
            line = self._before + ((self._newest - self._before) * (part >> 1) >> 14)
            found.append(self._newest + ((line - self._newest) * (lines >> 1) >> 14))
        return found


BENDS: dict[str, type[Bend]] = {"slope": Slope, "hold": Hold, "feedback": Feedback, "rate": Rate}


def play(
    kind: str,
    curve: Sequence[int],
    audio: Samples,
    turns: NDArray[np.int16],
    network: Network,
    rest: int,
    holdable: int,
) -> Samples:
    """audio int16 (frames,) -> int16 (frames,) through a network under a bend, from silence.

    kind: one of BENDS; curve: what its loudness is held to, as a model has it, or (); turns int16 (blocks, 4): where
    each block of 48 frames is played, the last one's hold for what is behind; network: fresh; rest: what it makes of
    silence; holdable: its layers but the last.
    """
    bend = BENDS[kind](network, rest, curve, holdable)
    blocks = -(-len(audio) // BLOCK_FRAMES)
    padded = np.zeros((blocks, BLOCK_FRAMES), np.int16)
    padded.reshape(-1)[: len(audio)] = audio
    rows = np.asarray(turns)[np.minimum(np.arange(blocks), len(turns) - 1)].tolist()
    if rows:
        bend.begin(rows[0])
    found = [bend.block(samples, row) for samples, row in zip(padded.tolist(), rows, strict=True)]
    return np.asarray(found, np.int16).reshape(-1)[: len(audio)]


def saturated(sample: int) -> int:
    """To int16's range."""
    return min(max(sample, -32768), 32767)


def limited(sample: int) -> int:
    """As it is up to -2.5 dBFS, then a parabola that ends at full scale; as the module's limiter."""
    room = FULL_SCALE - KNEE
    loud = min(abs(sample), KNEE + 2 * room)
    over = max(loud - KNEE, 0)
    loud = min(loud, KNEE) + over - over * over // (4 * room)
    return -loud if sample < 0 else loud


def _over(value: int, divisor: int) -> int:
    """C's division: towards zero."""
    return value // divisor if value >= 0 else -(-value // divisor)
