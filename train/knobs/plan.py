"""Which settings to record next: where a model of the settings so far is most in doubt.

Without the device nobody knows the error at a setting that was not recorded. Several small fits do, nearly: each leaves
other settings out, and where they do not agree with each other none of them can be trusted. What each makes of the
settings it left out is a true error, and says what disagreement stands for. Source: query by committee (Seung, Opper
and Sompolinsky, 1992), for regression as in Krogh and Vedelsby, 1995.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gritspace.train.errors import InputError
from gritspace.train.knobs.fit import KnobFit, KnobFitConfig
from gritspace.train.knobs.knob_model import KnobModel
from gritspace.train.knobs.material import Material, held_esr
from gritspace.train.knobs.settings import Setting, grid
from gritspace.train.snapshot.descent import Clock

MEMBERS = 3
LEAST_SETTINGS = 4
ALIKE = 0.25
"""Within so much of the box a second recording tells little that the first has not told."""
PLACES_A_KNOB = {1: 13, 2: 7, 3: 5, 4: 4}
Floats = NDArray[np.float64]
Audio = NDArray[np.float32]
Told = Callable[[float, str], None]
"""Called with the share done and what is done."""


@dataclass(frozen=True)
class Plan:
    """next: settings to record, the most needed first, and the ESR that is to be expected there, each. left_out: of
    every setting so far the ESR of a fit that did not know it."""

    next: list[tuple[Setting, float]]
    left_out: list[float]


def planned(
    material: Material, config: KnobFitConfig, heard: Audio, count: int, told: Told, clock: Clock = time.monotonic
) -> Plan:
    """heard: (frames,) of dry audio to compare the fits on. config: of one fit. count: how many settings to name.
    clock: what a fit's minutes are counted by.

    Raises InputError for fewer settings than a fit can leave some out of.
    """
    settings, sources = material.settings, material.sources
    refuse_too_few(len(settings))
    members: list[KnobModel] = []
    left_out = [float("nan")] * len(settings)
    order = np.random.default_rng([config.seed, 11]).permutation(len(settings))
    for member in range(MEMBERS):
        away = {int(i) for i in order[member::MEMBERS]}
        kept = [i for i in range(len(settings)) if i not in away]
        told(member / MEMBERS, f"fit {member + 1} of {MEMBERS}, without {len(away)} settings")
        fit = KnobFit(
            [settings[i] for i in kept],
            [sources[i] for i in kept],
            replace(config, seed=config.seed + member),
            clock=clock,
        )
        model = KnobModel(fit.run().tcn, material.name, material.knobs, [settings[i] for i in kept])
        members.append(model)
        for i in away:
            left_out[i] = held_esr(sources[i], model.render_audio(sources[i].held_dry, settings[i]), fit.lead_in)
    places = [tuple(float(x) for x in place) for place in grid(len(material.knobs), PLACES_A_KNOB[len(material.knobs)])]
    told(1.0, f"compare them at {len(places)} settings")
    doubts = np.array([disagreement(members, heard, place) for place in places])
    known = np.array([disagreement(members, heard, setting) for setting in settings])
    scale = float(np.median(np.array(left_out) / np.maximum(known, 1e-9)))
    return Plan(chosen(places, scale * doubts, settings, count), left_out)


def refuse_too_few(settings: int) -> None:
    """Raises InputError for fewer settings than a fit can leave some out of."""
    if settings < LEAST_SETTINGS:
        raise InputError(
            f"{settings} settings are too few to leave some out: {LEAST_SETTINGS} are needed; without --wet, "
            "--plan says with which to begin."
        )


def disagreement(members: Sequence[KnobModel], heard: Audio, setting: Setting) -> float:
    """Energy of what differs between the members, over that of their mean."""
    played = np.stack([member.render_audio(heard, setting) for member in members]).astype(np.float64)
    mean = played.mean(axis=0)
    return float(np.square(played - mean).sum() / len(played) / max(float(np.square(mean).sum()), 1e-20))


def chosen(
    places: Sequence[Setting], errors: Floats, known: Sequence[Setting], count: int
) -> list[tuple[Setting, float]]:
    """Places (n) of the largest errors (n,), one after the other; near one that is chosen or known they count less."""
    where = np.array(places)
    found: list[tuple[Setting, float]] = []
    weight = np.ones(len(where))
    for setting in known:
        weight *= _apart(where, np.array(setting))
    for _ in range(min(count, len(where))):
        best = int(np.argmax(errors * weight))
        found.append((places[best], float(errors[best])))
        weight *= _apart(where, where[best])
    return found


def _apart(places: Floats, setting: Floats) -> Floats:
    return np.asarray(1 - np.exp(-np.square(places - setting).sum(axis=1) / (2 * (ALIKE / 2) ** 2)))
