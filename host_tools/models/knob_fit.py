"""What a snapshot's knobs are fitted to: the pivot of its tone, its usual level, and what holds its loudness along each
turn. Measured once, when the model is made, with the first half of the riff; kept in the model's header."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import SAMPLE_RATE, riff
from gritspace.host_tools.models.knob_formula import at_rest
from gritspace.host_tools.models.loudness import lufs
from gritspace.host_tools.models.pair import FADED, level_only, network_of
from gritspace.host_tools.models.snapshot_knobs import POINTS, turn_of
from gritspace.quantize.model.model import IntegerModel, KnobFit

PHRASE_SECONDS = 2.4
PIVOTS_HZ = (200.0, 3000.0)
MOST_QUARTERS = 96
"""24 dB; what is silent is not brought back."""


def fitted(model: IntegerModel) -> IntegerModel:
    """The snapshot with its knobs fitted; a space as it is."""
    if model.film is not None:
        return model
    network = network_of(model)
    phrase = np.round(riff(PHRASE_SECONDS) * 32767).astype(np.int16)
    plain = network(phrase).astype(np.float64)
    sound = plain - plain.mean()
    pivot = float(np.clip(power_centroid_hz(sound), *PIVOTS_HZ))
    fit = KnobFit(
        measured=True,
        tone_pole=round(32768 * (1 - np.exp(-2 * np.pi * pivot / SAMPLE_RATE))),
        output_peak=max(round(float(np.abs(sound).max()) / 2), 1),
    )
    wanted = lufs(plain / 32768)
    levels = []
    faded = FADED if model.pair is not None and model.pair.kind == "crossfade" else ()
    morphs = level_only(model)
    for knob, points in enumerate(POINTS):
        if knob == 0 and morphs:
            levels += _along_morph(model, phrase, wanted)
            continue
        if knob in faded:
            levels += [0] * (2 * points)
            continue
        for place in (*range(-points, 0), *range(1, points + 1)):
            turns = np.zeros(len(POINTS))
            turns[knob] = place / points
            levels.append(_quarters(wanted - lufs(at_rest(fit, phrase, turns, network) / 32768)))
    return replace(model, knobs=replace(fit, levels=tuple(levels)))


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
