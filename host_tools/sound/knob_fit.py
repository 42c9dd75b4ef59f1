"""What a snapshot's knobs are fitted to: the pivot of its tone, its usual level, what drive and dynamics need beside a
gain to do what they are named for, and what holds its loudness along each turn. Measured once, when the model is made,
with the first half of the riff and the probes that name a space's dimensions; kept in the model's header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import SAMPLE_RATE, riff
from gritspace.host_tools.sound.knob_formula import at_rest, driven, tilted, with_dry
from gritspace.host_tools.sound.loudness import lufs
from gritspace.host_tools.sound.pair import FADED, level_only, network_of
from gritspace.host_tools.sound.snapshot_knobs import DYNAMICS_EIGHTHS, POINTS, Player, turn_of
from gritspace.quantize.model.model import IntegerModel, KnobFit

PHRASE_SECONDS = 2.4
PIVOTS_HZ = (200.0, 3000.0)
NOT_HELD = (0,) * 2 * POINTS[-1]
SHARES = range(16)
LESS_DRIVE_WEIGHS = 4
"""An octave less of drive is taken where it spares more sixteenths of tilt."""
OFF_LU, OTHER_STRINGS = 2.0, 6
"""How loud the riff's louder half, on other strings, may come out for dynamics to the left: what is clean follows the
input anyway, and expands it less."""
HEARD_DB = 0.25
"""What distortion has to rise by from place to place of nine."""
MOST_QUARTERS = 96
"""24 dB; what is silent is not brought back."""


def fitted(model: IntegerModel) -> IntegerModel:
    """The snapshot with its knobs fitted; a space as it is."""
    if model.film is not None:
        return model
    network = network_of(model)
    phrase = np.round(riff(PHRASE_SECONDS) * 32767).astype(np.int16)
    other = np.round(riff(2 * PHRASE_SECONDS, seed=OTHER_STRINGS) * 32767).astype(np.int16)[len(phrase) :]
    plain = network(phrase).astype(np.float64)
    sound = plain - plain.mean()
    pivot = float(np.clip(power_centroid_hz(sound), *PIVOTS_HZ))
    fit = KnobFit(
        measured=True,
        tone_pole=round(32768 * (1 - np.exp(-2 * np.pi * pivot / SAMPLE_RATE))),
        output_peak=max(round(float(np.abs(sound).max()) / 2), 1),
    )
    faded = FADED if model.pair is not None and model.pair.kind == "crossfade" else ()
    morphs = level_only(model)
    if morphs:
        fit = replace(fit, levels=(*_along_morph(model, phrase, lufs(plain / 32768)), *fit.levels[2 * POINTS[0] :]))
    elif 0 not in faded:
        fit = drive_fitted(fit, network)
    still = (0,) if morphs else faded
    fit = held(fit, phrase, network, [knob for knob in range(len(POINTS)) if knob not in still])
    return replace(model, knobs=dynamics_fitted(fit, phrase, other, network))


def held(fit: KnobFit, phrase: NDArray[np.int16], network: Player, knobs: Sequence[int]) -> KnobFit:
    """With the levels that hold the phrase's loudness along the turns of some knobs."""
    wanted = lufs(network(phrase) / 32768)
    levels = list(fit.levels)
    for knob in knobs:
        points, first = POINTS[knob], 2 * sum(POINTS[:knob])
        for i, place in enumerate((*range(-points, 0), *range(1, points + 1))):
            turns = np.zeros(len(POINTS))
            turns[knob] = place / points
            levels[first + i] = _quarters(wanted - lufs(at_rest(fit, phrase, turns, network) / 32768))
        fit = replace(fit, levels=tuple(levels))
    return fit


def dynamics_fitted(fit: KnobFit, phrase: NDArray[np.int16], other: NDArray[np.int16], network: Player) -> KnobFit:
    """With the most expansion to the left that does what it is for and leaves another phrase as loud."""
    found = []
    for less in range(DYNAMICS_EIGHTHS):
        dynamics = len(POINTS) - 1
        start = replace(fit, less_expansion=less, levels=(*fit.levels[: -2 * POINTS[dynamics]], *NOT_HELD))
        one = held(start, phrase, network, [dynamics])
        expanding, off = expands(one, network), most_off(one, other, network)
        if expanding and off <= OFF_LU:
            return one
        found.append((not expanding, off if expanding else less, one))
    return min(found, key=lambda row: row[:2])[2]


def drive_fitted(fit: KnobFit, network: Player) -> KnobFit:
    """With the least of what comes in, added to the left, and the least tilt and the most gain to the right, that have
    the distortion of a sine rise all along drive's turn; or, where nothing does, that have it rise the most evenly.
    """
    from gritspace.train.space import attributes  # and PyTorch, for which no other command is to wait

    sine = attributes.probes()[0].astype(np.float64) * 32768
    rest = float(network(np.zeros(1, np.int16))[0])

    def least_rise(one: KnobFit, places: NDArray[np.float64], played: list[NDArray[np.float64]]) -> float:
        found = [
            attributes.distortion_db(
                tilted(one, with_dry(one, sine, wave, place), 0.0, place)[attributes.SETTLING_FRAMES :]
            )
            for place, wave in zip(places, played, strict=True)
        ]
        return float(np.diff(found).min())

    def played(places: NDArray[np.float64], less_drive: int) -> list[NDArray[np.float64]]:
        return [network(_words(driven(sine, place, less_drive))) - rest for place in places]

    left, right = np.linspace(-1, 0, 5), np.linspace(0, 1, 5)
    softer, louder = played(left, 0), [played(right, less) for less in range(4)]
    lefts = [replace(fit, dry=share, upside_down=over) for share in SHARES for over in ((0, 1) if share else (0,))]
    fit = _first_to_rise(lefts, [least_rise(one, left, softer) for one in lefts])
    rights = sorted(
        (replace(fit, bright=share, less_drive=less) for share in SHARES for less in range(4)),
        key=lambda one: one.bright + LESS_DRIVE_WEIGHS * one.less_drive,
    )
    return _first_to_rise(rights, [least_rise(one, right, louder[one.less_drive]) for one in rights])


def _first_to_rise(fits: list[KnobFit], rises: list[float]) -> KnobFit:
    """The first whose least step is heard, or the one whose least step is the largest."""
    for fit, rise in zip(fits, rises, strict=True):
        if rise >= HEARD_DB:
            return fit
    return fits[int(np.argmax(rises))]


def expands(fit: KnobFit, network: Player) -> bool:
    """Whether a phrase's peaks stand out the more, the farther dynamics is to the left."""
    from gritspace.train.space import attributes

    phrase = attributes.probes()[2].astype(np.float64)
    sound = _words(phrase * 32768)
    found = []
    for place in np.linspace(-1, 0, 5):
        heard = at_rest(fit, sound, np.array([0, 0, 0, place]), network)
        found.append(-attributes.crest_factor_db(heard))
    return bool(np.diff(found).min() > 0)


def most_off(fit: KnobFit, phrase: NDArray[np.int16], network: Player) -> float:
    """LU that dynamics to the left moves the loudness of a phrase by, to which nothing was fitted."""
    plain = lufs(network(phrase) / 32768)
    turns = [np.array([0, 0, 0, place]) for place in (-1.0, -0.5)]
    return max(abs(lufs(at_rest(fit, phrase, place, network) / 32768) - plain) for place in turns)


def _words(audio: NDArray[np.float64]) -> NDArray[np.int16]:
    return np.clip(np.round(audio), -32768, 32767).astype(np.int16)


def _along_morph(model: IntegerModel, phrase: NDArray[np.int16], wanted: float) -> list[int]:
    """The levels that hold a morph's loudness at its knob's places."""
    points = POINTS[0]
    places = [*range(-points, 0), *range(1, points + 1)]
    heard = [network_of(model, turn_of(place / points))(phrase).astype(np.float64) for place in places]
    return [_quarters(wanted - lufs((sound - sound.mean()) / 32768)) for sound in heard]


def _quarters(missing: float) -> int:
    """Decibels in quarters; none of what is silent."""
    return int(np.clip(round(4 * missing), -MOST_QUARTERS, MOST_QUARTERS)) if np.isfinite(missing) else 0


def power_centroid_hz(sound: NDArray[np.float64]) -> float:
    """Mean frequency, weighted by power; (frames,) at 48 kHz. 0 for silence."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    hz = np.arange(len(power)) * SAMPLE_RATE / len(sound)
    return float((hz * power).sum() / max(power.sum(), 1e-12))
