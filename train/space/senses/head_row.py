"""Loudness over the whole box, held by a row that costs nothing: the head's own gain.

The last film row multiplies the output. Its log2 gain is linear in the film's hidden units, which bend over the box: a
table of level against position that the engine evaluates with the rest of the film, at control rate. It is found here
by least squares from how loud the decoder is at places of the box. Nothing else of the sound changes: at a place it is
what it was, but for a level.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gritspace.train.errors import InputError
from gritspace.train.network.tcn import LOG2_GAIN_LIMIT, LayerArray
from gritspace.train.space import loudness
from gritspace.train.space.space import Space

GRID = (-1.0, 0.0, 1.0)
"""Of each played dimension, in the middle of the stored ones: with all corners, edges and faces."""
MIXED_PLACES, ANYWHERE_PLACES, KNOWN_PLACES = 120, 60, 120
CORNER_WEIGHT = 3.0
RIDGE = 0.1
DB_OF_OCTAVE = 20 * np.log10(2)
Floats = NDArray[np.float64]


def held(space: Space, phrases: Sequence[NDArray[np.float32]], seed: int = 0) -> Space:
    """A copy whose head holds the loudness all over the box.

    phrases: each (frames,) at 48 kHz; the loudness that is held is the mean of theirs, in decibels, K-weighted.
    `held_gain` tells what the sound at a place was multiplied by. A space that is held already is held anew. Raises
    InputError if the space knows no positions, or a phrase is silent.
    """
    if space.held:
        space = released(space)
    if not space.positions:
        raise InputError("the space knows no positions; train it first.")
    if not all(np.any(phrase) for phrase in phrases):
        raise InputError("a phrase to hear levels with is silent; give one that sounds.")
    new = copy.deepcopy(space).eval()
    places, weights = places_to_hear(space, seed)
    row = _fitted(new, places, _row(new, places) - _off_db(new, places, phrases) / DB_OF_OCTAVE, weights)
    middle = float((row.max() + row.min()) / 2)
    _fold(new, middle)
    old = space.decoder.film
    assert old is not None
    new.held = [*old.log2_gain.weight[-1].tolist(), float(old.log2_gain.bias[-1].detach()), middle]
    return new


def released(space: Space) -> Space:
    """A copy of a held space as it was trained."""
    new = copy.deepcopy(space)
    *row, octaves = space.held
    _fold(new, -octaves)
    film = new.decoder.film
    assert film is not None
    with torch.no_grad():
        film.log2_gain.weight[-1] = torch.tensor(row[:-1])
        film.log2_gain.bias[-1] = row[-1]
    new.held = []
    return new


def held_gain(space: Space, places: NDArray[np.float32]) -> Floats:
    """What `held` multiplied the sound at places (n, position_size) by: (n,); ones for a space that was not held."""
    if not space.held:
        return np.ones(len(places))
    *row, octaves = space.held
    where = torch.from_numpy(np.asarray(places, np.float32))
    before = (_hidden(space, where) @ np.array(row)).clip(-LOG2_GAIN_LIMIT, LOG2_GAIN_LIMIT)
    return np.asarray(2.0 ** (_row(space, where) + octaves - before))


def places_to_hear(space: Space, seed: int) -> tuple[Tensor, Floats]:
    """Places (n, position_size) whose loudness is measured, and how much each counts, (n,)."""
    rng = np.random.default_rng([seed, 41])
    known = np.array(list(space.positions.values()))
    played, size = len(space.played), known.shape[1]
    grid = np.tile(known.mean(0), (len(GRID) ** played, 1))
    grid[:, :played] = list(itertools.product(GRID, repeat=played))
    mixed = known[rng.integers(len(known), size=MIXED_PLACES)]
    mixed[:, :played] = rng.uniform(-1, 1, (MIXED_PLACES, played))
    anywhere = rng.uniform(-1, 1, (ANYWHERE_PLACES, size))
    some = known[np.linspace(0, len(known) - 1, min(KNOWN_PLACES, len(known))).astype(int)]
    weights = [np.where(np.abs(grid[:, :played]).min(1) == 1, CORNER_WEIGHT, 1.0)]
    weights += [np.ones(len(part)) for part in (mixed, anywhere, some)]
    return torch.tensor(np.concatenate([grid, mixed, anywhere, some]), dtype=torch.float32), np.concatenate(weights)


def _hidden(space: Space, places: Tensor) -> Floats:
    """The film's hidden units and a one, (n, hidden + 1)."""
    film = space.decoder.film
    assert film is not None
    with torch.no_grad():
        units = torch.tanh(film.hidden(places)).double().numpy()
    return np.concatenate([units, np.ones((len(units), 1))], axis=1)


def _row(space: Space, places: Tensor) -> Floats:
    """The head's log2 gain as it is heard, (n,)."""
    film = space.decoder.film
    assert film is not None
    with torch.no_grad():
        found = film.log2_gain(torch.tanh(film.hidden(places)))[:, -1]
    return found.clamp(-LOG2_GAIN_LIMIT, LOG2_GAIN_LIMIT).double().numpy()


def _off_db(space: Space, places: Tensor, phrases: Sequence[NDArray[np.float32]]) -> Floats:
    """How much louder than usual the phrases are at places, (n,) decibels."""
    film = space.decoder.film
    assert film is not None
    lead_in = space.config.decoder.receptive_field - 1
    found = np.zeros(len(places))
    with torch.no_grad():
        for phrase in phrases:
            dry = torch.nn.functional.pad(torch.from_numpy(phrase), (lead_in, 0))
            for at in range(0, len(places), 8):
                wet = space.decoder(dry.expand(len(places[at : at + 8]), -1), film(places[at : at + 8]))
                found[at : at + 8] += 20 * np.log10(loudness.weighted_rms(wet[:, -len(phrase) :]).numpy())
    return found / len(phrases) - 20 * np.log10(loudness.EQUAL_RMS)


def _solved(units: Floats, wanted: Floats, weights: Floats) -> Floats:
    """Least squares with a little ridge, (hidden + 1,)."""
    weighted = units * weights[:, None]
    ridge = RIDGE * np.eye(units.shape[1])
    ridge[-1, -1] = 0
    return np.asarray(np.linalg.solve(weighted.T @ units + ridge, weighted.T @ wanted))


def _fitted(space: Space, places: Tensor, wanted: Floats, weights: Floats) -> Floats:
    """Makes the head's log2 gain what is wanted at places, as nearly as it can; returns what it became there."""
    film = space.decoder.film
    assert film is not None
    units = _hidden(space, places)
    found = _solved(units, wanted, weights)
    with torch.no_grad():
        film.log2_gain.weight[-1] = torch.from_numpy(found[:-1]).float()
        film.log2_gain.bias[-1] = float(found[-1])
    return np.asarray(units @ found)


def _fold(space: Space, octaves: float) -> None:
    """Puts so many octaves of the row's gain into the head itself, so that the row is used either way."""
    film, last = space.decoder.film, space.decoder.arrays[-1]
    assert film is not None
    assert isinstance(last, LayerArray)
    with torch.no_grad():
        film.log2_gain.bias[-1] -= octaves
        for one in (last.head.weight, last.head.bias, film.bias.weight[-1], film.bias.bias[-1]):
            assert one is not None
            one.mul_(2.0**octaves)
