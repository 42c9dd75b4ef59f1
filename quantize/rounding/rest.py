"""What rounding does to silence, taken back at the output.

Rounded weights move every layer's rest a little, at each position by something else, and it comes out as an offset:
small beside a sound, and all that is heard of silence. The output's own bias is linear in FiLM's hidden units, so least
squares over the box finds the one that takes back what it can. Nothing else of the sound changes, which it did where
biases of all rows were let: the smallest change that by its derivative took back ten decibels more made an ESR of 8e-5
into 7e-3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from gritspace.quantize.model.model import IntegerFilm, IntegerModel
from gritspace.quantize.model.q15 import to_q15
from gritspace.quantize.model.silence import of_silence as of_silence_in_integers
from gritspace.quantize.network.network import Floats, Network
from gritspace.quantize.network.run import film_rows
from gritspace.quantize.network.silence import of_silence

PLACES = 2000
KEPT = 500
"""Others, by which it is judged."""
HOLD = 1e-4
"""How firmly the bias is held, over the mean square of what moves it."""


def taken_back(
    network: Network,
    model: IntegerModel,
    positions: Sequence[Floats],
    powers: Sequence[float],
    rounded: Callable[[Network], IntegerFilm],
) -> IntegerModel:
    """The model with another bias of its output, if its silence is then nearer to the float network's.

    At places kept aside, and at the known ones, beside what sounds there, in the mean and at the worst: a space
    that was trained briefly may be so far off where nothing lies that taking that back moves what is known.

    positions: known ones, (position_size,) each, in [-1, 1]; powers: mean square of what sounds there. rounded: FiLM in
    integers.
    """
    assert network.film is not None
    film, rng = network.film, np.random.default_rng(0)
    known = np.clip(np.array(positions), -1, 1)
    heard, kept = (_Places(network, _drawn(known, count, rng)) for count in (PLACES, KEPT))
    change = heard.change(heard.offsets(model))
    bias_weight, bias_bias = film.bias_weight.copy(), film.bias_bias.copy()
    bias_weight[-1] += change[:-1]
    bias_bias[-1] += change[-1]
    moved = replace(
        model, film=rounded(replace(network, film=replace(film, bias_weight=bias_weight, bias_bias=bias_bias)))
    )
    there = _Places(network, known)
    before, after = (there.offsets(m) ** 2 / np.maximum(powers, 1e-9) for m in (model, moved))
    better = after.mean() < before.mean() and after.max() <= before.max()
    return moved if better and _size(kept.offsets(moved)) < _size(kept.offsets(model)) else model


class _Places:
    """The float network's silence at places (n, position_size), and what a change of the output's bias does to it."""

    def __init__(self, network: Network, places: Floats) -> None:
        film = network.film
        assert film is not None
        self.places, self.output = to_q15(places), of_silence(network, places)
        hidden = np.tanh(places @ film.hidden_weight.T + film.hidden_bias)
        gains = np.array([film_rows(network, place)[0][-1] for place in places])
        self.moves = gains[:, None] * np.concatenate([hidden, np.ones((len(places), 1))], axis=1)

    def offsets(self, model: IntegerModel) -> Floats:
        """(n,): how far the integers' silence is from the float network's."""
        return of_silence_in_integers(model, self.places) * 2.0 ** (model.output_shift - 15) - self.output

    def change(self, offsets: Floats) -> Floats:
        """(hidden + 1,): of the bias, by ridge regression."""
        gram = self.moves.T @ self.moves
        held = HOLD * np.trace(gram) / len(gram)
        return np.linalg.solve(gram + held * np.eye(len(gram)), -self.moves.T @ offsets)


def _drawn(known: Floats, count: int, rng: np.random.Generator) -> Floats:
    """(count, position_size): a third known, a third anywhere in the box, a third known but for some dimensions."""
    places = known[rng.integers(len(known), size=count)]
    elsewhere = rng.random(places.shape) < rng.random((count, 1))
    elsewhere[: count // 3], elsewhere[-(count // 3) :] = False, True
    return np.clip(np.where(elsewhere, rng.uniform(-1, 1, places.shape), places), -1, 1)


def _size(offsets: Floats) -> float:
    """Root mean square: the worst is one place's."""
    return float(np.sqrt(np.mean(offsets**2)))
