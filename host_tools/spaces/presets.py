"""Sixteen presets of a space, with names: settings of its devices that lie far from one another, and from which drive
does what it is named for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.models.places import named
from gritspace.host_tools.module.presets_file import FACTORY_NAME
from gritspace.host_tools.sound.loudness import LEVEL_UNITY, level_for, model_lufs
from gritspace.host_tools.spaces import box
from gritspace.host_tools.spaces.playing import IntegerPlayer
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.q15 import to_q15
from gritspace.train.errors import InputError
from gritspace.train.space.space import PLAYED, Space

COUNT, STORED = 16, 12


def chosen(space: Space, model: IntegerModel, sha256: str | None, name: str) -> dict[str, Any]:
    """Values of a presets file. sha256: the model's, where it is not the module's factory model.

    Raises InputError if the space knows no positions.
    """
    player = IntegerPlayer(model)

    def rises(label: str) -> bool:
        return box.rises(box.drive_along(player, np.array(space.positions[label])))

    return rows_of(spread_out(space, COUNT, rises), space, model, sha256, name)[0]


def rows_of(
    labels: Sequence[str],
    space: Space,
    model: IntegerModel,
    sha256: str | None,
    name: str,
    first: int = 1,
    told: Callable[[float, float, str], None] = lambda done, total, words: None,
) -> list[dict[str, Any]]:
    """Values of presets files, as many as it takes: a module has COUNT places. first: the first one's place.

    Raises InputError if there are no labels, or the first place is none.
    """
    if not labels:
        raise InputError("the space knows no positions; train it first.")
    if not 1 <= first <= COUNT:
        raise InputError(f"a module has places from 1 to {COUNT}; {first} is none.")
    of_model: Any = FACTORY_NAME if sha256 is None else {"sha256": sha256, "name": name}
    files: list[dict[str, Any]] = []
    for i, label in enumerate(labels, first - 1):
        told(i, len(labels), spoken(label))
        if i % COUNT == 0 or not files:
            files.append({"presets": []})
        files[-1]["presets"].append(preset(i % COUNT + 1, label, space, model, of_model))
    return files


def by_drive(space: Space) -> list[str]:
    """One setting of every device that the space knows, its middle one: from clean to wild."""
    devices = dict.fromkeys(label.partition("@")[0] for label in space.positions)
    labels = [named(space.positions, device, "the space") for device in devices]
    return sorted(labels, key=lambda label: space.positions[label][0])


def preset(place: int, label: str, space: Space, model: IntegerModel, of_model: Any) -> dict[str, Any]:
    """One row, as loud as any other model at its own position."""
    position = np.array(space.positions[label])
    stored = [0.0] * STORED
    stored[: len(position) - len(PLAYED)] = [round(float(x), 5) for x in position[len(PLAYED) :]]
    return {
        "place": place,
        "name": spoken(label),
        "played": {name: round(float(x), 5) for name, x in zip(PLAYED, position, strict=False)},
        "stored": stored,
        "level": round(level_for(model_lufs(model, to_q15(position))) / LEVEL_UNITY, 4),
        "model": of_model,
    }


def spread_out(space: Space, count: int = COUNT, wanted: Callable[[str], bool] = lambda label: True) -> list[str]:
    """Labels of up to `count` settings, each where the nearest chosen one is furthest, by as many times less as
    its device is there already. In the order of drive, so that turning through them goes from clean to wild.

    wanted: asked of each that would be next; others are taken only where there are too few of those.
    """
    labels = list(space.positions)
    places = np.array([space.positions[label] for label in labels])
    taken: list[int] = []
    refused: list[int] = []
    while len(taken) < min(count, len(labels) - len(refused)):
        distance = _distance(labels, places, taken)
        distance[refused] = -1
        best = int(np.argmax(distance))
        (taken if wanted(labels[best]) else refused).append(best)
    taken += refused[: min(count, len(labels)) - len(taken)]
    return [labels[i] for i in sorted(taken, key=lambda i: places[i, 0])]


def _distance(labels: list[str], places: NDArray[np.float64], taken: list[int]) -> NDArray[np.float64]:
    if not taken:
        return np.asarray(places.shape[1] - np.abs(places).sum(1))
    nearest = np.linalg.norm(places[:, None] - places[taken], axis=2).min(1)
    devices = [label.partition("@")[0] for label in labels]
    there = Counter(devices[i] for i in taken)
    found = nearest / np.array([1 + there[device] for device in devices])
    found[taken] = -1
    return np.asarray(found)


def spoken(label: str) -> str:
    """`rat@distortion=0.5,filter=0` as a player reads it: Rat, distortion 5, filter 0."""
    device, _, knobs = label.partition("@")
    words = device.replace("_", " ")
    settings = [part.split("=") for part in knobs.split(",") if part]
    return ", ".join([words[:1].upper() + words[1:], *(f"{name} {10 * float(value):.2g}" for name, value in settings)])
