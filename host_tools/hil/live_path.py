"""What a stream through the whole path brings, to the bit: what lies around the engine, in numpy.

Pairs with firmware/module/sound/mixer.c, knob_curves.c, dc_blocker.h, limiter.h and voice.c; tests hold both
against floating point. All factors are Q16, samples have 32768 as full scale.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.hil.expected import BLOCK_FRAMES, glide, play
from gritspace.host_tools.hil.hush import hush_gains, hushed
from gritspace.host_tools.sound.pair import level_only
from gritspace.quantize.model.model import IntegerModel

UNITY = 1 << 16
MIDDLE = 32768
MIDDLE_MARGIN = 655
GLIDE = 8
SLOPE_BITS = 8
DC_SHIFT = 10
DC_FRACTION = 12
DC_INPUT_MAX = 1 << 17
KNEE = 24576
FULL_SCALE = 32767
TRIM_UNITY = 4096

Integers = NDArray[np.int64]


def live(
    model: IntegerModel,
    audio: NDArray[np.int16],
    positions: NDArray[np.int16],
    knobs: NDArray[np.uint16],
    delay: int,
    bend: str = "none",
    gate: int = 0,
) -> NDArray[np.int16]:
    """What the left output hears, int16 (frames,): the model with its own trim, under knobs, from silence.

    audio int16 (frames,), whole blocks; positions int16 Q15 (blocks, n), what to head for; knobs uint16 (blocks, 3):
    gain, mix, level; delay: of the dry sound, in frames, as the module measured its model's (`health.delay`).
    """
    trim = (model.trim_q12 or TRIM_UNITY) * (UNITY // TRIM_UNITY)
    gain, wet, dry = (_slopes(targets) for targets in _targets(knobs, trim))
    dry_sound = np.asarray(audio, np.int64)
    heard = np.clip(times_q16(dry_sound, gain), -32768, 32767).astype(np.int16)
    played = play(model, heard, positions, bend, gate)
    at = positions[:1] if bend == "none" else np.asarray(model.rest_position, np.int16)[None]
    rest = play(model, np.zeros(1, np.int16), at)
    wet_sound = _without_dc(_widened(played, model), int(_widened(rest, model)[0]))
    if model.film is not None or level_only(model):
        taps = 0 if model.impulse is None else len(model.impulse.taps)
        places = glide(positions)
        moved = np.concatenate([[False], (places[1:] != places[:-1]).any(axis=1)])
        moved &= bend == "none"  # else its own place rests
        wet_sound = hushed(wet_sound, hush_gains(heard, moved, model.receptive_field + taps))
    late = np.concatenate([np.zeros(delay, np.int64), dry_sound])[: len(audio)]
    return limited(times_q16(wet_sound, wet) + times_q16(late, dry)).astype(np.int16)


def times_q16(values: Integers, factors: Integers | int) -> Integers:
    """Values times Q16 factors, rounded, halves upwards."""
    product: Integers = (np.asarray(values, np.int64) * factors + (UNITY >> 1)) >> 16
    return product


def gain_of(knob: int) -> int:
    """-24 to 24 dB."""
    return _exp2(4 * _way(knob))


def level_of(knob: int) -> int:
    """A square from silence to 1 in the middle, then up to 12 dB."""
    way = _way(knob)
    return _exp2(2 * way) if way >= 0 else (UNITY + way) ** 2 >> 16


def mix_of(knob: int) -> int:
    """Linear, 65535 is 1."""
    return knob + (knob >> 15)


def limited(samples: Integers) -> Integers:
    """As it is up to the knee, then a parabola that ends at full scale."""
    room = FULL_SCALE - KNEE
    loud = np.minimum(np.abs(samples), KNEE + 2 * room)
    over = np.maximum(loud - KNEE, 0)
    bent = np.minimum(loud, KNEE) + over - over * over // (4 * room)
    return np.where(samples < 0, -bent, bent)


def _way(knob: int) -> int:
    """The knob's way from the middle, -65536..65536, without the margin around it."""
    way, span = knob - MIDDLE, 65535 - MIDDLE - MIDDLE_MARGIN
    beyond = max(abs(way) - MIDDLE_MARGIN, 0)
    whole = min(beyond, span) * UNITY // span
    return whole if way > 0 else -whole


def _exp2(q16: int) -> int:
    octave, rest = q16 >> 16, q16 & 0xFFFF
    powers = [round(UNITY * 2 ** (i / 16)) for i in range(17)]
    low, high = powers[rest >> 12], powers[(rest >> 12) + 1]
    power = low + ((high - low) * (rest & 0xFFF) >> 12)
    return power << octave if octave >= 0 else power >> -octave


def _targets(knobs: NDArray[np.uint16], trim: int) -> tuple[list[int], list[int], list[int]]:
    """(blocks, 3) -> where the factors of the input, of the model and of the dry sound should be, block by block."""
    rows = [(gain_of(gain), mix_of(mix), level_of(level)) for gain, mix, level in knobs.tolist()]
    wet = times_q16(np.array([mix for _, mix, _ in rows]), np.array([level for *_, level in rows])).tolist()
    behind = times_q16(np.array(wet), trim).tolist()
    return [gain for gain, _, _ in rows], behind, [level - part for (_, _, level), part in zip(rows, wet, strict=True)]


def _slopes(targets: Sequence[int]) -> Integers:
    """A factor frame by frame: an eighth of the rest of its way in each block, in straight lines."""
    now, found = targets[0], []
    frames = np.arange(1, BLOCK_FRAMES + 1)
    for target in targets:
        before, way = now, _over(target - now, GLIDE)
        now = target if way == 0 else before + way
        step = _over((now - before) << SLOPE_BITS, BLOCK_FRAMES)
        found.append(((before << SLOPE_BITS) + step * frames) >> SLOPE_BITS)
    return np.concatenate(found).astype(np.int64)


def _over(value: int, divisor: int) -> int:
    """C's division: towards zero."""
    return value // divisor if value >= 0 else -(-value // divisor)


def _widened(samples: NDArray[np.int16], model: IntegerModel) -> Integers:
    wide: Integers = np.asarray(samples, np.int64) << model.output_shift
    return np.clip(wide, -DC_INPUT_MAX, DC_INPUT_MAX)


def _without_dc(samples: Integers, rest: int) -> Integers:
    mean, found = rest << DC_FRACTION, []
    half = 1 << (DC_FRACTION - 1)
    for sample in samples.tolist():
        mean += ((sample << DC_FRACTION) - mean) >> DC_SHIFT
        found.append(sample - ((mean + half) >> DC_FRACTION))
    return np.array(found, np.int64)
