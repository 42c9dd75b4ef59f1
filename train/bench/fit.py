"""How well captures are fitted in how many minutes: ESR on held-out audio, one row a capture.

    python -m gritspace.train.bench.fit --captures FOLDER --audio FOLDER [--minutes 10] [--only NAME] [--nam PYTHON]

What is done is kept in the JSON file, so that an interrupted run goes on where it was, within a capture too; rows of
other minutes, shapes, seeds and optimizers stay in the file. Times count the fit's steps and checks on the machine as
it is, not the rendering, which the JSON has. --nam: a Python that has neural-amp-modeler installed; its own trainer
then gets the same audio for the same time, see bench_fit_nam.py.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when PyTorch is loaded; see host_tools/cli.py

import numpy as np
import torch

from gritspace.train.audio import signals
from gritspace.train.bench.fit_nam import nam_row
from gritspace.train.devices.captures.files import read_capture
from gritspace.train.errors import InputError
from gritspace.train.network.layer_adam import OPTIMIZERS
from gritspace.train.output_file import written_whole
from gritspace.train.snapshot.fit import FitConfig, FitResult, SnapshotFit
from gritspace.train.snapshot.source import Source, from_device

SIX = (
    "PrincetonAmp_Clean",
    "DumbleKit_LowG_DirectOut",
    "TS9_HighDrive",
    "MesaMiniRec_HighGain_DirectOut",
    "BossMT2_PedalHighGain",
    "LittleBigMuff_HighGainPedal",
)
"""Proteus captures without a knob, from a clean amplifier to a fuzz."""
MARKS = (1, 2, 5, 10)
LEARN_SECONDS, SYNTHETIC_SECONDS, HELD_SECONDS = 240.0, 60.0, 30.0


def source_of(capture: Path, audio: Path) -> Source:
    """The capture plays phrases of the folder's training files and signals, and phrases of its validation files."""
    device = read_capture(capture)
    notes = {split: signals.read_folder(audio, split) for split in ("train", "validation")}
    learn = signals.phrases_from(notes["train"], LEARN_SECONDS, 0)
    dry = np.concatenate([learn, signals.synthetic(SYNTHETIC_SECONDS, 0)])
    held = signals.phrases_from(notes["validation"], HELD_SECONDS, 1_000_000)
    return from_device(device, np.full((1, len(device.knobs)), 0.5, np.float32), dry, held)


def esr_at(result: FitResult, minutes: float) -> float | None:
    """The best ESR of any check up to then; None if it had not run so long."""
    until = [check.esr for check in result.checks if check.seconds <= 60 * minutes + 1]
    long_enough = result.checks and result.checks[-1].seconds >= 60 * minutes * 0.97
    return min(until) if until and long_enough else None


def measure(capture: Path, audio: Path, config: FitConfig, checkpoint: Path) -> dict[str, Any]:
    """One row, as plain values. The checkpoint lies beside the JSON until the row is done."""
    started = time.monotonic()
    source = source_of(capture, audio)
    rendering = time.monotonic() - started

    def told(step: int, share: float, esr: float, seconds_left: float) -> None:
        if sys.stderr.isatty():
            print(
                f"\r{capture.stem}: step {step}, ESR {esr:.5f}, {seconds_left:.0f} s left   ", end="", file=sys.stderr
            )

    fit = SnapshotFit(source.dry, source.wet, source.held_dry, source.held_wet, config, checkpoint)
    result = fit.run(told)
    if sys.stderr.isatty():
        print("\r" + " " * 78 + "\r", end="", file=sys.stderr)
    row = {
        "capture": capture.stem,
        "config": asdict(config),
        "threads": torch.get_num_threads(),
        "rendering_seconds": round(rendering, 1),
        "esr": result.esr,
        "steps": result.steps,
        "seconds": round(result.seconds, 1),
        "esr_at_minutes": {str(mark): esr_at(result, mark) for mark in MARKS if mark <= config.minutes},
        "checks": [asdict(check) for check in result.checks],
        "remarks": result.remarks,
    }
    checkpoint.unlink(missing_ok=True)
    return row


def line(row: dict[str, Any], minutes: float) -> str:
    """A row of the table."""
    values = [row["esr_at_minutes"].get(str(mark)) for mark in MARKS if mark <= minutes]
    cells = "".join(f"{'-' if v is None else format(v, '.5f'):>10}" for v in values)
    return f"{row['capture']:32}{cells}{row['esr']:10.5f}{row['steps']:8}"


def main(arguments: list[str] | None = None) -> int:
    """Prints the table and writes the JSON; 0, or 2 for unusable input."""
    parser = argparse.ArgumentParser(prog="python -m gritspace.train.bench.fit", description=__doc__.splitlines()[0])
    parser.add_argument("--captures", type=Path, required=True, help="a folder with the six Proteus captures")
    parser.add_argument("--audio", type=Path, required=True, help="a folder of dry audio")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each capture")
    parser.add_argument("--only", action="append", help="this capture, by its file's name; may be given repeatedly")
    parser.add_argument("--steps", type=int, default=0, help="for each capture, instead of minutes")
    parser.add_argument("--optimizer", choices=sorted(OPTIMIZERS), default=FitConfig.optimizer)
    parser.add_argument("--rate", type=float, default=FitConfig.learning_rate, help="the highest learning rate")
    parser.add_argument("--shape", default=FitConfig.shape)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--nam", type=Path, help="a Python with neural-amp-modeler, for a row of its own trainer")
    parser.add_argument("--nam-capture", default="TS9_HighDrive", help="which capture --nam is given")
    parser.add_argument("--json", type=Path, default=Path("out/bench-fit.json"))
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    config = FitConfig(
        shape=options.shape,
        minutes=options.minutes,
        steps=options.steps,
        seed=options.seed,
        optimizer=options.optimizer,
        learning_rate=options.rate,
    )
    try:
        return _run(options, config)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace, config: FitConfig) -> int:
    names = options.only or SIX
    files = {name: _found(options.captures, name) for name in names}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(options.json.read_text())["rows"] if options.json.is_file() else []
    rows = [row for row in kept if row["config"] == asdict(config)]
    others = [row for row in kept if row not in rows]
    marks = "".join(f"{f'{mark} min':>10}" for mark in MARKS if mark <= config.minutes)
    print(f"{'ESR on held-out audio':32}{marks}{'kept':>10}{'steps':>8}")
    for name in names:
        row = next((row for row in rows if row["capture"] == name), None)
        if row is None:
            row = measure(files[name], options.audio, config, options.json.with_name(f"bench-fit-{name}.checkpoint"))
            rows.append(row)
            _write(options.json, [*others, *rows])
        print(line(row, config.minutes), flush=True)
    ours = [row["esr"] for row in rows if row["capture"] in names]
    print(f"median {statistics.median(ours):.5f}, {torch.get_num_threads()} threads")
    if options.nam is not None:
        name = f"{options.nam_capture} (NAM)"
        row = next((row for row in rows if row["capture"] == name), None)
        if row is None:
            source = source_of(_found(options.captures, options.nam_capture), options.audio)
            row = nam_row(options.nam, source, name, config, options.threads)
            rows.append(row)
            _write(options.json, [*others, *rows])
        print(line(row, config.minutes), flush=True)
    print(f"the table is in {options.json}")
    return 0


def _found(folder: Path, name: str) -> Path:
    found = sorted(folder.rglob(f"{name}.json"))
    if not found:
        raise InputError(f"{folder}: there is no {name}.json in it; give the folder of Proteus captures.")
    return found[0]


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    with written_whole(path) as beside:
        beside.write_text(json.dumps({"rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
