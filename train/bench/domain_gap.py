"""How much worse a space is at recordings than at its own circuits: the domain gap, one table.

    python -m gritspace.train.bench.domain_gap SPACE --audio FOLDER [--recording DRY.wav WET.wav]...

The same encoder and the same decoder, over and over. *Rendered*: circuits that the space knows, as it was trained on
them, but on audio that training leaves out. *Interface*: the same through files as a sound card leaves them: late,
upside down, at another level, by another clock, with a floor of noise, in sixteen or twenty-four bits. *Stand-in*:
devices that the space does not know (`--stand-in NAME`), through the same interface, where nobody's recordings are at
hand. *Recording*: somebody's own dry and wet files. The second is what recording by itself costs, the last two beside
it what the device costs.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from numpy.typing import NDArray

from gritspace.train.audio import signals
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.recording.recording import read_recording
from gritspace.train.devices.device import Audio, Device, label
from gritspace.train.devices.finding import find_devices
from gritspace.train.errors import InputError
from gritspace.train.space.between import known_settings
from gritspace.train.space.data.pairs import grid
from gritspace.train.space.enroll import SHORTEST_SECONDS, enroll
from gritspace.train.space.space import Space, load_space

SEED = 4_000_000
DELAY_FRAMES, CLOCK_PPM, LEVEL_DB, FLOOR_DBFS = (32, 4_800), (-20.0, 20.0), (-3.0, 3.0), (-90.0, -60.0)
DOMAINS = ("rendered", "interface", "stand-in", "recording")


@dataclass(frozen=True)
class Row:
    """One recording. guess, position: ESR on the fifth of it that nothing learned from; off: RMS distance between the
    encoder's guess and the place that the space has for the setting, in a box of [-1, 1], None where it has none."""

    domain: str
    name: str
    guess: float
    position: float
    off: float | None = None


def through_interface(wet: Audio, rng: np.random.Generator) -> tuple[NDArray[np.float64], str]:
    """wet (frames,) as a sound card gives it back, (frames,), and the file's subtype."""
    heard = wet.astype(np.float64) * (0.5 / max(float(np.abs(wet).max()), 1e-9))
    heard *= rng.choice([-1, 1]) * 10 ** (rng.uniform(*LEVEL_DB) / 20)
    heard = soxr.resample(heard, SAMPLE_RATE, SAMPLE_RATE * (1 + rng.uniform(*CLOCK_PPM) * 1e-6), quality="VHQ")
    heard = np.concatenate([np.zeros(int(rng.integers(*DELAY_FRAMES))), heard])[: len(wet)]
    heard = np.pad(heard, (0, len(wet) - len(heard)))
    heard += 10 ** (rng.uniform(*FLOOR_DBFS) / 20) * rng.normal(size=len(heard))
    return heard, str(rng.choice(["PCM_16", "PCM_24"]))


def read_back(dry: Audio, wet: Audio, rng: np.random.Generator) -> tuple[Audio, Audio]:
    """Through files and what `gritspace enroll` reads them by: aligned dry and wet."""
    heard, subtype = through_interface(wet, rng)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "dry.wav", Path(folder) / "wet.wav"
        for file, audio in zip(files, (dry, heard), strict=True):
            soundfile.write(file, audio, SAMPLE_RATE, subtype=subtype)
        return of_files(*files)


def of_files(dry: Path, wet: Path) -> tuple[Audio, Audio]:
    """A recording's two sides, aligned, the right way up."""
    found = read_recording(dry, wet, force=False, shortest_seconds=SHORTEST_SECONDS)
    return found.dry, -found.wet if found.inverted else found.wet


def row_of(space: Space, domain: str, name: str, dry: Audio, wet: Audio, place: Sequence[float] | None = None) -> Row:
    """dry, wet (frames,), aligned."""
    found = enroll(space, dry, wet, aligned=True)
    off = None
    if place is not None:
        guess = space.position_of(*(torch.from_numpy(audio)[None] for audio in (dry, wet * np.float32(found.gain))))
        off = float((guess - torch.tensor(place)).square().mean().sqrt())
    return Row(domain, name, found.esr_of_guess, found.esr_of_position, off)


def circuit_rows(space: Space, devices: Sequence[Device], dry: Audio) -> Iterator[Row]:
    """Of every device that the space knows at the middle of its settings: rendered, and through the interface."""
    for i, device in enumerate(device for device in devices if len(known_settings(space, device))):
        settings = known_settings(space, device)
        setting = settings[len(settings) // 2]
        name = label(device, setting.tolist())
        wet = device.render(dry[None], setting[None])[0]
        yield row_of(space, "rendered", name, dry, wet, space.positions[name])
        heard = read_back(dry, wet, np.random.default_rng([SEED, i]))
        yield row_of(space, "interface", name, *heard, space.positions[name])


def stand_in_rows(space: Space, devices: Sequence[Device], dry: Audio) -> Iterator[Row]:
    """Of every device, at the middle of its settings, through the interface. Raises InputError for one that the space
    knows."""
    for device in devices:
        if len(known_settings(space, device)):
            raise InputError(f"--stand-in {device.name}: the space knows it; name one that it was not trained on.")
    for i, device in enumerate(devices):
        settings = grid(device)
        setting = settings[len(settings) // 2]
        wet = device.render(dry[None], setting[None])[0]
        heard = read_back(dry, wet, np.random.default_rng([SEED, 1, i]))
        yield row_of(space, "stand-in", label(device, setting.tolist()), *heard)


def recording_rows(space: Space, recordings: Sequence[tuple[Path, Path]]) -> Iterator[Row]:
    """Of dry and wet files. Raises InputError for unusable ones."""
    for dry, wet in recordings:
        yield row_of(space, "recording", wet.stem, *of_files(dry, wet))


def line(name: str, domain: str, values: Sequence[float | None]) -> str:
    """Markdown."""
    cells = " | ".join("-" if value is None else f"{value:.3f}" for value in values)
    return f"| {name} | {domain} | {cells} |"


def as_table(rows: Iterable[Row]) -> Iterator[str]:
    """Markdown, line by line as rows come (each is half a minute of a processor), and the medians by domain."""
    yield "| device | domain | guess | position | guess is off by |\n|---|---|---|---|---|"
    done = []
    for row in rows:
        done.append(row)
        yield line(row.name, row.domain, (row.guess, row.position, row.off))
    for domain in DOMAINS:
        mine = [row for row in done if row.domain == domain]
        if mine:
            offs = [row.off for row in mine if row.off is not None]
            medians = (
                float(np.median([row.guess for row in mine])),
                float(np.median([row.position for row in mine])),
                float(np.median(offs)) if offs else None,
            )
            yield line(f"**median of {len(mine)}**", domain, medians)


def main() -> None:
    """Reads the arguments, enrolls, prints the table."""
    parser = argparse.ArgumentParser(description="The domain gap: circuits, circuits through an interface, recordings.")
    parser.add_argument("space", type=Path)
    parser.add_argument("--audio", type=Path, action="append", required=True)
    parser.add_argument("--captures", type=Path, action="append", default=[])
    parser.add_argument("--device", action="append", default=[], help="only these; repeatable")
    parser.add_argument(
        "--stand-in", action="append", default=[], help="a device that the space does not know; repeatable"
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="of dry audio for each circuit")
    parser.add_argument("--recording", type=Path, nargs=2, action="append", default=[], metavar=("DRY", "WET"))
    arguments = parser.parse_args()
    space = load_space(arguments.space)
    found = {device.name: device for device in find_devices(arguments.captures)}
    unknown = [name for name in (*arguments.device, *arguments.stand_in) if name not in found]
    if unknown:
        parser.error(f"no device is called {unknown[0]}; there are {', '.join(found)}.")
    devices = [found[name] for name in arguments.device or found]
    strangers = [found[name] for name in arguments.stand_in]
    notes = [note for path in arguments.audio for note in signals.read_folder(path, "validation")]
    dry = signals.phrases_from(notes, arguments.seconds, SEED)
    try:
        rows = itertools.chain(
            recording_rows(space, arguments.recording),
            stand_in_rows(space, strangers, dry),
            circuit_rows(space, devices, dry),
        )
        for text in as_table(rows):
            print(text, flush=True)
    except InputError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
