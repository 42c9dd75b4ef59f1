"""Every model of a module's bank, tested as the one that plays is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.console import Update
from gritspace.host_tools.hil import measure, plan
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.models.model_files import model_with_sha256
from gritspace.host_tools.module import memory
from gritspace.quantize.model.grit import read_grit
from gritspace.quantize.model.model import IntegerModel

KEPT = (
    "model_name",
    "model_sha256",
    "differing_samples",
    "frames",
    "esr",
    "cycles_per_frame",
    "load",
    "xruns",
    "takes",
)
"""What of another model's report goes into the whole one."""


@dataclass(frozen=True)
class BankModel:
    """A model of the bank and its file. model: as `memory.select` takes it."""

    model: int
    integers: IntegerModel


def find_models(port: str, folders: Iterable[Path]) -> list[BankModel]:
    """The good models of the bank but for the one that plays, each with its file, found by SHA-256.

    Raises InputError, before anything is played, if a model's file is not there: it could not be tested.
    """
    places = tuple(folders)
    with Module(port) as module:
        slots = [slot for slot in memory.get_slots(module) if slot.state == "good" and not slot.playing]
    return [BankModel(slot.slot + 1, read_grit(model_with_sha256(slot.sha256, places))) for slot in slots]


def measure_all(port: str, models: list[BankModel], audio: NDArray[np.float32], update: Update) -> list[dict[str, Any]]:
    """Selects each model, sweeps through it, compares; leaves the module with the model it played before."""
    with Module(port) as module:
        before = memory.get_settings(module).model
    reports = []
    try:
        for model in models:
            with Module(port) as module:
                memory.select(module, model.model)
            takes = plan.plan(model.integers, audio)
            values = measure.as_report(measure.measure(port, model.integers, takes, None, update))
            reports.append({key: values[key] for key in KEPT} | {"slot": model.model})
    finally:
        if models:
            with Module(port) as module:
                memory.select(module, before)
    return reports
