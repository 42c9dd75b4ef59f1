"""A descent in a given time: steps, looks at held-out audio, and the best weights so far kept, whatever happens."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import torch
from pydantic import ConfigDict, Field
from torch import Tensor

from gritspace.train.errors import InputError
from gritspace.train.network.layer_adam import OPTIMIZERS
from gritspace.train.network.tcn import Tcn
from gritspace.train.records import OpenRecord, Record, read_record
from gritspace.train.torch_file import load_torch, save_torch

State = dict[str, Tensor]
Clock = Callable[[], float]

FORMAT, VERSION = "gritspace fit", 1
WARM_UP_SHARE, CLIP_NORM = 0.05, 1.0
AVERAGE_SHARE, LONGEST_AVERAGE = 0.05, 300
"""Weights that are checked and kept are a running average over so much of the steps so far, and at most so many."""
CHECK_SHARE, CHECK_SECONDS = 0.02, 4.0
PATIENCE_SHARE, PATIENCE_CHECKS = 0.3, 10
LOST_FACTOR, LOST_ESR = 4.0, 0.3
MAX_RECOVERIES = 8


@dataclass(frozen=True)
class FitConfig:
    """shape: of SHAPES. steps: instead of minutes, where it is not 0. target_esr: good enough to stop.

    optimizer: of OPTIMIZERS; plain is there to be measured against.
    """

    shape: str = "a2-full"
    minutes: float = 10.0
    steps: int = 0
    target_esr: float = 0.0
    learning_rate: float = 8e-3
    batch: int = 8
    segment_frames: int = 8192
    stft_weight: float = 2e-4
    seed: int = 0
    optimizer: str = "layer"


@dataclass(frozen=True)
class Check:
    """A look at the held-out audio: after so many seconds and steps, its ESR with the averaged weights."""

    seconds: float
    step: int
    esr: float


@dataclass
class FitResult:
    """tcn plays raw audio. esr: of the kept weights on the held-out audio. remarks: what went otherwise than well."""

    tcn: Tcn
    esr: float
    checks: list[Check]
    steps: int
    seconds: float
    resumed_at: int
    remarks: list[str]


Progress = Callable[[int, float, float, float], None]
"""Called with (step, share done, best ESR so far on held-out audio, seconds left)."""


@dataclass
class _Place:
    """Where a fit is: everything that its checkpoint holds beside weights."""

    step: int = 0
    seconds: float = 0.0
    slower: float = 1.0  # what the learning rate is multiplied by after recoveries
    recoveries: int = 0
    best_esr: float = math.inf
    best_share: float = 0.0
    best_step: int = 0
    checks: list[Check] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


Time = Annotated[float, Field(ge=0)]


class CheckRecord(Record):
    """Check."""

    seconds: Time
    step: Annotated[int, Field(ge=0)]
    esr: Annotated[float, Field(ge=0)]


class PlaceRecord(Record):
    """_Place. The best error of a fit that was not measured yet is infinite."""

    step: Annotated[int, Field(ge=0)]
    seconds: Time
    slower: Annotated[float, Field(ge=0, le=1)]
    recoveries: Annotated[int, Field(ge=0)]
    best_esr: Annotated[float, Field(ge=0, allow_inf_nan=True)]
    best_share: float
    best_step: Annotated[int, Field(ge=0)] = 0
    checks: list[CheckRecord]
    remarks: list[str]


class CheckpointRecord(OpenRecord):
    """A checkpoint's file, behind its format and fingerprint."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    place: PlaceRecord
    weights: dict[str, Tensor]
    average: dict[str, Tensor]
    best: dict[str, Tensor]


class Descent:
    """One fit: what every one does, whatever it is fitted to. A subclass says what a step makes small, `batch_loss`,
    and what is measured, `held_out`.

    tcn: to be changed. checkpoint: where the state is kept while it runs, or None. print: of what it is fitted to; a
    checkpoint with another one is refused. clock: what minutes are counted by, in seconds; `time.process_time` gives a
    fit on a busy machine as many steps as on a free one. Raises InputError for a checkpoint that is damaged or another
    fit's.
    """

    def __init__(
        self, tcn: Tcn, config: FitConfig, checkpoint: Path | None, print: str, clock: Clock = time.monotonic
    ) -> None:
        self.clock = clock
        self.tcn, self.config, self.checkpoint, self.print = tcn, config, checkpoint, print
        self.parameters = list(tcn.parameters())
        self.optimizer = OPTIMIZERS[config.optimizer](tcn)
        self.average = self._weights()
        self.best = self._weights()
        self.place = _Place()
        self._keep_good()
        self.resumed_at = 0
        if checkpoint is not None and checkpoint.exists():
            self._load(checkpoint)
            self.resumed_at = self.place.step

    def batch_loss(self) -> Tensor:
        """Of the batch of step `place.step`: (), to go down along."""
        raise NotImplementedError

    def held_out(self) -> float:
        """The error of the network as it is, on what it does not learn from."""
        raise NotImplementedError

    def finished_tcn(self, best: State) -> Tcn:
        """The best weights as a network for audio as it comes."""
        raise NotImplementedError

    def move(self, rate: float) -> None:
        """One step of everything that learns, along finite gradients."""
        self.optimizer.step(rate)

    def forget(self) -> None:
        """What was learnt of gradients."""
        self.optimizer.reset()

    def run(self, progress: Progress | None = None) -> FitResult:
        """Until the time is up, the target is met, or nothing gets better any more."""
        before = self.place.seconds
        started = self.clock()
        last_check = self.place.seconds
        try:
            while self.share < 1 and not self._finished():
                sound = self.step()
                self.place.seconds = before + self.clock() - started
                span = max(CHECK_SECONDS, CHECK_SHARE * 60 * self.config.minutes)
                due = self.config.steps and self.place.step % max(1, self.config.steps // 50) == 0
                if not sound:
                    self._recover()
                elif due or (not self.config.steps and self.place.seconds - last_check > span) or self.share >= 1:
                    last_check = self.place.seconds
                    self._check()
                    if progress is not None:
                        progress(self.place.step, min(self.share, 1.0), self.place.best_esr, self.seconds_left)
                if self.place.recoveries > MAX_RECOVERIES:
                    self.place.remarks.append("it kept diverging; the best weights so far were kept.")
                    break
        except (
            BaseException
        ):  # Ctrl-C, a full disk: what was learnt since the last check is worth keeping, if it can be
            if self.checkpoint is not None:
                self._save(self.checkpoint)
            raise
        if not math.isfinite(self.place.best_esr):
            raise InputError("the fit never became anything but noise; check that the recording is what it should be.")
        return self._result()

    @property
    def share(self) -> float:
        """How much of the budget is used, from 0 to 1."""
        if self.config.steps:
            return self.place.step / self.config.steps
        return self.place.seconds / (60 * self.config.minutes)

    @property
    def seconds_left(self) -> float:
        """Of the budget, at the pace so far."""
        if self.config.steps:
            return self.place.seconds / max(self.place.step, 1) * (self.config.steps - self.place.step)
        return max(0.0, 60 * self.config.minutes - self.place.seconds)

    def step(self) -> bool:
        """One step; False if the loss or a gradient is no number, and nothing was changed."""
        loss = self.batch_loss()
        self.tcn.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_([p for p in self.parameters if p.grad is not None], CLIP_NORM)
        self.place.step += 1
        if not (math.isfinite(float(loss.detach())) and math.isfinite(float(norm))):
            return False
        share = min(self.share, 1.0)
        warm = min(1.0, (share + 1e-3) / WARM_UP_SHARE)
        rate = self.config.learning_rate * self.place.slower * warm
        self.move(rate * (0.002 + 0.998 * 0.5 * (1 + math.cos(math.pi * share))))
        horizon = min(LONGEST_AVERAGE, 1 + AVERAGE_SHARE * self.place.step)
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.values()), self._live(), 1 / horizon)
        return True

    def _check(self) -> None:
        """Measures the averaged weights; keeps them if they are the best; keeps a sound state to go back to."""
        esr = self.held_out_esr(self.average)
        place = self.place
        if not esr <= max(LOST_ESR, LOST_FACTOR * place.best_esr):  # NaN too
            self._recover()
            return
        place.checks.append(Check(round(place.seconds, 2), place.step, esr))
        if esr < place.best_esr:
            place.best_esr, place.best_share, place.best_step = esr, self.share, place.step
            self.best = {name: value.clone() for name, value in self.average.items()}
        self._keep_good()
        if self.checkpoint is not None:
            self._save(self.checkpoint)

    def held_out_esr(self, weights: State) -> float:
        """`held_out` with these weights; the live ones are as before afterwards."""
        live = self._weights()
        try:
            self._use(weights)
            with torch.no_grad():
                return self.held_out()
        finally:
            self._use(live)

    def _finished(self) -> bool:
        place = self.place
        if 0 < place.best_esr <= self.config.target_esr:
            place.remarks.append(f"stopped at {place.best_esr:.2g}, which is good enough.")
            return True
        since = sum(
            check.step > place.best_step for check in place.checks
        )  # not by the clock: the same seed, the same end
        if since >= PATIENCE_CHECKS and self.share - place.best_share > PATIENCE_SHARE:
            place.remarks.append(f"stopped at {self.share:.0%} of the time: nothing got better any more.")
            return True
        return False

    def _recover(self) -> None:
        """Back to the last good state, with half the step."""
        place = self.place
        place.recoveries += 1
        place.slower /= 2
        place.remarks.append(
            f"diverged at step {place.step}; gone back to the last good state, with {place.slower:g} of the step size."
        )
        self._use(self.good)
        self.average = {name: value.clone() for name, value in self.good.items()}
        self.forget()

    def _keep_good(self) -> None:
        self.good = self._weights()

    def _live(self) -> list[Tensor]:
        return [p.detach() for p in self.parameters]

    def _weights(self) -> State:
        return {name: p.detach().clone() for name, p in self.tcn.named_parameters()}

    def _use(self, weights: State) -> None:
        with torch.no_grad():
            for name, p in self.tcn.named_parameters():
                p.copy_(weights[name])

    def _result(self) -> FitResult:
        place = self.place
        return FitResult(
            self.finished_tcn(self.best),
            place.best_esr,
            place.checks,
            place.step,
            place.seconds,
            self.resumed_at,
            place.remarks,
        )

    def _save(self, path: Path) -> None:
        contents = {
            "format": FORMAT,
            "version": VERSION,
            "fingerprint": self.print,
            "place": asdict(self.place),
            "weights": self._weights(),
            "average": self.average,
            "best": self.best,
        }
        save_torch(contents, path)

    def _load(self, path: Path) -> None:
        contents = load_torch(path, "checkpoint")
        if contents.get("format") != FORMAT or contents.get("version") != VERSION:
            raise InputError(f"{path}: this is no checkpoint of this version; remove it to fit anew.")
        if contents.get("fingerprint") != self.print:
            raise InputError(
                f"{path}: it belongs to a fit to other audio or with other options; remove it, or give another output."
            )
        record = read_record(CheckpointRecord, contents, f"{path}: it is damaged", "remove it to fit anew")
        try:
            self._use(record.weights)
            shapes = [{k: v.shape for k, v in part.items()} for part in (record.weights, record.average, record.best)]
            if shapes != [shapes[0]] * 3:
                raise ValueError("its weights are not one network's")
        except (KeyError, RuntimeError, ValueError) as error:
            raise InputError(f"{path}: it is damaged ({str(error).splitlines()[0]}); remove it to fit anew.") from error
        place = record.place.model_dump() | {"checks": [Check(**one.model_dump()) for one in record.place.checks]}
        self.place = _Place(**place)
        self.average, self.best = dict(record.average), dict(record.best)
        self._keep_good()
