"""Training a space: the beta-VAE's loop, from devices and dry audio to a file."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from gritspace.train.audio import signals
from gritspace.train.audio.rows import stacked
from gritspace.train.devices.device import Audio, Device
from gritspace.train.errors import InputError
from gritspace.train.processes import Processes
from gritspace.train.space.between import positions_between
from gritspace.train.space.config import TrainConfig
from gritspace.train.space.data.pairs import PairSet, render_pairs, settings_of
from gritspace.train.space.data.renders import RenderCache
from gritspace.train.space.measures.evaluate import HeldOut, compare
from gritspace.train.space.space import Space, save_space
from gritspace.train.space.steps import ProgressCallback, Training, fresh_space

VALIDATION_SHARE = 0.15


@dataclass
class TrainingReport:
    """What a training did. held_out: on the validation audio, at the positions in the space's file."""

    steps: int = 0
    resumed_at: int = 0
    rendering_seconds: float = 0.0
    training_seconds: float = 0.0
    frames_per_second: float = 0.0
    loss: float = math.nan
    processes: int = 1
    macs_per_frame: int = 0
    held_out: HeldOut = field(default_factory=HeldOut)


def train_space(
    devices: Sequence[Device],
    dry: Audio,
    config: TrainConfig,
    out_path: Path | str,
    log_dir: Path | str | None = None,
    resume: bool = True,
    progress: ProgressCallback | None = None,
    validation_dry: Audio | None = None,
    cache: RenderCache | None = None,
    start_from: Space | None = None,
) -> TrainingReport:
    """Trains on dry (frames,) through the devices, writes the space to out_path, and says how well it does.

    validation_dry: audio to measure on; without it the last 15 % of dry are kept for that. log_dir: for TensorBoard.
    resume: go on from the checkpoint beside out_path, if there is one; it is removed at the end.
    cache: where renders are kept, for the next training and for other processes.
    start_from: a trained space of the same shape to begin at, instead of from nothing.
    Raises InputError if the audio is too short, a file cannot be written, the checkpoint belongs to something else, or
    the loss is no longer finite (the last good checkpoint stays).
    """
    if not devices:
        raise InputError(
            "there is no device to train on; name a folder of captures, or leave the built-in circuits in."
        )
    started = time.monotonic()
    processes = Processes()
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(config.seed)
    if validation_dry is None:
        kept = int(len(dry) * (1 - VALIDATION_SHARE))
        dry, validation_dry = dry[:kept], dry[kept:]
    pairs, validation = _rendered(devices, dry, validation_dry, config, processes, cache, start_from)
    rendering_seconds = time.monotonic() - started
    training = Training(fresh_space(config), pairs, config, processes, Path(out_path))
    training.progress.training_seconds = _training_budget(config, rendering_seconds)
    if start_from is not None:
        settings = {device.name: settings_of(device, config.settings_between) for device in devices}
        training.start_from(start_from, positions_between(start_from, devices, settings))
    if resume:
        training.resume()
    report = TrainingReport(resumed_at=training.progress.step, rendering_seconds=rendering_seconds)
    before = training.progress.elapsed_seconds
    report.loss = training.run(_writer(log_dir, processes), progress)
    space, positions = training.space.eval(), training.settled_positions()
    report.steps, report.processes = training.progress.step, processes.count
    report.training_seconds = training.progress.elapsed_seconds
    steps_here = report.steps - report.resumed_at
    frames = steps_here * config.batch_settings * config.batch_segments * config.segment_frames * processes.count
    report.frames_per_second = frames / max(report.training_seconds - before, 1e-9)
    report.macs_per_frame = space.config.decoder.macs_per_frame
    space.positions = dict(zip(pairs.labels, positions.tolist(), strict=True))
    space.gains, space.levels = pairs.gains, pairs.levels
    space.licences = {device.name: device.licence for device in devices}
    space.attributes = dict(zip(pairs.labels, pairs.measured.tolist(), strict=True))
    if processes.first:
        report.held_out = compare(space, validation, positions)
        save_space(space, out_path)
    processes.leave()
    training.checkpoint_path.unlink(missing_ok=True)
    return report


def _rendered(
    devices: Sequence[Device],
    dry: Audio,
    validation_dry: Audio,
    config: TrainConfig,
    processes: Processes,
    cache: RenderCache | None,
    start_from: Space | None,
) -> tuple[PairSet, PairSet]:
    """Each process renders its share of the devices; all get all, from the cache, or without one from each other."""
    dry = signals.shuffled(dry, config.seed)
    settings = {device.name: settings_of(device, config.settings_between) for device in devices}

    def rendered(some: Sequence[Device]) -> tuple[PairSet, PairSet]:
        known = start_from.gains if start_from is not None else None
        loud = config.equally_loud
        pairs = render_pairs(
            some, dry, config.seconds_per_setting, known, settings=settings, cache=cache, equally_loud=loud
        )
        return pairs, render_pairs(
            some,
            validation_dry,
            config.validation_seconds,
            pairs.gains,
            with_attributes=False,
            settings=settings,
            cache=cache,
            equally_loud=loud,
        )

    share = list(devices)[processes.rank :: processes.count]
    mine = rendered(share) if share else None
    if cache is not None and processes.count > 1:
        processes.gathered(None)  # until every share is on the disk
        pairs, checks = rendered(devices)
    else:
        found = [part for part in processes.gathered(mine) if part is not None]
        pairs, checks = joined([part[0] for part in found]), joined([part[1] for part in found])
    spread = pairs.measured.std(0, unbiased=False).clamp(min=1e-6)
    if len(pairs) > 1 and not torch.isfinite(spread).all():
        raise InputError("a device's attributes cannot be measured; leave it out.")
    return pairs, checks


def joined(parts: Sequence[PairSet]) -> PairSet:
    """Several sets as one."""
    return PairSet(
        labels=[x for part in parts for x in part.labels],
        device_of=[x for part in parts for x in part.device_of],
        dry=stacked(part.dry for part in parts),
        wet=stacked(part.wet for part in parts),
        gains={name: gain for part in parts for name, gain in part.gains.items()},
        measured=torch.cat([part.measured for part in parts]),
        levels={name: level for part in parts for name, level in part.levels.items()},
    )


def _training_budget(config: TrainConfig, rendering_seconds: float) -> float:
    """What of the whole budget the steps get; 0 for no budget. At least a third, however slow the rendering was."""
    if config.seconds <= 0:
        return 0.0
    measuring = max(2.0, 0.06 * config.seconds)
    return max(config.seconds - rendering_seconds - measuring, config.seconds / 3)


def _writer(log_dir: Path | str | None, processes: Processes) -> Any:
    if log_dir is None or not processes.first:
        return None
    from torch.utils.tensorboard import SummaryWriter

    try:
        return SummaryWriter(str(log_dir))
    except OSError as error:
        raise InputError(
            f"{log_dir}: no logs can be written there ({error.strerror}); choose another folder."
        ) from error
