"""What an enrolled position is worth on other material than it was found from: a table in docs/space.md.

    python -m gritspace.train.bench.enroll_elsewhere SPACE --captures FOLDER --guitar FOLDER --synth FOLDER

Test devices that the space does not know are enrolled from a minute of one material, and measured on ten seconds of
each from other files. Beside it stands how far a known device's errors differ between the materials, which no
enrolling can help: what the decoder itself is worse at.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gritspace.train.audio import signals
from gritspace.train.audio.augment import played_otherwise
from gritspace.train.bench.enroll import SEED, TEST_SECONDS, error_of
from gritspace.train.devices.device import Audio, Device, label
from gritspace.train.devices.finding import find_devices
from gritspace.train.space.between import known_settings
from gritspace.train.space.data import splits
from gritspace.train.space.enroll import Enrolment, enroll
from gritspace.train.space.senses.head_row import held_gain
from gritspace.train.space.space import Space, load_space

MATERIALS = ("guitar", "another guitar", "synth")
LEARNED = (*MATERIALS, "guitar and synth")
Table = dict[str, dict[str, list[float]]]


def materials(guitar: Path, synth: Path, side: str, seconds: float) -> dict[str, Audio]:
    """(frames,) of each of LEARNED, from the files of one side."""
    notes = {"guitar": signals.read_folder(guitar, side), "synth": signals.read_folder(synth, side)}
    found = {name: signals.phrases_from(some, seconds, SEED + (side == "train")) for name, some in notes.items()}
    found["another guitar"] = played_otherwise(found["guitar"], SEED)
    half = len(found["guitar"]) // 2
    found["guitar and synth"] = np.concatenate([found["guitar"][:half], found["synth"][:half]])
    return found


def errors(
    space: Space, found: Enrolment, device: Device, setting: NDArray[np.float32], tests: dict[str, Audio]
) -> list[float]:
    """Of a position on each of MATERIALS."""
    return [
        error_of(space, found, tests[name], device.render(tests[name][None], setting[None])[0]) for name in MATERIALS
    ]


def known_errors(space: Space, devices: Sequence[Device], tests: dict[str, Audio], most: int) -> list[list[float]]:
    """Of known devices at their own positions, the middle setting of each, up to `most` spread over them."""
    known = [device for device in devices if len(known_settings(space, device))]
    rows = []
    for i in np.linspace(0, len(known) - 1, min(most, len(known))).round().astype(int):
        settings = known_settings(space, known[i])
        setting = settings[len(settings) // 2]
        name = label(known[i], setting.tolist())
        place = torch.tensor(space.positions[name])
        held = float(held_gain(space, place[None].numpy())[0])
        gain = space.gains[known[i].name] * space.levels.get(name, 1.0) * held
        rows.append(errors(space, Enrolment(place, gain), known[i], setting, tests))
    return rows


def line(name: str, rows: Sequence[Sequence[float]]) -> str:
    """Markdown: medians over devices."""
    return f"| {name} | " + " | ".join(f"{value:.3f}" for value in np.median(np.array(rows), axis=0)) + " |"


def main() -> None:
    """Reads the arguments, enrolls, prints the table as it grows."""
    parser = argparse.ArgumentParser(description="Enrolled positions on other material than they were found from.")
    parser.add_argument("space", type=Path)
    parser.add_argument("--captures", type=Path, action="append", required=True)
    parser.add_argument("--guitar", type=Path, required=True)
    parser.add_argument("--synth", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each material, to learn from")
    parser.add_argument("--devices", type=int, default=4, help="how many test devices, and known ones")
    parser.add_argument("--learn", action="append", choices=LEARNED, help="repeatable; all without")
    arguments = parser.parse_args()
    space, devices = load_space(arguments.space), find_devices(arguments.captures)
    tests = materials(arguments.guitar, arguments.synth, "validation", TEST_SECONDS)
    learned = materials(arguments.guitar, arguments.synth, "train", arguments.seconds)
    strangers = [d for d in splits.parted(devices)[1] if d.name not in space.gains][: arguments.devices]
    print("| learned from | " + " | ".join(MATERIALS) + " |\n|---|" + "---|" * len(MATERIALS), flush=True)
    print(line("known devices, nothing enrolled", known_errors(space, devices, tests, arguments.devices)), flush=True)
    for name in arguments.learn or LEARNED:
        rows = []
        for device in strangers:
            setting = np.zeros(0, np.float32)
            if device.knobs:
                setting = np.asarray(splits.held_out_settings(device)[1], np.float32)
            found = enroll(space, learned[name], device.render(learned[name][None], setting[None])[0])
            rows.append(errors(space, found, device, setting, tests))
        print(line(name, rows), flush=True)
    names = ", ".join(device.name for device in strangers)
    print(f"{len(strangers)} test devices: {names}; {arguments.seconds:g} s")


if __name__ == "__main__":
    main()
