"""What knob sense does: the same training with and without it, and what each played dimension then does in the sound.

    python -m gritspace.train.bench.compare_knobs --captures FOLDER --audio FOLDER [--steps 1500] [--weights 0,0.3]

Trains on the seen captures (`splits`), one space a weight, into out/compare-knobs/; a space that is there is not
trained again, and an interrupted one goes on. Correlations are the median over eight settings spread over all.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from gritspace.train.audio import signals
from gritspace.train.audio.augment import played_otherwise
from gritspace.train.devices.finding import find_devices
from gritspace.train.space.config import TrainConfig
from gritspace.train.space.data.renders import RenderCache, default_folder
from gritspace.train.space.data.splits import parted
from gritspace.train.space.measures import monotony
from gritspace.train.space.measures.evaluate import held_out_esr
from gritspace.train.space.space import PLAYED, load_space
from gritspace.train.space.train import train_space

CONFIG = TrainConfig(
    stored=8,
    channels=12,
    kernel_sizes=(3,) * 10,
    dilations=tuple(2**i for i in range(10)),
    activation="tanh",
    film_hidden=32,
    seconds_per_setting=6.0,
    validation_seconds=1.0,
    batch_settings=16,
    threads=1,
)
SWEPT_SETTINGS = 8
DRY_SECONDS, ALL_CHECKS_SECONDS, CHECK_SECONDS = 300.0, 60.0, 2.0


def main() -> None:
    """Reads the arguments, trains what is missing, prints the table."""
    parser = argparse.ArgumentParser(description="A space trained with knob sense and without.")
    parser.add_argument("--captures", type=Path, action="append", required=True)
    parser.add_argument("--audio", type=Path, action="append", required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--weights", default="0,0.3", help="with commas between")
    parser.add_argument("--out", type=Path, default=Path("out/compare-knobs"))
    arguments = parser.parse_args()
    try:
        weights = [float(text) for text in arguments.weights.split(",")]
    except ValueError:
        parser.error(f"--weights {arguments.weights}: numbers with commas between are needed, such as 0,0.3")
    arguments.out.mkdir(parents=True, exist_ok=True)
    devices, _ = parted([device for device in find_devices(arguments.captures) if device.kind == "capture"])
    notes = {s: [n for path in arguments.audio for n in signals.read_folder(path, s)] for s in ("train", "validation")}
    dry = played_otherwise(signals.phrases_from(notes["train"], DRY_SECONDS, 0), 0)
    check = signals.phrases_from(notes["validation"], ALL_CHECKS_SECONDS, 1)
    cache = RenderCache(default_folder(), 8.0, tell=lambda said: print(said, flush=True))
    print("| knob_weight | " + " | ".join(PLAYED) + " | median ESR | positions' correlations |\n" + "|---" * 7 + "|")
    for weight in weights:
        path = arguments.out / f"knobs-{weight:g}-{arguments.steps}.pt"
        if not path.exists():
            config = replace(CONFIG, steps=arguments.steps, knob_weight=weight)
            train_space(devices, dry, config, path, validation_dry=check, cache=cache)
        space = load_space(path)
        places = list(space.positions.values())
        chosen = np.linspace(0, len(places) - 1, SWEPT_SETTINGS).round().astype(int)
        tables = monotony.sweep_correlations(space, torch.tensor([places[i] for i in chosen]))
        swept = np.median(np.diagonal(tables, axis1=1, axis2=2), axis=0)
        measured = np.array([space.attributes[name] for name in space.positions])
        ordered = monotony.position_correlations(np.array(places), measured)
        esr = float(np.median([one.esr for one in held_out_esr(space, devices, check, CHECK_SECONDS).settings]))
        cells = [f"{value:.2f}" for value in swept]
        print(
            f"| {weight:g} | {' | '.join(cells)} | {esr:.3f} | {', '.join(f'{x:.2f}' for x in ordered)} |", flush=True
        )


if __name__ == "__main__":
    main()
