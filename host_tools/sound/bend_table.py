"""What bends do to the loudness: the table of docs/knobs.md.

    python -m gritspace.host_tools.sound.bend_table MODEL.grit ...

Each model's bends are fitted as `gritspace quantize` fits them; then each knob goes over its whole turn (the first in
nine places with the others in their middles; the others' ends with the first one half way and all the way to either
side, slope's in its middle; all four at once in eight places drawn from the whole box), heard in integers with a part
of the riff that nothing was fitted to. LU: how far from the sound without a bend the loudness is, at most, along the
first knob, along the others, and anywhere. Prints Markdown.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import SAMPLE_RATE, riff
from gritspace.host_tools.sound import bends, bent
from gritspace.host_tools.sound.bend_fit import bend_fitted
from gritspace.host_tools.sound.loudness import lufs
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import read_grit, to_bytes
from gritspace.quantize.model.model import IntegerModel

SECONDS = (2.4, 3.6)
"""Of the riff."""
ANYWHERE, SEED = 8, 11


def along_first() -> Iterator[tuple[float, ...]]:
    """Places of the first knob."""
    for way in np.linspace(-1, 1, 9):
        yield float(way), 0.0, 0.0, 0.0


def along_others(kind: str) -> Iterator[tuple[float, ...]]:
    """Ends of the other knobs."""
    for first in (0.0,) if kind == "slope" else (-1.0, -0.5, 0.5, 1.0):
        for knob in range(1, bends.COUNT):
            for way in (-1.0, 1.0):
                turns = [first, 0.0, 0.0, 0.0]
                turns[knob] = way
                yield tuple(turns)


def anywhere() -> Iterator[tuple[float, ...]]:
    """Places of all four knobs, always the same."""
    yield from map(tuple, np.random.default_rng(SEED).uniform(-1, 1, (ANYWHERE, bends.COUNT)).tolist())


def most_off(model: IntegerModel, kind: str, phrase: NDArray[np.int16], places: Iterator[tuple[float, ...]]) -> float:
    """LU, at most over the places, from the sound without a bend."""
    blob = to_bytes(model)
    plain = lufs(Engine(blob).process(phrase) / 32768)
    found = 0.0
    for place in places:
        turns = np.clip(np.round(np.array(place) * 32768), -32768, 32767).astype(np.int16)[None]
        heard = lufs(bent.play(model, phrase, turns, kind, Engine(blob)) / 32768)
        found = max(found, abs(heard - plain) if np.isfinite(heard) else 99.0)
    return found


def main() -> None:
    """Prints the table, row by row, and what is worst."""
    first, last = (round(second * SAMPLE_RATE) for second in SECONDS)
    phrase = np.round(riff(SECONDS[1])[first:last] * 32767).astype(np.int16)
    print("| model | " + " | ".join(f"{kind}: first, others, anywhere" for kind in bends.BENDS) + " |")
    print("|---|" + "---|" * len(bends.BENDS), flush=True)
    worst: dict[str, tuple[float, ...]] = dict.fromkeys(bends.BENDS, (0.0,) * 3)
    for name in sys.argv[1:]:
        model = bend_fitted(read_grit(Path(name)))
        cells = []
        for kind in bends.BENDS:
            found = tuple(
                most_off(model, kind, phrase, places) for places in (along_first(), along_others(kind), anywhere())
            )
            worst[kind] = tuple(map(max, worst[kind], found))
            cells.append(", ".join(f"{off:.1f}" for off in found))
        print(f"| {model.name} | {' | '.join(cells)} |", flush=True)
    for kind, (alone, beside, any_place) in worst.items():
        print(f"- {kind}: {alone:.1f} LU along its first knob, {beside:.1f} along the others, {any_place:.1f} anywhere")


if __name__ == "__main__":
    main()
