"""What listeners have answered, together: exact chances for ABX, bootstrap intervals for MUSHRA, a table of words.

Sources: Efron, 1979 (bootstrap); the binomial distribution.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from gritspace.train.errors import InputError
from gritspace.train.records import OpenRecord, read_record
from gritspace.train.text_file import read_json

ROUNDS = 4000
PASSES_AT = 90.0
"""BS.1534: who rates the hidden reference below this in more than 15 % of the items is left out."""
PASSES_SHARE = 0.15
MOST_ANSWERS = 1_000
"""In a file: exact chances of more are sums of very long numbers."""
Name = Annotated[str, Field(max_length=200)]


def guessing(right: int, trials: int) -> float:
    """The probability of at least so many right answers by guessing: exact, one-sided."""
    return sum(math.comb(trials, k) for k in range(right, trials + 1)) / 2.0**trials


def bootstrap(values: Sequence[float], seed: int = 0) -> tuple[float, float, float]:
    """The mean, and its 95 % interval."""
    numbers = np.asarray(values, np.float64)
    drawn = np.random.default_rng(seed).choice(numbers, (ROUNDS, len(numbers))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(numbers.mean()), float(low), float(high)


class AbxAnswer(OpenRecord):
    """Which of two is X."""

    system: Name
    right: bool


class Ratings(OpenRecord):
    """How alike: from 0 to 100, the hidden reference among them."""

    ratings: dict[Name, Annotated[float, Field(ge=0, le=100)]]

    @model_validator(mode="after")
    def _with_a_reference(self) -> Ratings:
        if "reference" not in self.ratings:
            raise ValueError("ratings have none of the reference")
        return self


class WordAnswer(OpenRecord):
    """What was said of what was changed."""

    word: Name
    answer: Name


class Results(OpenRecord):
    """A file of the page's, but for its answers. person: False for a model of hearing."""

    kind: Literal["abx", "mushra", "words"]
    person: bool = True


class AbxResults(Results):
    """Of an ABX test."""

    answers: Annotated[list[AbxAnswer], Field(max_length=MOST_ANSWERS)]


class MushraResults(Results):
    """Of a MUSHRA test."""

    answers: Annotated[list[Ratings], Field(max_length=MOST_ANSWERS)]


class WordResults(Results):
    """Of a test of words."""

    answers: Annotated[list[WordAnswer], Field(max_length=MOST_ANSWERS)]


KINDS: dict[str, type[Results]] = {"abx": AbxResults, "mushra": MushraResults, "words": WordResults}


def read_results(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Files that the page saved. Raises InputError for what is none, and for tests of different kinds."""
    results = []
    for path in paths:
        advice = "give answers of a listening test that were saved from its page"
        value = read_json(path, advice)
        kind = read_record(Results, value, str(path), advice).kind
        results.append(read_record(KINDS[kind], value, str(path), advice).model_dump())
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
