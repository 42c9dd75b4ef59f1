"""The hardware-in-the-loop test: takes go through a module, and what comes back is compared with what should have."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.console import Update
from gritspace.host_tools.errors import RigError
from gritspace.host_tools.hil import expected, live_path
from gritspace.host_tools.hil.takes import BLOCK_FRAMES, Take
from gritspace.host_tools.link.client import Module, ModuleInfo
from gritspace.host_tools.models.model_files import model_sha256
from gritspace.host_tools.module import memory
from gritspace.quantize.model import reference
from gritspace.quantize.model.model import IntegerModel

LOAD_SECONDS = 0.3
"""The module's figures are over its last 256 blocks, of a millisecond each."""

Player = Callable[[NDArray[np.int16], NDArray[np.int16] | None, Sequence[reference.Move]], NDArray[np.float32]]
"""The float model: (audio int16, position Q15, moves) -> wet float32, full scale ±1."""


@dataclass(frozen=True)
class Outcome:
    """What became of a take. module, expected int16 (frames,); in_float float32 (frames,) or None; work: a block."""

    take: Take
    module: NDArray[np.int16]
    expected: NDArray[np.int16]
    in_float: NDArray[np.float32] | None
    work: NDArray[np.int64]
    seconds: float

    @property
    def live(self) -> bool:
        """It went through the whole path, not through the engine alone."""
        return self.take.knobs is not None

    @property
    def differing(self) -> int:
        """Samples in which the module is not the integer model, to the bit."""
        return int(np.count_nonzero(self.module != self.expected))


@dataclass(frozen=True)
class Measurement:
    """All takes of one test. work_unit: "cycles" on a real module, "instructions" on an emulated one."""

    model: IntegerModel
    info: ModuleInfo
    outcomes: tuple[Outcome, ...]
    work_unit: str
    link: dict[str, int]
    seconds: dict[str, float] = field(default_factory=dict)
    load: dict[str, float | None] = field(default_factory=dict)
    """p50, p99, max of the module's own blocks, from converter to converter, as shares of the time there is."""
    xruns: int = 0

    @property
    def differing_samples(self) -> int:
        """Over all takes; 0 is the only good number."""
        return sum(outcome.differing for outcome in self.outcomes)

    @property
    def frames(self) -> int:
        """Over all takes."""
        return sum(len(outcome.take.audio) for outcome in self.outcomes)

    def real(self, samples: NDArray[np.int16], live: bool = False) -> NDArray[np.float64]:
        """The module's samples in the model's own level, full scale ±1; live: at the converter's, ±1 too."""
        return np.asarray(samples / 32768.0 * (1.0 if live else 2.0**self.model.output_shift))

    @property
    def esr(self) -> dict[str, float | None]:
        """The module against the integer model, the float model and the devices, each pooled over all takes."""
        outcomes = self.outcomes
        return {
            "integer": pooled([(self.real(o.expected, o.live), self.real(o.module, o.live)) for o in outcomes]),
            "float": pooled(
                [(o.in_float.astype(np.float64), self.real(o.module)) for o in outcomes if o.in_float is not None]
            ),
            "target": pooled(
                [(o.take.target.astype(np.float64), self.real(o.module)) for o in outcomes if o.take.target is not None]
            ),
        }

    @property
    def esr_integer_vs_float(self) -> float | None:
        """Pooled over all takes; None without a float model."""
        return pooled(
            [(o.in_float.astype(np.float64), self.real(o.expected)) for o in self.outcomes if o.in_float is not None]
        )

    @property
    def esr_vs_device(self) -> dict[str, float]:
        """By device, pooled over its takes."""
        by_device: dict[str, list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
        for outcome in self.outcomes:
            if outcome.take.device is not None and outcome.take.target is not None:
                pair = (outcome.take.target.astype(np.float64), self.real(outcome.module))
                by_device.setdefault(outcome.take.device, []).append(pair)
        found = {device: pooled(pairs) for device, pairs in by_device.items()}
        return {device: value for device, value in found.items() if value is not None}

    @property
    def work_per_frame(self) -> dict[str, float]:
        """mean, p99 and max over blocks, a frame, in work_unit."""
        work = np.concatenate([outcome.work for outcome in self.outcomes]) / BLOCK_FRAMES
        return {
            "mean": round(float(work.mean()), 1),
            "p99": round(float(np.percentile(work, 99)), 1),
            "max": round(float(work.max()), 1),
        }


def pooled(pairs: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> float | None:
    """ESR of (target, estimate) pairs taken together; None where there is nothing to measure against."""
    signal = sum(float(np.sum(target**2)) for target, _ in pairs)
    error = sum(float(np.sum((target - estimate) ** 2)) for target, estimate in pairs)
    return error / signal if signal > 0 else None


def measure(
    port: str, model: IntegerModel, takes: Sequence[Take], in_float: Player | None, update: Update
) -> Measurement:
    """Streams every take through the module on `port` and compares.

    Raises RigError when the module runs another model, LinkError when the link fails.
    """
    total = sum(len(take.audio) for take in takes)
    outcomes, done, streaming = [], 0, 0.0
    with Module(port) as module:
        info = module.info()
        refuse_another_model(info, model)
        xruns, now = module.status().xruns, module.health()
        played = (now.bend, now.gate)
        link = {"retries": 0, "crc_errors": 0, "frame_errors": 0}
        for take in takes:
            started = time.perf_counter()

            def heard(frames: int, of: int, before: int = done, name: str = take.name) -> None:
                update(before + frames, total, f"{name}: {frames / 48000:.1f} of {of / 48000:.1f} s")

            if (take.bend, take.gate) != played:
                _choose(module, model, take.bend, take.gate, bent=played[0] != "none")
                played = (take.bend, take.gate)
            result = module.stream(take.audio, take.positions, heard, take.knobs)
            link["retries"] += result.retries
            link["crc_errors"] += result.crc_errors
            link["frame_errors"] += result.frame_errors
            streaming += time.perf_counter() - started
            position, moves = expected.moves_of(take.positions)
            start = None if model.film is None else position
            outcomes.append(
                Outcome(
                    take=take,
                    module=result.samples,
                    expected=expected.play(model, take.audio, take.positions, take.bend, take.gate)
                    if take.knobs is None
                    else live_path.live(
                        model, take.audio, take.positions, take.knobs, module.health().delay, take.bend, take.gate
                    ),
                    in_float=None
                    if in_float is None or take.knobs is not None or take.bend != "none" or take.gate
                    else in_float(take.audio, start, moves),
                    work=np.asarray(result.cycles, np.int64),
                    seconds=time.perf_counter() - started,
                )
            )
            done += len(take.audio)
        update(done, total, f"{total / 48000:.0f} s of audio in {streaming:.0f} s")
        load = load_of(module, info)
        if played != ("none", 0):
            memory.select_bend(module, "none")
        xruns = module.status().xruns - xruns
    seconds = {"streaming": round(streaming, 2)}
    return Measurement(model, info, tuple(outcomes), info.work_unit, link, seconds, load, xruns)


def _choose(module: Module, model: IntegerModel, bend: str, gate: int, bent: bool) -> None:
    """A bend and a gate. A bend lies where the module stands: so that is the model's own place first."""
    if bend != "none":
        if bent:
            memory.select_bend(module, "none", gate)
        rest = np.zeros(module.info().position_count, np.int16)
        rest[: len(model.rest_position)] = model.rest_position
        module.set_position(rest)
        arrived = module.status().blocks + expected.GLIDE_BLOCKS + 2
        while module.status().blocks < arrived:
            time.sleep(0.01)
    memory.select_bend(module, bend, gate)


def load_of(module: Module, info: ModuleInfo) -> dict[str, float | None]:
    """What the module's own blocks cost, as shares of the time there is, once enough of them have been played.

    max is since power-up. None where the board cannot count.
    """
    time.sleep(LOAD_SECONDS)
    status = module.status()
    budget = info.work_per_second * info.block_frames / info.sample_rate if info.sample_rate else 0.0
    if not budget:
        return {"p50": None, "p99": None, "max": None}
    figures = {"p50": status.work_p50, "p99": status.work_p99, "max": status.work_max}
    return {name: round(work / budget, 4) for name, work in figures.items()}


def refuse_another_model(info: ModuleInfo, model: IntegerModel) -> None:
    """Raises RigError unless the module runs just this model."""
    ours = model_sha256(model)
    if info.model_sha256 != ours:
        raise RigError(
            f"the module runs {info.model_name!r} ({info.model_sha256[:12]}), not {model.name!r} ({ours[:12]}); "
            "name the model it runs with --model, or start a module with this one: gritspace simulate MODEL"
        )


def as_report(measurement: Measurement) -> dict[str, Any]:
    """The measurement as plain values, for report.json."""
    esr = measurement.esr_integer_vs_float
    work = measurement.work_per_frame
    return {
        "good": measurement.differing_samples == 0,
        "differing_samples": measurement.differing_samples,
        "esr": measurement.esr,
        "esr_integer_vs_float": esr,
        "esr_vs_device": measurement.esr_vs_device,
        "load": measurement.load,
        "xruns": measurement.xruns,
        "cycles_per_frame": work["mean"],
        "cycles_per_frame_p99": work["p99"],
        "cycles_per_frame_max": work["max"],
        "cycles_unit": measurement.work_unit,
        "frames": measurement.frames,
        "macs_per_frame": measurement.model.macs_per_frame,
        "model_name": measurement.model.name,
        "model_sha256": model_sha256(measurement.model),
        "firmware_version": measurement.info.firmware_version,
        "link": measurement.link,
        "takes": [
            {
                "name": outcome.take.name,
                "device": outcome.take.device,
                "seconds_of_audio": round(outcome.take.seconds, 3),
                "differing_samples": outcome.differing,
                "path": "whole" if outcome.live else "engine",
                "esr_integer_vs_float": None
                if outcome.in_float is None
                else pooled([(outcome.in_float.astype(np.float64), measurement.real(outcome.expected))]),
                "esr_vs_device": None
                if outcome.take.target is None
                else pooled([(outcome.take.target.astype(np.float64), measurement.real(outcome.module))]),
            }
            for outcome in measurement.outcomes
        ],
        "seconds": dict(measurement.seconds),
    }
