"""Settings of a device's knobs: as they are written, and where to go next when nothing but places is known."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.train.errors import InputError

MAX_KNOBS = 4
"""As many as a module has played dimensions."""
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_ -]{0,15}")
PLACES_A_KNOB = {1: 25, 2: 13, 3: 7, 4: 5}
EXCHANGES = 6
NEAR = 1e-3
"""Two places of a knob that are nearer than that are one."""

Setting = tuple[float, ...]
"""A number in [0, 1] for each knob, in the order of their names."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SetFile:
    """A recording's file, and where each knob stood: `low.wav@gain=0.2,tone=0.5`."""

    path: Path
    knobs: dict[str, float]

    @property
    def text(self) -> str:
        """As it is written."""
        return f"{self.path}@{written(tuple(self.knobs), tuple(self.knobs.values()))}"


def written(knobs: Sequence[str], setting: Sequence[float]) -> str:
    """`gain=0.2,tone=0.5`.

    >>> written(("gain", "tone"), (0.25, 1.0))
    'gain=0.25,tone=1'
    """
    return ",".join(f"{knob}={value:.4g}" for knob, value in zip(knobs, setting, strict=True))


def parse(text: str) -> SetFile:
    """Raises InputError for what is no `FILE@KNOB=V,...` with values from 0 to 1."""
    name, at, rest = text.rpartition("@")
    if not at or not name:
        raise InputError(f"{text}: it does not say where the knobs stood; write FILE@KNOB=V, such as {text}@gain=0.5.")
    found: dict[str, float] = {}
    for part in rest.split(","):
        knob, equals, value = (one.strip() for one in part.partition("="))
        if not NAME.fullmatch(knob):
            raise InputError(
                f"{text}: {knob!r} is no knob's name; up to 16 letters and digits are, as in {name}@gain=0.5."
            )
        if knob in found:
            raise InputError(f"{text}: it says {knob!r} twice; say each knob once.")
        number = _number(value)
        if not equals or number is None or not 0 <= number <= 1:
            raise InputError(f"{text}: write {knob}=V with V from 0 to 1, such as {knob}=0.5.")
        found[knob] = number
    return SetFile(Path(name), found)


def together(files: Sequence[SetFile], known: Sequence[SetFile] = ()) -> tuple[tuple[str, ...], list[Setting]]:
    """The names of the knobs, as the first file has them, and each file's setting in that order.

    known: files of the same device whose knobs and settings count already; then only the settings of `files` come
    back. Raises InputError for a file that leaves a knob out or has another one, for two of one setting, for more
    knobs than a module has, and for a knob that never moves.
    """
    first = (*known, *files)[0]
    names = tuple(first.knobs)
    if len(names) > MAX_KNOBS:
        raise InputError(f"{first.text}: {len(names)} knobs are more than the {MAX_KNOBS} that a module has.")
    taken: dict[Setting, SetFile] = {}
    for one in (*known, *files):
        for knob in names:
            if knob not in one.knobs:
                raise InputError(f"{one.text}: it does not say where {knob!r} stood, which {first.path} does; add it.")
        for knob in one.knobs:
            if knob not in names:
                raise InputError(f"{one.text}: {first.path} has no knob {knob!r}; the knobs are {', '.join(names)}.")
        setting = tuple(one.knobs[knob] for knob in names)
        near = next(
            (other for other in taken if all(abs(a - b) < NEAR for a, b in zip(setting, other, strict=True))), None
        )
        if near is not None:
            raise InputError(f"{one.text}: {taken[near].path} is of the same setting; leave one of them out.")
        taken[setting] = one
    settings = list(taken)
    for place, knob in enumerate(names):
        if not known and len({setting[place] for setting in settings}) < 2:
            raise InputError(
                f"{first.text}: {knob!r} stands at the same place in every recording; record it at two at least, or "
                "leave it out."
            )
    return names, settings[len(known) :]


def short_names(knobs: Sequence[str]) -> tuple[str, ...]:
    """A device's names of its knobs as a module's can be: 16 letters, digits, blanks, each once.

    >>> short_names(("drive", "eq.gain", "eq/gain", "a very long name of a knob"))
    ('drive', 'eq_gain', 'eq_gain3', 'a very long name')
    """
    found: list[str] = []
    for number, knob in enumerate(knobs, 1):
        plain = re.sub(r"[^A-Za-z0-9_ -]", "_", knob)
        plain = (plain if NAME.match(plain) else f"k{plain}")[:16].rstrip()
        found.append(plain if plain not in found else f"{plain[:15]}{number}")
    return tuple(found)


def spread(count: int, knobs: int, known: Sequence[Setting] = ()) -> list[Setting]:
    """Where to record first: `count` settings that see every knob in many places, its ends and corners among them.

    known: those there are already. Corners come first, then what lies far from all in every knob's own direction too.
    Source: the criterion of maximum projection designs (Joseph, Gul and Ba, 2015), one setting exchanged after another.
    """
    chosen = list(known)
    corners = [tuple(float(x) for x in corner) for corner in itertools.product((0, 1), repeat=knobs)]
    first = corners if len(chosen) + count > len(corners) else [corners[0], corners[-1]]
    found: list[Setting] = []
    for corner in first:
        if len(found) < count and corner not in chosen:
            found.append(corner)
            chosen.append(corner)
    places, fixed = grid(knobs, PLACES_A_KNOB[knobs]), len(chosen)
    for step in range(EXCHANGES * (count - len(found))):
        index = fixed + step % (count - len(found))
        others = chosen[:index] + chosen[index + 1 :]
        new = places[int(np.argmin(crowding(places, np.array(others))))]
        chosen[index : index + 1] = [tuple(float(x) for x in new)]
    return found + chosen[fixed:]


def grid(knobs: int, places: int) -> Floats:
    """(places^knobs, knobs): all over the box."""
    return np.array(list(itertools.product(np.linspace(0, 1, places), repeat=knobs)))


def crowding(places: Floats, chosen: Floats) -> Floats:
    """places (n, knobs), chosen (m, knobs) -> (n,): how much of what is chosen lies near, also seen along one knob."""
    apart = np.square(places[:, None] - chosen[None])  # (n, m, knobs)
    along = (1 / (apart + 0.02)).prod(axis=2)
    near = 1 / (apart.sum(axis=2) + 1e-6)
    return np.asarray((along + near).sum(axis=1))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
