"""A training that was interrupted goes on where it was: its last state, written whole every few seconds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import ConfigDict, Field
from torch import Tensor, nn

from gritspace.train.errors import InputError
from gritspace.train.records import OpenRecord, read_record
from gritspace.train.space.config import TrainConfig
from gritspace.train.space.data.pairs import PairSet
from gritspace.train.torch_file import load_torch, save_torch

FORMAT, VERSION = "gritspace checkpoint", 1
MACHINE_FIELDS = ("threads", "checkpoint_seconds", "log_every")
"""Of the configuration: these may change between the parts of one training."""
LENGTH_FIELDS = ("steps", "decay")
"""These too, where rates stay the same until they fall at the end."""


@dataclass
class Progress:
    """Where a training is. Random numbers are drawn from (seed, step, rank) anew each step, so no generator is kept.

    positions: (settings, position_size) once they are settled. training_seconds: the budget, 0 for none. decaying: the
    rates have begun to fall for the length that was asked for.
    """

    step: int = 0
    elapsed_seconds: float = 0.0
    training_seconds: float = 0.0
    positions: Tensor | None = None
    decaying: bool = False


class CheckpointRecord(OpenRecord):
    """A checkpoint's file, behind its format and fingerprint."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    step: Annotated[int, Field(ge=0)]
    elapsed_seconds: Annotated[float, Field(ge=0)]
    training_seconds: Annotated[float, Field(ge=0)]
    positions: Tensor | None
    decaying: bool = False
    model: dict[str, Tensor]
    optimizer: dict[str, Any]


def path_for(out_path: Path) -> Path:
    """Beside the space it will become."""
    return out_path.with_name(out_path.name + ".checkpoint")


def before_decay(path: Path) -> Path:
    """Beside a checkpoint: the state before the rates fell, from which a longer training goes on."""
    return path.with_name(path.name + "-before-decay")


def step_of(path: Path) -> int:
    """How far a checkpoint is; -1 for none. Raises InputError if it is damaged."""
    if not path.exists():
        return -1
    step = load_torch(path, "checkpoint").get("step")
    if type(step) is not int or step < 0:
        raise InputError(f"{path}: it is damaged (step is {step!r:.40}); remove it to train anew.")
    return step


def fingerprint(config: TrainConfig, pairs: PairSet, processes: int) -> str:
    """What must be the same for a training to go on: the configuration, the settings and their audio."""
    free = MACHINE_FIELDS + (LENGTH_FIELDS if config.decay else ())
    numbers = {name: value for name, value in asdict(config).items() if name not in free}
    digest = hashlib.sha256(json.dumps([numbers, pairs.labels, processes], sort_keys=True).encode())
    digest.update(pairs.dry.digest())
    return digest.hexdigest()


def save(path: Path, print_: str, progress: Progress, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Raises InputError if it cannot be written; the checkpoint before it is kept."""
    contents = {
        "format": FORMAT,
        "version": VERSION,
        "fingerprint": print_,
        "step": progress.step,
        "elapsed_seconds": progress.elapsed_seconds,
        "training_seconds": progress.training_seconds,
        "positions": progress.positions,
        "decaying": progress.decaying,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    save_torch(contents, path)


def load(path: Path, print_: str, model: nn.Module, optimizer: torch.optim.Optimizer) -> Progress:
    """Raises InputError if the checkpoint is damaged or belongs to another training."""
    contents: Mapping[str, Any] = load_torch(path, "checkpoint")
    if contents.get("format") != FORMAT or contents.get("version") != VERSION:
        raise InputError(f"{path}: this is no checkpoint of this version; remove it to train anew.")
    if contents.get("fingerprint") != print_:
        raise InputError(
            f"{path}: it belongs to a training with other devices, audio or numbers; remove it, or give another output."
        )
    record = read_record(CheckpointRecord, contents, f"{path}: it is damaged", "remove it to train anew")
    try:
        model.load_state_dict(record.model)
        optimizer.load_state_dict(record.optimizer)
    except (KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: it is damaged ({str(error).splitlines()[0]}); remove it to train anew.") from error
    return Progress(record.step, record.elapsed_seconds, record.training_seconds, record.positions, record.decaying)
