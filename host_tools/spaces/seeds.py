"""A space trained briefly from several seeds: whether the whole box holds each time. The table in docs/space.md.

python -m gritspace.host_tools.spaces.seeds OUT --config spaces/circuits-brief.toml [--captures F]... [--audio F]...
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gritspace.host_tools.audio_sources import level_phrases
from gritspace.host_tools.models.model_files import read_space
from gritspace.host_tools.pages.page import write_text
from gritspace.host_tools.spaces.evaluation import as_report, evaluate_space
from gritspace.host_tools.spaces.training import TrainRequest, chosen_devices, config_for, dry_audio
from gritspace.train.errors import InputError
from gritspace.train.space.data.pairs import settings_of
from gritspace.train.space.data.renders import RenderCache, default_folder
from gritspace.train.space.senses import head_row
from gritspace.train.space.space import save_space
from gritspace.train.space.train import train_space

CACHE_GIGABYTES = 8.0
CLIP_SECONDS = 2.0


class Clock:
    """A progress callback that counts the processor's seconds from the first step to the last."""

    def __init__(self) -> None:
        self.began = self.now = 0.0
        self.steps = 0

    def __call__(self, step: int, steps: int, loss: float, esr: float, seconds_left: float) -> None:
        """Told after every step."""
        self.now = time.process_time()
        self.began = self.began or self.now
        self.steps += 1

    @property
    def milliseconds_a_step(self) -> float:
        """Of a processor."""
        return 1e3 * (self.now - self.began) / max(self.steps - 1, 1)


def trained(request: TrainRequest, clock: Clock) -> None:
    """Trains as asked and holds the loudness, at request.out. Interrupted, it goes on where it was."""
    config = config_for(request)
    devices = chosen_devices(request.devices, request.captures)
    settings = sum(len(settings_of(device, config.settings_between)) for device in devices)
    dry, validation = dry_audio(request.audio, settings, config)
    free = request.out.with_suffix(".free.pt")
    cache = RenderCache(default_folder(), CACHE_GIGABYTES)
    train_space(devices, dry, config, free, progress=clock, validation_dry=validation, cache=cache)
    save_space(head_row.held(read_space(free), level_phrases(), 0), request.out)
    free.unlink()


def measured(request: TrainRequest) -> dict[str, Any]:
    """What `gritspace evaluate --json` says of the space at request.out, its integers made by `gritspace quantize`."""

    def quiet(done: float, total: float, words: str) -> None:
        pass

    return as_report(evaluate_space(request.out, request.captures, request.audio, CLIP_SECONDS, 0.0, quiet))


def rows(report: Mapping[str, Any]) -> list[tuple[str, str, bool, str]]:
    """Of one space: what, the aim, whether it is missed, and what was found, both as text. Without an aim, none is."""
    box, splits = report["box"], report["splits"]
    turn = box["turn_lu"]
    at_most = [
        ("silence in, worst of 1,000 places and the corners, dBFS", "-60", box["dc_dbfs"], ".1f"),
        ("of the corners", "-60", box["dc_corners_dbfs"], ".1f"),
        ("loudness of the 16 corners, range, LU", "6", box["corners_lufs_range"], ".1f"),
        ("corners over full scale", "0", box["corners_over_full_scale"], "d"),
        ("loudness over one turn, median, LU", "3", turn["median"], ".1f"),
        ("the most", "3", turn["max"], ".1f"),
        ("edges along which drive does not rise", "0", 8 - box["edges_monotone"], "d"),
        ("cross-talk of turns", ".25", box["cross_talk"], ".2f"),
        ("over the box", ".25", box["cross_talk_over_box"], ".2f"),
        ("thump of a 2 Hz triangle as it is heard, dBFS", "-70", box["thump_dbfs"], ".0f"),
        ("without the module's hush", "", box["thump_before_hush_dbfs"], ".1f"),
        (f"ESR at {splits['seen']['settings']} seen settings, median", "", splits["seen"]["esr"]["median"], ".3f"),
        ("at settings never trained at", ".03", splits["held_out_settings"]["esr"]["median"], ".3f"),
        ("over that of the seen ones", "1.1", report["held_out_settings_over_seen"], ".2f"),
    ]
    found = [
        (what, aim, bool(aim) and value is not None and value > float(aim), "-" if value is None else f"{value:{form}}")
        for what, aim, value, form in at_most
    ]
    grain = report["grain_db"]
    return [*found, ("signal over grain, dB", "40", grain < 40, f"{grain:.1f}")]


def table(reports: Mapping[int, Mapping[str, Any]]) -> str:
    """Markdown, a column a seed; what misses its aim is bold."""
    columns = [rows(report) for report in reports.values()]
    lines = ["| | aim | " + " | ".join(f"seed {seed}" for seed in reports) + " |", "|---|---|" + "---|" * len(columns)]
    for both in zip(*columns, strict=True):
        found = " | ".join(f"**{text}**" if missed else text for _, _, missed, text in both)
        lines.append(f"| {both[0][0]} | {both[0][1]} | {found} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains, measures, prints the table."""
    parser = argparse.ArgumentParser(description="A space trained briefly from several seeds: does the box hold?")
    parser.add_argument(
        "out", type=Path, help="where spaces and figures go; those that are there are taken as they are"
    )
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--seed", type=int, action="append", help="repeatable; 1 and 2 where none is given")
    parser.add_argument("--captures", type=Path, action="append", default=[])
    parser.add_argument("--audio", type=Path, action="append", default=[])
    parser.add_argument("--device", action="append", default=[])
    parser.add_argument("--steps", type=int)
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    reports: dict[int, dict[str, Any]] = {}
    try:
        for seed in asked.seed or (1, 2):
            path = asked.out / f"seed-{seed}.pt"
            request = TrainRequest(
                path, captures=tuple(asked.captures), audio=tuple(asked.audio), devices=tuple(asked.device),
                config=asked.config, steps=asked.steps, seed=seed,
            )  # fmt: skip
            if not path.is_file():
                clock = Clock()
                trained(request, clock)
                sys.stderr.write(f"seed {seed}: {clock.milliseconds_a_step:.0f} ms of a processor a step\n")
            figures = path.with_suffix(".json")
            if not figures.is_file():
                write_text(figures, json.dumps(measured(request)))
            reports[seed] = json.loads(figures.read_text())
    except InputError as error:
        parser.error(str(error))
    print(table(reports))


if __name__ == "__main__":
    main()
