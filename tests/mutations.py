"""Files as strangers send them: good ones, altered. Structures get values of the wrong kind, bytes get other bytes."""

from __future__ import annotations

import copy
import json
import math
import random
from typing import Any

EVIL: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        3,
        7,
        255,
        65536,
        2**31,
        2**63,
        -(2**63),
        10**30,
        10**400,
        0.5,
        -0.0,
        1e308,
        5e-324,
    ),
    *(math.nan, math.inf, -math.inf, "", "0", "48000", "x" * 70, "\x1b[2J", "\ud800", "../../x", "$\\frac$", "{x}"),
    *([], {}, [[]], [{}], {"a": {}}, [None], [1, "a"], [0] * 300, "WaveNet", "LSTM", "Tanh", "ReLU", 1 << 24),
)


def nested(depth: int = 100_000) -> str:
    """JSON nested as deep as that."""
    return "[" * depth + "]" * depth


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to every node; long lists of numbers by a few of theirs."""
    found = [path]
    if isinstance(value, dict):
        for key, one in value.items():
            found += places(one, (*path, key))
    elif isinstance(value, list | tuple):
        for i, one in enumerate(value):
            if i < 4 or not isinstance(one, int | float):
                found += places(one, (*path, i))
    return found


def altered(value: Any, rng: random.Random, ways: list[tuple[Any, ...]] | None = None) -> Any:
    """A deep copy with one to three nodes replaced, removed, doubled or renamed."""
    ways = ways or places(value)
    changed = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        way = rng.choice(ways)
        if not way:
            if rng.random() < 0.05:
                return copy.deepcopy(rng.choice(EVIL))
            continue
        try:
            holder = changed
            for step in way[:-1]:
                holder = holder[step]
            _alter(holder, way[-1], rng)
        except (KeyError, IndexError, TypeError):  # an earlier alteration has taken the way away
            continue
    return changed


def _alter(holder: Any, at: Any, rng: random.Random) -> None:
    how = rng.random()
    if how < 0.65:
        holder[at] = copy.deepcopy(rng.choice(EVIL))
    elif how < 0.8:
        del holder[at]
    elif how < 0.9 and isinstance(holder, list):
        holder.insert(at, copy.deepcopy(holder[at]))
    elif isinstance(holder[at], int | float) and not isinstance(holder[at], bool):
        half = holder[at] + 0.5 if abs(holder[at]) < 1e300 else 0.5
        holder[at] = rng.choice((-holder[at], holder[at] + 1, holder[at] * 2, f"{holder[at]!r:.20}", half))
    elif isinstance(holder, dict):
        holder[rng.choice(("x", "", "weights", "config", "\x1b"))] = holder.pop(at)


def as_json(value: Any) -> bytes:
    """As JSON, NaN and halves of characters too."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


def spoilt(data: bytes, rng: random.Random) -> bytes:
    """Some bytes are others, missing, or twice there; or it is cut."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        if not changed:
            break
        at, how = rng.randrange(len(changed)), rng.random()
        if how < 0.6:
            changed[at] = rng.choice((0, 255, 127, 128, rng.randrange(256), changed[at] ^ 1 << rng.randrange(8)))
        elif how < 0.75:
            del changed[at : at + rng.randrange(1, 9)]
        elif how < 0.9:
            changed[at:at] = changed[at : at + rng.randrange(1, 33)]
        else:
            del changed[at:]
    return bytes(changed)
