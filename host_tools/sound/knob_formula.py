"""The four knobs of a snapshot at rest, in floating point: what `snapshot_knobs` is in integers, by SciPy's filters.

Quick enough to measure many places of a turn; and an independent formula to hold the integers against.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from gritspace.host_tools.sound.snapshot_knobs import FULL_SCALE, KNEE, REFERENCE_IN, STEP_FRAMES, Player
from gritspace.quantize.model.model import KnobFit

Floats = NDArray[np.float64]

DRIVE_FACTOR, TILT_FACTOR, UNEVEN, DYNAMICS = 8.0, 2.0, 0.5, 0.875
"""At a full turn: 18 dB into the network; 6 dB on either side of the pivot; of one half of the wave over the other; of
the envelope's decibels."""
DYNAMICS_MOST_OCTAVES = 2.0
RELEASE = 2.0**-7
DC_POLE = 1 - 2.0**-10


def held_level(fit: KnobFit, turns: Floats) -> float:
    """The factor that holds the loudness at a place, from the quarters of a decibel in `fit.levels`."""
    total, first = 0.0, 0
    for turn, points in zip(turns, (4, 2, 2, 2), strict=True):
        row = fit.levels[first : first + 2 * points]
        known = [*row[:points], 0, *row[points:]]
        total += float(np.interp(turn, np.arange(-points, points + 1) / points, known)) / 4
        first += 2 * points
    return float(10 ** (np.clip(total, -24.08, 24.08) / 20))


def driven(audio: Floats, drive: float, less_octaves: int = 0) -> Floats:
    """What the network hears: louder or softer, the louder with a soft clip in front. 32768 is full scale.

    less_octaves: that drive has less to the right, see KnobFit.
    """
    gain = (DRIVE_FACTOR / 2.0**less_octaves if drive > 0 else DRIVE_FACTOR) ** drive
    wide = audio * gain
    room = FULL_SCALE - KNEE
    over = np.clip(np.abs(wide) - KNEE, 0, 2 * room)
    soft = np.sign(wide) * (np.minimum(np.abs(wide), KNEE) + over - over**2 / (4 * room))
    share = min(max(4 * (gain - 1), 0.0), 1.0)
    clipped: Floats = (1 - share) * np.clip(wide, -32768, 32767) + share * soft
    return clipped


def with_dry(fit: KnobFit, audio: Floats, wave: Floats, drive: float) -> Floats:
    """What drive to the left adds of what comes in to the network's output about its rest."""
    share = max(-drive, 0.0) * fit.dry / 16 * fit.output_peak / REFERENCE_IN
    return np.asarray(np.clip(wave + (-share if fit.upside_down else share) * audio, -65535, 65535))


def tilted(fit: KnobFit, still: Floats, tone: float, drive: float) -> Floats:
    """The tilt about the pivot, of tone and of drive to the right."""
    pole, turn = 1 - fit.tone_pole / 32768, tone + max(drive, 0.0) * fit.bright / 16
    bass = lfilter([1 - pole], [1, -pole], still)
    return np.asarray(bass / TILT_FACTOR**turn + (still - bass) * TILT_FACTOR**turn)


def shaped(fit: KnobFit, audio: Floats, played: Floats, rest: float, turns: Floats) -> Floats:
    """What is heard of the network's output: dry, symmetry, no offset, tilt, level. audio: what came in before drive.

    turns (4,): drive, tone, symmetry, dynamics, -1 to 1; rest: what the network makes of silence.
    """
    drive, tone, symmetry, dynamics = turns
    wave = with_dry(fit, audio, played - rest, drive)
    wide = wave + UNEVEN * symmetry * np.abs(wave)
    mean = lfilter([1 - DC_POLE], [1, -DC_POLE], wide)
    still = wide - min(16 * abs(symmetry), 1.0) * mean
    source, reference = (still, fit.output_peak) if dynamics > 0 else (audio, REFERENCE_IN)
    most = DYNAMICS - (fit.less_expansion / 8 if dynamics < 0 else 0)
    level = held_level(fit, turns) * _dynamics(source, dynamics, most, reference)
    return np.asarray(np.clip(tilted(fit, still, tone, drive) * level + rest, -32768, 32767))


def at_rest(fit: KnobFit, audio: NDArray[np.int16], turns: Floats, network: Player) -> Floats:
    """audio int16 (frames,) -> (frames,), 32768 being full scale, with the knobs standing at `turns`, -1 to 1."""
    heard = np.clip(np.round(driven(audio.astype(np.float64), turns[0], fit.less_drive)), -32768, 32767).astype(
        np.int16
    )
    rest = float(network(np.zeros(1, np.int16))[0])
    return shaped(fit, audio.astype(np.float64), network(heard).astype(np.float64), rest, turns)


def _dynamics(source: Floats, turn: float, most: float, reference: float) -> Floats | float:
    """The factor in every frame: against the envelope to the right of the middle, along with it to the left."""
    if turn == 0:
        return 1.0
    steps = -(-len(source) // STEP_FRAMES)
    padded = np.pad(np.abs(source), (0, steps * STEP_FRAMES - len(source)))
    envelope, before = 0.0, 0.0
    starts: list[float] = []
    ends: list[float] = []
    for peak in padded.reshape(steps, -1).max(axis=1).tolist():
        rises = peak > envelope
        envelope = peak if rises else envelope - (envelope - peak) * RELEASE
        octaves = turn * most * np.log2(max(envelope, 1 / 256) / reference)
        factor = 2.0 ** -np.clip(octaves, -DYNAMICS_MOST_OCTAVES, DYNAMICS_MOST_OCTAVES)
        starts.append(factor if not ends or (rises and turn > 0 and factor < before) else before)
        ends.append(factor)
        before = factor
    way = np.arange(1, STEP_FRAMES + 1) / STEP_FRAMES
    lines = np.array(starts)[:, None] * (1 - way) + np.array(ends)[:, None] * way
    return np.asarray(lines.reshape(-1)[: len(source)])
