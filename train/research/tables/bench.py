"""The bench: which tables there are, and how they are made one after the other, each kept as soon as it is done."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from gritspace.train.errors import InputError
from gritspace.train.research.tables import table as tables
from gritspace.train.research.tables.table import Table

TABLES = {
    "effects": "effects",
    "mel_vae_beta": "mel_vae",
    "mel_vae_compression": "mel_vae",
    "mel_vae_relations": "relations",
    "digits": "digits",
    "mnist": "digits",
    "spaces": "spaces",
    "estimator_latent": "estimator",
    "estimator_examples": "estimator",
    "estimator_harmonic": "estimator",
    "encoder_audio": "encoder",
    "encoder_families": "encoder",
    "match_accuracy": "match",
}
"""Table's name -> the module whose function of the same name makes it."""
NEEDED = {"sklearn": "scikit-learn", "zuko": "zuko"}
REVISIONS = dict.fromkeys(TABLES, 1) | {"encoder_audio": 2}
"""Raised where a table's recipe changes, so that an old table is not taken for a new one."""


@dataclass(frozen=True)
class Bench:
    """What the tables are made from. size: 1 is what two cores do in minutes; above, networks train longer on more."""

    out: Path
    captures: tuple[Path, ...] = ()
    audio: tuple[Path, ...] = ()
    mnist: Path | None = None
    seed: int = 0
    size: float = 1.0

    def options(self, name: str) -> dict[str, Any]:
        """What a table's figures depend on."""
        mnist = str(self.mnist) if self.mnist and name == "mnist" else ""
        return {
            "revision": REVISIONS[name],
            "captures": [str(path) for path in self.captures],
            "audio": [str(path) for path in self.audio],
            "mnist": mnist,
            "seed": self.seed,
            "size": self.size,
        }

    @property
    def cache(self) -> Path:
        """Renders that several tables share; may be removed at any time."""
        return self.out / "cache"

    def scaled(self, count: int) -> int:
        """A number of steps or examples at this size, 10 at least."""
        return max(10, round(count * self.size))


def make(
    bench: Bench,
    names: Sequence[str] = (),
    again: bool = False,
    told: Callable[[str, bool], None] | None = None,
    jobs: int = 1,
) -> list[Table]:
    """Makes the named tables (all without a name) that are not there yet, and out/summary.json of all there are.

    told: called with a table's name and False when it is due, True when it is made. jobs: how many tables at once, each
    in a process and a thread of its own: steps so small are not worth sharing. Raises InputError on an unknown name.
    """
    for name in names:
        if name not in TABLES:
            raise InputError(f"{name}: there is no such table; there are {', '.join(TABLES)}.")
    for package, wheel in NEEDED.items():
        if find_spec(package) is None:
            raise InputError(f"research: the Python package {wheel} is missing; install it: pip install {wheel}.")
    wanted = [name for name in TABLES if name in names or not names]
    if bench.mnist is None and "mnist" not in names:
        wanted = [name for name in wanted if name != "mnist"]
    bench.out.mkdir(parents=True, exist_ok=True)
    folder = bench.out / "tables"
    tell: Callable[[str, bool], None] = told or (lambda name, done: None)
    ready = {name: None if again else tables.load(name, folder, bench.options(name)) for name in wanted}

    def keep(table: Table | None) -> None:
        if table is not None:
            tables.save(table, folder)
            ready[table.name] = table
            tell(table.name, True)
        present = [tables.load(one, folder, bench.options(one)) for one in TABLES]
        tables.summarise([one for one in present if one is not None], bench.out / "summary.json")

    due = [name for name in wanted if ready[name] is None]
    for name in due:
        tell(name, False)
    if jobs == 1 or len(due) < 2:
        for name in due:
            keep(_made(bench, name))
    else:
        with get_context("spawn").Pool(jobs) as pool:  # ends its processes at once when it is left by an error
            for table in pool.imap_unordered(partial(_made, bench), due):
                keep(table)
    keep(None)
    return [table for table in ready.values() if table is not None]


def _made(bench: Bench, name: str) -> Table:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(bench.seed)
    started = time.perf_counter()
    module = importlib.import_module(f"gritspace.train.research.tables.{TABLES[name]}")
    table: Table = getattr(module, name)(bench)
    table.options, table.seconds = bench.options(name), round(time.perf_counter() - started, 1)
    return table
