"""Spaces trained for seconds, quantized: how far integers are from float. The table in docs/space.md.

python -m gritspace.host_tools.spaces.young OUT [--steps 60 --steps 200] [--seeds 10]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import calibration_audio
from gritspace.host_tools.models.model_files import model_from_space, read_space, rest_position
from gritspace.host_tools.spaces.demo import CIRCUITS
from gritspace.host_tools.spaces.playing import IntegerPlayer
from gritspace.host_tools.spaces.training import dry_audio
from gritspace.quantize.model.model import IntegerModel
from gritspace.train.audio import signals
from gritspace.train.devices.finding import find_devices
from gritspace.train.network.metrics import pooled_esr
from gritspace.train.space.config import Presets
from gritspace.train.space.data.pairs import grid
from gritspace.train.space.space import Space
from gritspace.train.space.train import train_space

Floats = NDArray[np.float64]

TEST_SEED = 2_000_000
CLIP_SECONDS = 1.0
CLIPS = 60
"""Of different audio; then places share."""
BOX_PLACES = 32


def trained(out: Path, steps: int, seed: int, names: Sequence[str] = CIRCUITS) -> Space:
    """A space as `gritspace demo` trains one, written to out, for so many steps and with less audio."""
    circuits = [device for device in find_devices() if device.name in names]
    preset = Presets().demo
    config = replace(
        preset, seconds=0.0, threads=1, seconds_per_setting=1.0, validation_seconds=0.5, seed=seed, steps=steps
    )
    dry, validation = dry_audio((), sum(len(grid(one)) for one in circuits), replace(config, seed=preset.seed))
    train_space(circuits, dry, config, out, resume=False, validation_dry=validation)
    return read_space(out)


def errors(space: Space, model: IntegerModel) -> tuple[Floats, Floats]:
    """ESR of the integers against float at every position of the space's file, and at places all over the played box,
    each on a second of audio that neither training nor calibration had."""
    box = np.tile(rest_position(space), (BOX_PLACES, 1))
    size = len(space.played)
    box[:, :size] = np.random.default_rng(3).uniform(-1, 1, (BOX_PLACES, size))
    known = np.array([space.positions[label] for label in sorted(space.positions)])
    player = IntegerPlayer(model)
    return _errors(space, player, known), _errors(space, player, box)


def _errors(space: Space, player: IntegerPlayer, places: Floats) -> Floats:
    clips = signals.synthetic(CLIPS * CLIP_SECONDS, TEST_SEED).reshape(CLIPS, -1)
    heard = space.config.decoder.receptive_field
    found = []
    for index, place in enumerate(places):
        clip = clips[index % CLIPS]
        with torch.no_grad():
            exact = space.render(torch.from_numpy(clip)[None], torch.from_numpy(place.astype(np.float32))[None])
        played = torch.from_numpy(player.at_rest(clip, place))[None]
        found.append(pooled_esr([(exact[:, heard:], played[:, heard:])]))
    return np.array(found)


def main() -> None:
    """Trains, quantizes, prints the table."""
    parser = argparse.ArgumentParser(description="Integers against float, in spaces that were trained for seconds.")
    parser.add_argument("out", type=Path, help="where the spaces go; those there are measured as they are")
    parser.add_argument("--steps", type=int, action="append", help="60, 200 and 600 where none are given")
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    audio = calibration_audio(())
    print("| steps | seed | known settings, median | worst | over the box, median | worst |\n|---|---|---|---|---|---|")
    for steps in arguments.steps or (60, 200, 600):
        for seed in range(1, arguments.seeds + 1):
            path = arguments.out / f"{steps}-{seed}.pt"
            space = read_space(path) if path.is_file() else trained(path, steps, seed)
            known, box = errors(space, model_from_space(space, path, audio))
            found = (np.median(known), known.max(), np.median(box), box.max())
            print(f"| {steps} | {seed} | {' | '.join(f'{one:.1e}' for one in found)} |", flush=True)


if __name__ == "__main__":
    main()
