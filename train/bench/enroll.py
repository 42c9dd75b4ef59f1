"""What enrolling a device costs and gives, beside fitting a network of its own: the table in docs/space.md.

    python -m gritspace.train.bench.enroll SPACE --captures FOLDER --audio FOLDER [--seconds 5,60] [--fit-minutes 2]

Every test device that the space does not know (`splits`) plays dry audio of the training side; what it made of it is
the recording. All errors are on the same ten seconds of held-out audio. Rows done lie in out/bench-enroll.json; for
another space they are measured anew, but for the networks of their own, which no space is in.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gritspace.train.audio import signals
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.device import Audio, Device, label
from gritspace.train.devices.finding import find_devices
from gritspace.train.network.play import played
from gritspace.train.output_file import written_whole
from gritspace.train.snapshot.fit import FitConfig, SnapshotFit
from gritspace.train.space.data import splits
from gritspace.train.space.enroll import Enrolment, enroll, esr_at, guess_from_wet, with_offsets
from gritspace.train.space.measures.clips import SETTINGS_OF_A_STRANGER
from gritspace.train.space.space import Space, load_space

TEST_SECONDS = 10.0
SEED = 3_000_000
HELD_BACK = 0.1
"""Of a recording, what `fit` watches itself by."""
COLUMNS = ("wet_only", "guess", "position", "refined", "fitted")


@dataclass(frozen=True)
class Row:
    """Errors of one device at one setting, learned from `seconds` of it. fitted: a snapshot from nothing, or None.

    space: a hash of its file.
    """

    label: str
    seconds: float
    wet_only: float
    guess: float
    position: float
    refined: float
    fitted: float | None
    enroll_seconds: float
    refine_seconds: float
    space: str


def measured(
    space: Space,
    digest: str,
    device: Device,
    setting: NDArray[np.float32],
    dry: Audio,
    test: Audio,
    fit_minutes: float,
    fitted: float | None,
) -> Row:
    """One row. dry (frames,) to learn from, test (frames,) to measure on. fitted: if that is known already."""
    wet, test_wet = (device.render(audio[None], setting[None])[0] for audio in (dry, test))
    started = time.process_time()
    position = enroll(space, dry, wet)
    between = time.process_time()
    refined = enroll(space, dry, wet, refine=True)
    ended = time.process_time()
    guess, wet_only = Enrolment(space_guess(space, dry, wet, position), position.gain), guess_from_wet(space, wet)
    return Row(
        label=label(device, setting.tolist()),
        seconds=len(dry) / SAMPLE_RATE,
        wet_only=error_of(space, wet_only, test, test_wet),
        guess=error_of(space, guess, test, test_wet),
        position=error_of(space, position, test, test_wet),
        refined=error_of(space, refined, test, test_wet),
        fitted=fitted_error(dry, wet, test, test_wet, fit_minutes) if fit_minutes and fitted is None else fitted,
        enroll_seconds=between - started,
        refine_seconds=ended - between,
        space=digest,
    )


def space_guess(space: Space, dry: Audio, wet: Audio, found: Enrolment) -> torch.Tensor:
    """The encoder's position for a pair, wet as loud as in training."""
    pieces = np.linspace(0, len(dry) - SAMPLE_RATE, 24).astype(int)
    of_dry = torch.from_numpy(np.stack([dry[start : start + SAMPLE_RATE] for start in pieces]))
    of_wet = torch.from_numpy(np.stack([wet[start : start + SAMPLE_RATE] for start in pieces]) * np.float32(found.gain))
    return space.position_of(of_dry, of_wet).clamp(-1, 1)


def error_of(space: Space, found: Enrolment, dry: Audio, wet: Audio) -> float:
    """On audio held out."""
    bent = space if found.offsets is None else with_offsets(space, found.offsets)
    skipped = space.config.decoder.receptive_field
    target = torch.from_numpy(wet * np.float32(found.gain))[skipped:]
    return esr_at(bent, torch.from_numpy(dry), target, found.position, found.level)


def fitted_error(dry: Audio, wet: Audio, test: Audio, test_wet: Audio, minutes: float) -> float:
    """Of an A2-Full network fitted to this recording alone."""
    kept = int(len(dry) * (1 - HELD_BACK))
    fit = SnapshotFit(dry[:kept], wet[:kept], dry[kept:], wet[kept:], FitConfig(minutes=minutes))
    ours = played(fit.run().tcn, torch.from_numpy(test)).numpy()
    skipped = 8_000
    return float(np.sum((test_wet - ours)[skipped:] ** 2) / np.sum(test_wet[skipped:] ** 2))


def as_table(rows: list[Row]) -> str:
    """Markdown, and the medians by seconds."""
    lines = [
        "| device | seconds | wet only | guess | position | refined | own network |",
        "|---|---|---|---|---|---|---|",
    ]

    def cells(values: list[float | None]) -> str:
        return " | ".join("-" if value is None else f"{value:.3f}" for value in values)

    for row in sorted(rows, key=lambda row: (row.seconds, row.label)):
        lines.append(f"| {row.label} | {row.seconds:g} | {cells([getattr(row, name) for name in COLUMNS])} |")
    for seconds in sorted({row.seconds for row in rows}):
        mine = [row for row in rows if row.seconds == seconds]
        medians = []
        for name in COLUMNS:
            known = [getattr(row, name) for row in mine if getattr(row, name) is not None]
            medians.append(float(np.median(known)) if known else None)
        lines.append(f"| **median of {len(mine)}** | {seconds:g} | {cells(medians)} |")
    return "\n".join(lines)


def main() -> None:
    """Reads the arguments, measures what is missing, prints the table."""
    parser = argparse.ArgumentParser(description="Enrolling test devices, beside fitting each a network of its own.")
    parser.add_argument("space", type=Path)
    parser.add_argument("--captures", type=Path, action="append", required=True)
    parser.add_argument("--audio", type=Path, action="append", required=True)
    parser.add_argument("--seconds", default="5,60", help="of each device, with commas between")
    parser.add_argument("--fit-minutes", type=float, default=0.0, help="to fit a network to each device; 0: none")
    parser.add_argument("--out", type=Path, default=Path("out/bench-enroll.json"))
    arguments = parser.parse_args()
    try:
        lengths = [float(text) for text in arguments.seconds.split(",")]
    except ValueError:
        parser.error(f"--seconds {arguments.seconds}: numbers with commas between are needed, such as 5,60")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    rows: dict[tuple[str, float], Row] = {}
    if arguments.out.exists():
        found = [Row(**row) for row in json.loads(arguments.out.read_text(encoding="utf-8"))]
        rows = {(row.label, row.seconds): row for row in found}
    space = load_space(arguments.space)
    digest = hashlib.sha256(arguments.space.read_bytes()).hexdigest()[:12]
    notes = {s: [n for path in arguments.audio for n in signals.read_folder(path, s)] for s in ("train", "validation")}
    test = signals.phrases_from(notes["validation"], TEST_SECONDS, SEED)
    strangers = [d for d in splits.parted(find_devices(arguments.captures))[1] if d.name not in space.gains]
    for seconds in lengths:
        dry = signals.phrases_from(notes["train"], seconds, SEED + 1)
        for device in strangers:
            knobs = len(device.knobs)
            settings = splits.held_out_settings(device)[1:][:SETTINGS_OF_A_STRANGER] if knobs else np.zeros((1, 0))
            for setting in settings.astype(np.float32):
                key = label(device, setting.tolist()), seconds
                known = rows.get(key)
                if known is not None and known.space == digest:
                    continue
                fitted = None if known is None else known.fitted
                rows[key] = measured(space, digest, device, setting, dry, test, arguments.fit_minutes, fitted)
                with written_whole(arguments.out) as beside:
                    beside.write_text(json.dumps([asdict(row) for row in rows.values()], indent=2), encoding="utf-8")
                print(f"{key[0]}, {seconds:g} s: position {rows[key].position:.3f}", flush=True)
    print(as_table([row for row in rows.values() if row.space == digest]))


if __name__ == "__main__":
    main()
