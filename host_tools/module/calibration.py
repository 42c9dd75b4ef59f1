"""Calibration of a module's CV inputs: known voltages at the jacks, a straight line through what the converter reads.

A CV input's pin is at offset + gain · jack. Two voltages give both; three or more also tell, by what is left over,
whether the readings can be trusted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.module import memory

CODE_FULL = 65535
READINGS = 64
STILL_MILLIVOLTS = 20.0
"""A voltage that moves by more than this at the jack (standard deviation) is no reference."""
RESIDUAL_MILLIVOLTS = 20.0
"""A line that misses a reading by more than this (a quarter of a semitone at 1 V/octave) is no calibration."""
LEAST_SPAN_VOLTS = 1.0

Patch = Callable[[int | None, float], None]
"""Asks a person to patch: (input, volts); input None: to unplug them all. Returns when it is done."""


@dataclass(frozen=True)
class Line:
    """One input's calibration. residual_mv: the largest distance of a reading from the line, at the jack."""

    offset_uv: int
    gain_ppm: int
    residual_mv: float
    noise_mv: float


def fit_line(volts: Sequence[float], codes: Sequence[NDArray[np.uint16]], full_scale_uv: int, what: str) -> Line:
    """Readings at known voltages -> the line through them, by least squares.

    volts: at the jack, at least two that differ by LEAST_SPAN_VOLTS; codes: for each of them (readings,), of the
    converter. what: the input's name, for errors. Raises RigError for readings that make no sense: a voltage that is
    not still, one that is not there, a converter at its end, points that lie on no line.
    """
    if len(volts) < 2 or max(volts) - min(volts) < LEAST_SPAN_VOLTS:
        raise RigError(f"{what}: calibration needs two voltages at least {LEAST_SPAN_VOLTS:g} V apart.")
    pins = [np.asarray(c, np.float64) * full_scale_uv / CODE_FULL for c in codes]
    for volt, code in zip(volts, codes, strict=True):
        if np.any(np.asarray(code) <= 0) or np.any(np.asarray(code) >= CODE_FULL):
            raise RigError(f"{what}: at {volt:g} V the converter is at its end; use a voltage within the jack's range.")
    means = np.array([pin.mean() for pin in pins])
    gain, offset = np.polyfit(np.asarray(volts, np.float64), means, 1)
    if abs(gain) < 1000:
        raise RigError(f"{what}: the voltage changes nothing there; is it patched into this input?")
    noise = np.array([pin.std() for pin in pins]) / abs(gain) * 1000
    if noise.max() > STILL_MILLIVOLTS:
        at = volts[int(noise.argmax())]
        raise RigError(f"{what}: {at:g} V is not still ({noise.max():.0f} mV of movement); use a steady reference.")
    residual = np.abs(means - offset - gain * np.asarray(volts)) / abs(gain) * 1000
    if residual.max() > RESIDUAL_MILLIVOLTS:
        at = volts[int(residual.argmax())]
        raise RigError(
            f"{what}: the reading at {at:g} V is {residual.max():.0f} mV off the others; is that voltage really there?"
        )
    return Line(round(float(offset)), round(float(gain)), float(residual.max()), float(noise.max()))


def read_codes(
    module: Module, place: int, readings: int = READINGS, pause_seconds: float = 0.002
) -> NDArray[np.uint16]:
    """What the converter reads at one of the panel's inputs, (readings,), once it has settled."""
    time.sleep(0.05)
    codes = []
    for _ in range(readings):
        codes.append(module.controls().codes[place])
        time.sleep(pause_seconds)
    return np.array(codes, np.uint16)


def calibrate(
    module: Module, volts: Sequence[float], patch: Patch, inputs: Sequence[int] | None = None
) -> dict[int, Line]:
    """Measures CV inputs one after the other; stores nothing (see `store`). Unplugged counts as 0 V, and comes first.

    volts: the references; inputs: which, from 0, None for all. Raises RigError for nonsense, naming input and voltage.
    """
    settings = memory.get_settings(module)
    chosen = range(settings.cvs) if inputs is None else inputs
    for place in chosen:
        if not 0 <= place < settings.cvs:
            raise RigError(f"this module has CV inputs 1 to {settings.cvs}; there is no {place + 1}.")
    patch(None, 0.0)
    unplugged = {place: read_codes(module, settings.knobs + place) for place in chosen}
    lines = {}
    for place in chosen:
        codes = [unplugged[place]]
        for volt in volts:
            patch(place, volt)
            codes.append(read_codes(module, settings.knobs + place))
        lines[place] = fit_line([0.0, *volts], codes, settings.full_scale_uv, f"CV input {place + 1}")
    return lines


LEAST_TRAVEL = 0.7
"""Of the nominal track: a knob that was turned by less was not turned from end to end."""
END_RESIDUAL = 0.005
"""Of the track: how far a second turn to an end may miss the first; as much counts as the end (controls.h)."""

Turn = Callable[[int, str], None]
"""Asks a person to turn: (knob, "left" or "right"). Returns when it is done."""


@dataclass(frozen=True)
class Ends:
    """A knob's codes at its ends. residual: how far the second reading of an end missed, as a share of the track."""

    left: int
    right: int
    residual: float
    noise: float


def fit_ends(readings: Sequence[NDArray[np.uint16]], nominal: tuple[int, int], what: str) -> Ends:
    """Codes read at left, right, left, right -> the knob's ends.

    readings: four times (readings,); nominal: (left, right) by the panel; what: the knob's name, for errors. Raises
    RigError for a knob that was not turned, was turned the wrong way, moved, or did not come to the same ends twice.
    """
    track = abs(nominal[1] - nominal[0])
    means = [float(np.mean(codes)) for codes in readings]
    noise = max(float(np.std(codes)) for codes in readings) / track
    if noise > END_RESIDUAL:
        raise RigError(f"{what}: it moved while it was read; let go of it at its end.")
    travel = (means[1] - means[0]) / (nominal[1] - nominal[0])
    if travel < 0 and abs(travel) > LEAST_TRAVEL:
        raise RigError(f"{what}: left and right were changed about; begin again.")
    if abs(travel) < LEAST_TRAVEL:
        raise RigError(f"{what}: it was turned by {abs(travel):.0%} of its track; turn it from end to end.")
    residual = max(abs(means[2] - means[0]), abs(means[3] - means[1])) / track
    if residual > END_RESIDUAL:
        raise RigError(
            f"{what}: its end was {residual:.1%} of the track elsewhere the second time; turn it to the stop."
        )
    left, right = (means[0] + means[2]) / 2, (means[1] + means[3]) / 2
    return Ends(round(left), round(right), residual, noise)


def calibrate_knobs(module: Module, turn: Turn, knobs: Sequence[int] | None = None) -> dict[int, Ends]:
    """Measures knobs one after the other, each end twice; stores nothing (see `store_ends`).

    knobs: which, from 0, None for all. Raises RigError for nonsense, naming the knob.
    """
    count = memory.get_settings(module).knobs
    chosen = range(count) if knobs is None else knobs
    for knob in chosen:
        if not 0 <= knob < count:
            raise RigError(f"this module has knobs 1 to {count}; there is no {knob + 1}.")
    ends = memory.get_knob_ends(module)
    found = {}
    for knob in chosen:
        readings = []
        for side in ("left", "right", "left", "right"):
            turn(knob, side)
            readings.append(read_codes(module, knob))
        found[knob] = fit_ends(readings, (ends.nominal_left, ends.nominal_right), f"knob {knob + 1}")
    return found


def store_ends(module: Module, found: dict[int, Ends]) -> None:
    """Gives a module its knobs' ends and waits until they are in flash. Raises Refusal for what no knob can have."""
    for knob, ends in found.items():
        memory.put_knob_ends(module, knob, ends.left, ends.right)
    memory.wait_until_saved(module)


def store(module: Module, lines: dict[int, Line]) -> None:
    """Gives a module its calibration and waits until it is in flash. Raises Refusal for what no circuit can have."""
    for place, line in lines.items():
        memory.put_calibration(module, place, line.offset_uv, line.gain_ppm)
    memory.wait_until_saved(module)
