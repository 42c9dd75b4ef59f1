"""The matcher's table: how often `gritspace match` names the right device, and how far off its knobs are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.matching.clips import dry_stream, excerpts, render_at
from gritspace.train.matching.matching import CLIPS, KNOWN, STEPS, Matcher, ready_matcher, train_matcher
from gritspace.train.research.probes import wilson
from gritspace.train.research.tables.bench import Bench
from gritspace.train.research.tables.table import Cell, Table

SECONDS = 3.0
RECORDINGS, FEWEST = 16, 4
"""Of each device, at settings spread over all of its knobs' ranges; a small bench takes the fewest."""


def match_accuracy(bench: Bench) -> Table:
    """Every circuit at settings and with audio that the matcher was not trained on."""
    whole = bench.size == 1 and bench.seed == 0
    steps = bench.scaled(CLIPS), bench.scaled(STEPS)
    matcher = ready_matcher(bench.cache) if whole else train_matcher(bench.seed, *steps)
    wet, device, settings = recordings(bench)
    named, found = answers(matcher, wet, device)
    right = named == device
    rows: list[list[Cell]] = []
    findings: dict[str, Any] = {}
    for i in (*range(len(CIRCUITS)), None):
        of = np.ones(len(device), bool) if i is None else device == i
        low, high = wilson(int(right[of].sum()), int(of.sum()))
        errors, middle = np.abs(found[of] - settings[of]), np.abs(0.5 - settings[of])
        name = "all" if i is None else CIRCUITS[i].name
        count = f"{int(right[of].sum())} of {int(of.sum())}"
        rows.append([name, count, f"{low:.2f} to {high:.2f}", _mean(errors), _mean(errors[right[of]]), _mean(middle)])
        taken = [KNOWN[j].name for j in named[of & ~right]]
        findings[f"{name}_taken_for"] = ", ".join(f"{n} {taken.count(n)}" for n in sorted(set(taken))) or "nothing else"
    findings.pop("all_taken_for")
    findings |= {
        "right": float(right.mean()),
        "chance": 1 / len(KNOWN),
        "knob_error": _mean(np.abs(found - settings)),
    }
    return Table(
        "match_accuracy",
        f"How often is `gritspace match` right? ({SECONDS:g} s of audio it never heard, {len(wet) // len(CIRCUITS)} "
        "settings a device)",
        [
            "device",
            "named rightly",
            "95 % (Wilson)",
            "knobs off by, of the range",
            "where named rightly",
            "knobs always at half",
        ],
        rows,
        findings,
    )


def recordings(bench: Bench) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
    """Wet audio (n, frames), which circuit (n,), its settings (n, most knobs), nan where it has no such knob."""
    source = excerpts(dry_stream(bench.audio, 120.0, bench.seed + 700, "validation"), round(SECONDS * SAMPLE_RATE))
    rng = np.random.default_rng([bench.seed, 71])
    most = max(len(circuit.knobs) for circuit in CIRCUITS)
    count = RECORDINGS if bench.size >= 1 else FEWEST
    index = np.repeat(np.arange(len(CIRCUITS)), count)
    spread = qmc.Sobol(most, seed=bench.seed + 72).random(count).astype(np.float32)
    settings = np.tile(spread, (len(CIRCUITS), 1))
    for i, circuit in enumerate(CIRCUITS):
        settings[index == i, len(circuit.knobs) :] = np.nan
    dry = np.stack([source(rng)[0] for _ in index])
    return render_at(CIRCUITS, dry, index, settings), index, settings


def answers(
    matcher: Matcher, wet: NDArray[np.float32], device: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The circuit named for each recording (n,), and the knobs found for the true one (n, most knobs)."""
    names = [device.name for device in KNOWN]
    named = np.zeros(len(wet), np.int64)
    knobs = np.full((len(wet), max(len(circuit.knobs) for circuit in CIRCUITS)), np.nan, np.float32)
    for n, audio in enumerate(wet):
        matches = matcher.match(audio)
        named[n] = names.index(matches[0].device)
        values = next(match.knobs for match in matches if match.device == names[device[n]])
        knobs[n, : len(values)] = list(values.values())
    return named, knobs


def _mean(values: NDArray[Any]) -> float | None:
    return float(np.nanmean(values)) if np.isfinite(values).any() else None
