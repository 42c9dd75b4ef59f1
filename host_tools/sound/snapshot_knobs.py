"""The four knobs of a snapshot, to the bit: drive, tone, symmetry, dynamics around a network that has no position.

Pairs with firmware/module/sound/snapshot_knobs.c, of which this is the readable twin; what each knob does stands in the
header beside it. A turn runs from -32768 to 32767; its middle, 1 % to either side, leaves the snapshot exactly as it
is. Factors run in straight lines from block to block, the level in thirds of a block. Everything is an integer; >> is a
floor, and divisions go towards zero as C's do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.model.model import KnobFit

COUNT = 4
BLOCK_FRAMES, STEP_FRAMES = 48, 16
STEPS = BLOCK_FRAMES // STEP_FRAMES
UNITY = 1 << 16
MARGIN = 655
SPAN = 32767 - MARGIN
DRIVE_OCTAVES, TILT_OCTAVES = 3, 1
DYNAMICS_EIGHTHS, DYNAMICS_MOST = 7, 2 * UNITY
HELD_MOST = 4 * UNITY
REFERENCE_IN = 8192
RELEASE_SHIFT = 7
WAVE_MOST = 65535
SLOPE_BITS = 8
KNEE, FULL_SCALE = 24576, 32767
DC_SHIFT, FRACTION = 10, 12
LEVEL_STEP_Q16 = 2721
"""A quarter of a decibel, log2 in Q16."""
POINTS = (4, 2, 2, 2)
"""Levels that are known on either side of a knob's middle."""

Integers = NDArray[np.int64]
Player = Callable[[NDArray[np.int16]], NDArray[np.int16]]
"""What the network makes of audio, from silence on."""


@dataclass(frozen=True)
class Aim:
    """Where a block's factors go: gain, soft, uneven, low, high, dry in Q16, blocked in Q14; held: log2 in Q16."""

    gain: int = UNITY
    soft: int = 0
    uneven: int = 0
    blocked: int = 0
    low: int = UNITY
    high: int = UNITY
    dry: int = 0
    held: int = 0
    dynamics: int = 0


def play(
    fit: KnobFit,
    audio: NDArray[np.int16],
    positions: NDArray[np.int16],
    network: Player,
    level_only: bool = False,
) -> NDArray[np.int16]:
    """audio int16 (frames,) -> int16 (frames,) as the module plays it, from silence.

    positions int16 (blocks, 4): where each block of 48 frames is played; the last one's holds for what is behind, and
    the first one's factors stand from the beginning. network: the snapshot alone. level_only: drive's knob has another
    meaning; what it does here is to hold the loudness.
    """
    blocks = -(-len(audio) // BLOCK_FRAMES)
    padded = np.zeros((blocks, BLOCK_FRAMES), np.int64)
    padded.reshape(-1)[: len(audio)] = audio
    ways = _ways(fit, np.asarray(positions)[np.minimum(np.arange(blocks), len(positions) - 1)], level_only)
    driven, envelopes = padded.copy(), np.zeros((blocks, STEPS), np.int64)
    envelope = 0
    for block, way in enumerate(ways):
        if way is None:
            continue
        envelope = 0 if way.begins else envelope
        driven[block] = _driven(padded[block], way)
        for step, peak in enumerate(np.abs(padded[block]).reshape(STEPS, -1).max(axis=1).tolist()):
            envelope = follow(envelope, peak)
            envelopes[block, step] = envelope
    played = network(driven.reshape(-1).astype(np.int16)).astype(np.int64).reshape(padded.shape)
    rest = int(network(np.zeros(1, np.int16))[0])
    shaper: _Shaper | None = None
    for block, way in enumerate(ways):
        if way is None:
            continue
        if way.begins or shaper is None:
            shaper = _Shaper(fit, rest, None if block == 0 else UNITY)
        played[block] = shaper.block(padded[block].tolist(), played[block].tolist(), way, envelopes[block].tolist())
    return played.reshape(-1)[: len(audio)].astype(np.int16)


def way_of(turn: int) -> int:
    """A turn, -32768..32767, without the margin around its middle: -32768..32768.

    >>> way_of(0), way_of(655), way_of(-32768), way_of(32767)
    (0, 0, -32768, 32768)
    """
    beyond = min(max(abs(turn) - MARGIN, 0), SPAN) * 32768 // SPAN
    return beyond if turn > 0 else -beyond


def turn_of(way: float) -> int:
    """The turn that is so far from the middle, -1 to 1.

    >>> [way_of(turn_of(way)) for way in (-1.0, -0.25, 0.0, 0.5)]
    [-32768, -8192, 0, 16384]
    """
    if way == 0:
        return 0
    beyond = MARGIN + round(abs(way) * SPAN)
    return beyond if way > 0 else -beyond


def exp2_q16(q16: int) -> int:
    """2^(q16 / 65536) in Q16, from lines between sixteenths of an octave; from -16 to 9 octaves."""
    octave, rest = q16 >> 16, q16 & 0xFFFF
    if octave < -16:
        return 1
    if octave > 8:
        octave, rest = 8, 0xFFFF
    low, high = _POWERS[rest >> 12], _POWERS[(rest >> 12) + 1]
    power = low + ((high - low) * (rest & 0xFFF) >> 12)
    return power << octave if octave >= 0 else power >> -octave


_POWERS = [round(UNITY * 2 ** (i / 16)) for i in range(17)]


def log2_q16(value: int) -> int:
    """log2 in Q16, from lines between powers of two, at most half a decibel too low; value: 1 to 2^31 - 1."""
    octave = value.bit_length() - 1
    return (octave << 16) + ((value << (31 - octave) & 0x7FFFFFFF) >> 15)


def level_of(levels: Sequence[int], knob: int, way: int) -> int:
    """The level that holds the loudness at a place of a knob's turn, log2 in Q16. levels: see KnobFit."""
    points = POINTS[knob]
    left = 2 * sum(POINTS[:knob])
    side = levels[left + points : left + 2 * points] if way > 0 else levels[left : left + points][::-1]
    place = abs(way) * points
    index = min(place >> 15, points - 1)
    low, rest = side[index - 1] if index else 0, place - (index << 15)
    return (((low << 15) + (side[index] - low) * rest) >> 7) * LEVEL_STEP_Q16 >> 8


def aim(fit: KnobFit, ways: Sequence[int], level_only: bool = False) -> Aim:
    """Where the factors go with the knobs so far from their middles, (4,) -32768..32768."""
    drive, tone, symmetry, dynamics = ways
    held = sum(level_of(fit.levels, knob, way) for knob, way in enumerate(ways))
    drive = 0 if level_only else drive
    gain = exp2_q16(2 * (DRIVE_OCTAVES - (fit.less_drive if drive > 0 else 0)) * drive)
    bright = max(drive, 0) * fit.bright >> 4
    return Aim(
        gain=gain,
        soft=min(max(4 * (gain - UNITY), 0), UNITY),
        uneven=symmetry,
        blocked=min(8 * abs(symmetry), 16384),
        low=exp2_q16(-2 * TILT_OCTAVES * (tone + bright)),
        high=exp2_q16(2 * TILT_OCTAVES * (tone + bright)),
        dry=dry_at(fit, drive),
        held=min(max(held, -HELD_MOST), HELD_MOST),
        dynamics=dynamics,
    )


def dry_at(fit: KnobFit, way: int) -> int:
    """What comes in, beside the network, at drive's place: Q16.

    >>> dry_at(KnobFit(output_peak=8192, dry=8), -32768), dry_at(KnobFit(output_peak=8192, dry=8), 32768)
    (32768, 0)
    """
    part = max(-way, 0) * fit.dry >> 8
    dry = part * fit.output_peak * 8 >> 11
    return -dry if fit.upside_down else dry


def follow(envelope: int, peak: int) -> int:
    """An envelope, Q8 of a sample, one step further: up at once, down by and by."""
    return peak << 8 if peak << 8 > envelope else envelope - ((envelope - (peak << 8)) >> RELEASE_SHIFT)


@dataclass(frozen=True)
class Way:
    """From where to where a block's factors run. begins: nothing was heard through them before."""

    start: Aim
    end: Aim
    begins: bool


def _ways(fit: KnobFit, positions: NDArray[np.int16], level_only: bool) -> list[Way | None]:
    """By block; None where the knobs are in their middles and were before."""
    found: list[Way | None] = []
    now, moved = Aim(), False
    for block, turns in enumerate(positions.tolist()):
        ways = [way_of(turn) for turn in turns]
        before = moved
        moved = any(ways)
        if not (moved or before):
            found.append(None)
            continue
        target = aim(fit, ways, level_only)
        start = target if block == 0 else now if before else Aim()
        found.append(Way(start, target, begins=block == 0 or not before))
        now = target
    return found


def _over(value: int, divisor: int) -> int:
    return value // divisor if value >= 0 else -(-value // divisor)


def line(start: int, end: int) -> Integers:
    """A factor in each frame of a block."""
    step = _over((end - start) << SLOPE_BITS, BLOCK_FRAMES)
    found: Integers = ((start << SLOPE_BITS) + step * np.arange(1, BLOCK_FRAMES + 1)) >> SLOPE_BITS
    return found


def _driven(samples: Integers, way: Way) -> Integers:
    """What the network hears of a block."""
    start, end = way.start, way.end
    wide = (samples * line(start.gain, end.gain) + (UNITY >> 1)) >> 16
    hard = np.clip(wide, -32768, 32767)
    room = FULL_SCALE - KNEE
    loud = np.minimum(np.abs(wide), KNEE + 2 * room)
    over = np.maximum(loud - KNEE, 0)
    bent = np.minimum(loud, KNEE) + over - over * over // (4 * room)
    soft = np.where(wide < 0, -bent, bent)
    return hard + ((soft - hard) * line(start.soft, end.soft) >> 16)


@dataclass
class _Shaper:
    """What is made of a network's output, block by block, since the knobs left their middles."""

    fit: KnobFit
    rest: int
    level: int | None
    """Q16; None: the first one is there at once."""
    envelope: int = 0
    mean: int = 0
    low: int = 0

    def block(self, dry: list[int], samples: list[int], way: Way, envelopes_in: list[int]) -> list[int]:
        start, end = way.start, way.end
        uneven, blocked = line(start.uneven, end.uneven).tolist(), line(start.blocked, end.blocked).tolist()
        lows, highs = line(start.low, end.low).tolist(), line(start.high, end.high).tolist()
        beside = line(start.dry, end.dry).tolist()
        waves = [
            min(max(sample - self.rest + _times_q16(one, share), -WAVE_MOST), WAVE_MOST)
            for one, sample, share in zip(dry, samples, beside, strict=True)
        ]
        made = []
        for step in range(STEPS):
            here = slice(step * STEP_FRAMES, (step + 1) * STEP_FRAMES)
            still = self._still(waves[here], uneven[here], blocked[here])
            before = self.envelope
            self.envelope = follow(before, max(abs(sample) for sample in still))
            level = self._level(start, end, step + 1, envelopes_in[step])
            falls_at_once = (
                self.envelope > before and end.dynamics > 0 and self.level is not None and level < self.level
            )
            made += self._tilted(still, lows[here], highs[here], level if falls_at_once else self.level, level)
            self.level = level
        return made

    def _still(self, waves: list[int], uneven: list[int], blocked: list[int]) -> list[int]:
        """The halves of the wave made uneven, the offset taken away."""
        found = []
        for wave, part, share in zip(waves, uneven, blocked, strict=True):
            wide = wave + (abs(wave) * part >> 16)
            self.mean += ((wide << FRACTION) - self.mean) >> DC_SHIFT
            found.append(wide - (_rounded(self.mean) * share >> 14))
        return found

    def _level(self, start: Aim, end: Aim, step: int, envelope_in: int) -> int:
        """At the end of a block's step, which counts from 1; Q16."""
        way = start.dynamics + _over((end.dynamics - start.dynamics) * step, STEPS)
        held = start.held + _over((end.held - start.held) * step, STEPS)
        if way == 0:
            return exp2_q16(held)
        envelope, reference = (self.envelope, self.fit.output_peak) if way > 0 else (envelope_in, REFERENCE_IN)
        above = log2_q16(max(envelope, 1)) - log2_q16(reference << 8)
        eighths = DYNAMICS_EIGHTHS - (self.fit.less_expansion if way < 0 else 0)
        pressed = way * eighths * above >> 18
        return exp2_q16(held - min(max(pressed, -DYNAMICS_MOST), DYNAMICS_MOST))

    def _tilted(
        self, still: list[int], lows: list[int], highs: list[int], level_from: int | None, level_to: int
    ) -> list[int]:
        start = level_to if level_from is None else level_from
        step = (level_to - start) * ((1 << SLOPE_BITS) // STEP_FRAMES)
        found = []
        for i, sample in enumerate(still):
            self.low += ((sample << FRACTION) - self.low) * self.fit.tone_pole >> 15
            bass = _rounded(self.low)
            tilted = (bass * lows[i] + (sample - bass) * highs[i] + (UNITY >> 1)) >> 16
            level = ((start << SLOPE_BITS) + step * (i + 1)) >> SLOPE_BITS
            found.append(min(max(((tilted * level + (UNITY >> 1)) >> 16) + self.rest, -32768), 32767))
        return found


def _times_q16(value: int, factor: int) -> int:
    return (value * factor + (UNITY >> 1)) >> 16


def _rounded(value: int) -> int:
    return (value + (1 << (FRACTION - 1))) >> FRACTION
