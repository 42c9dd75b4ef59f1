"""A training as a user asks for it: which devices, which audio, which settings, and what came of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.console import Stages, Update
from gritspace.host_tools.outputs import refuse_unwritable
from gritspace.train.audio import signals, tones
from gritspace.train.audio.augment import played_otherwise
from gritspace.train.devices.finding import find_devices
from gritspace.train.errors import InputError
from gritspace.train.space.config import Presets, TrainConfig, read_config
from gritspace.train.space.data.pairs import settings_of
from gritspace.train.space.data.renders import RenderCache, default_folder
from gritspace.train.space.data.splits import parted
from gritspace.train.space.space import load_space
from gritspace.train.space.train import TrainingReport, train_space

if TYPE_CHECKING:
    from gritspace.train.devices.device import Device

LONGEST_SECONDS = 900.0
"""More dry audio than this is not made for one training; settings share it then."""
SYNTHETIC_SHARE = 0.15
"""Of the dry audio, where a user gives some: sweeps, drums and synths that the user's audio may lack."""


@dataclass(frozen=True)
class TrainRequest:
    """The options of `gritspace train`."""

    out: Path
    quick: bool = False
    captures: tuple[Path, ...] = ()
    audio: tuple[Path, ...] = ()
    devices: tuple[str, ...] = ()
    config: Path | None = None
    seconds: float | None = None
    seed: int | None = None
    steps: int | None = None
    log_dir: Path | None = None
    resume: bool = True
    hold_out: bool = False
    cache_gigabytes: float = 8.0
    start_from: Path | None = None


def train_as_requested(request: TrainRequest, stages: Stages) -> dict[str, Any]:
    """Trains, writes the space to `request.out`, returns what came of it. Raises InputError for unusable input."""
    refuse_unwritable(request.out)
    stages.quiet = stages.quiet or os.environ.get("RANK", "0") != "0"  # under torchrun only the first process talks
    config = config_for(request)
    with stages.stage("audio", "read captures and audio"):
        devices = chosen_devices(request.devices, request.captures)
        if request.hold_out:
            devices, _ = parted(devices)
        settings = sum(len(settings_of(device, config.settings_between)) for device in devices)
        dry, validation = dry_audio(request.audio, settings, config)
    with stages.stage("train", f"train on {len(devices)} devices at {settings} settings") as update:
        report = train_with_progress(devices, dry, validation, config, request, update)
    return as_values(report, config, request.out, stages.seconds)


def config_for(request: TrainRequest) -> TrainConfig:
    """The preset, the file's values over it, the options' over those."""
    config = Presets().quick if request.quick else TrainConfig()
    if request.config is not None:
        config = read_config(request.config, config)
    if request.seconds is not None:
        config = replace(config, seconds=request.seconds)
    if request.steps is not None:
        config = replace(config, steps=request.steps)
    if request.seed is not None:
        config = replace(config, seed=request.seed)
    return with_idle_threads(config)


def with_idle_threads(config: TrainConfig) -> TrainConfig:
    """As many threads as processors are idle now, unless a number was asked for: more wait for each other."""
    if config.threads or "OMP_NUM_THREADS" in os.environ:
        return config
    idle = round((os.cpu_count() or 1) - os.getloadavg()[0])
    return replace(config, threads=max(1, idle))


def chosen_devices(names: Sequence[str], captures: Sequence[Path]) -> list[Device]:
    """Those named; else the captures given; else the built-in circuits. Raises InputError for an unknown name."""
    found = find_devices(captures)
    if not names:
        return [device for device in found if device.kind == ("capture" if captures else "circuit")]
    by_name = {device.name: device for device in found}
    for name in names:
        if name not in by_name:
            raise InputError(f"--device {name}: no device has this name; there are {', '.join(by_name)}.")
    return [by_name[name] for name in dict.fromkeys(names)]


def dry_audio(
    paths: Sequence[Path], settings: int, config: TrainConfig
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(frames,) to train on, enough for every setting to have its own; (frames,) to measure on, from other files."""
    seconds = float(np.clip(settings * config.seconds_per_setting, config.seconds_per_setting, LONGEST_SECONDS))
    checks = float(np.clip(settings * config.validation_seconds, config.validation_seconds, LONGEST_SECONDS / 6))
    bright = tones.bright(seconds * config.bright_share, config.seed)
    seconds *= 1 - config.bright_share
    if not paths:
        dry = signals.synthetic(seconds, config.seed)
        return np.concatenate([dry, bright]), signals.synthetic(checks, config.seed + 1_000_000)
    train = [note for path in paths for note in signals.read_folder(path, "train")]
    held_out = [note for path in paths for note in signals.read_folder(path, "validation")]
    phrases = signals.phrases_from(train, seconds * (1 - SYNTHETIC_SHARE), config.seed)
    phrases = played_otherwise(phrases, config.seed)
    synthetic = signals.synthetic(seconds * SYNTHETIC_SHARE + 0.1, config.seed)
    return np.concatenate([phrases, synthetic, bright]), signals.phrases_from(held_out, checks, config.seed + 1_000_000)


def train_with_progress(
    devices: Sequence[Device],
    dry: NDArray[np.float32],
    validation: NDArray[np.float32],
    config: TrainConfig,
    request: TrainRequest,
    update: Update,
) -> TrainingReport:
    """train_space, telling `update` how far it is."""
    update(0, 0, "rendering the devices")

    def tell(said: str) -> None:
        update(0, 0, said)
        if not sys.stderr.isatty() and os.environ.get("RANK", "0") == "0":  # no bar shows it there
            sys.stderr.write(said + "\n")

    def told(step: int, steps: int, loss: float, esr: float, seconds_left: float) -> None:
        minutes, seconds = divmod(round(seconds_left), 60)
        update(step, steps, f"step {step}, ESR {esr:.3f}, {minutes}:{seconds:02d} left")

    cache = None
    if request.cache_gigabytes > 0:
        cache = RenderCache(default_folder(), request.cache_gigabytes, tell=tell)
    report = train_space(
        devices,
        dry,
        config,
        request.out,
        request.log_dir,
        request.resume,
        progress=told,
        validation_dry=validation,
        cache=cache,
        start_from=None if request.start_from is None else load_space(request.start_from),
    )
    median = f", median ESR {report.held_out.median_esr:.3f}" if report.held_out.devices else ""
    update(report.steps, report.steps, f"{report.steps} steps{median}")
    return report


def as_values(report: TrainingReport, config: TrainConfig, out: Path, seconds: dict[str, float]) -> dict[str, Any]:
    """The report as plain values, for JSON."""
    held_out = report.held_out
    return {
        "space": str(out),
        "esr_by_device": dict(held_out.devices),
        "median_esr": held_out.median_esr if held_out.devices else None,
        "median_mrsl": held_out.median_mrsl if held_out.devices else None,
        "settings": [asdict(setting) for setting in held_out.settings],
        "steps": report.steps,
        "resumed_at": report.resumed_at,
        "frames_per_second": round(report.frames_per_second),
        "macs_per_frame": report.macs_per_frame,
        "processes": report.processes,
        "seed": config.seed,
        "seconds": {
            **seconds,
            "rendering": round(report.rendering_seconds, 2),
            "training": round(report.training_seconds, 2),
        },
    }
