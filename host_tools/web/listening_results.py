"""What listeners have answered, together: exact chances for ABX, bootstrap intervals for MUSHRA, a table of words.

Sources: Efron, 1979 (bootstrap); the binomial distribution.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gritspace.train.errors import InputError

ROUNDS = 4000
PASSES_AT = 90.0
"""BS.1534: who rates the hidden reference below this in more than 15 % of the items is left out."""
PASSES_SHARE = 0.15


def guessing(right: int, trials: int) -> float:
    """The probability of at least so many right answers by guessing: exact, one-sided."""
    return sum(math.comb(trials, k) for k in range(right, trials + 1)) / 2.0**trials


def bootstrap(values: Sequence[float], seed: int = 0) -> tuple[float, float, float]:
    """The mean, and its 95 % interval."""
    numbers = np.asarray(values, np.float64)
    drawn = np.random.default_rng(seed).choice(numbers, (ROUNDS, len(numbers))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(numbers.mean()), float(low), float(high)


def read_results(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Files that the page saved. Raises InputError for what is none, and for tests of different kinds."""
    results = []
    for path in paths:
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: no answers of a listening test ({error}); save them from its page.") from None
        if not isinstance(value, dict) or not isinstance(value.get("answers"), list) or "kind" not in value:
            raise InputError(f"{path}: no answers of a listening test; save them from its page.")
        results.append(value)
    if len({result["kind"] for result in results}) > 1:
        raise InputError("these are answers to tests of different kinds; read each kind alone.")
    return results


def together(results: Sequence[dict[str, Any]], seed: int = 0) -> dict[str, Any]:
    """All answers of one kind of test -> figures by system. A listener who is no person is counted apart by name."""
    kind = results[0]["kind"]
    people = [result for result in results if result.get("person", True)]
    report: dict[str, Any] = {"kind": kind, "listeners": len(people), "models_of_hearing": len(results) - len(people)}
    if kind == "abx":
        counts: dict[str, Counter[bool]] = defaultdict(Counter)
        for result in results:
            for answer in result["answers"]:
                counts[answer["system"]][bool(answer["right"])] += 1
        report["systems"] = {
            system: {"right": c[True], "trials": c.total(), "p": guessing(c[True], c.total())}
            for system, c in counts.items()
        }
    elif kind == "mushra":
        kept = [result for result in results if _hears_the_reference(result)]
        report["left_out"] = len(results) - len(kept)
        ratings: dict[str, list[float]] = defaultdict(list)
        for result in kept:
            for answer in result["answers"]:
                for system, rating in answer["ratings"].items():
                    ratings[system].append(float(rating))
        report["systems"] = {}
        for system, values in ratings.items():
            mean, low, high = bootstrap(values, seed)
            report["systems"][system] = {"mean": mean, "low": low, "high": high, "count": len(values)}
    else:
        table: dict[str, Counter[str]] = defaultdict(Counter)
        for result in results:
            for answer in result["answers"]:
                table[answer["word"]][answer["answer"]] += 1
        report["words"] = {word: dict(row) for word, row in table.items()}
    return report


def _hears_the_reference(result: dict[str, Any]) -> bool:
    rated = [answer["ratings"]["reference"] for answer in result["answers"]]
    return sum(rating < PASSES_AT for rating in rated) <= PASSES_SHARE * len(rated)
