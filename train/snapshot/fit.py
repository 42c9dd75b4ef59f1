"""Fitting a snapshot to a recording, in a given time: the best weights so far are kept, whatever happens."""

from __future__ import annotations

import copy
import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from torch import Tensor

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.segments import Segments
from gritspace.train.errors import InputError
from gritspace.train.network.layer_adam import OPTIMIZERS
from gritspace.train.network.tcn import Tcn
from gritspace.train.records import OpenRecord, Record, read_record
from gritspace.train.snapshot.loss import SnapshotLoss
from gritspace.train.snapshot.snapshot import SHAPES, fresh, rescale
from gritspace.train.torch_file import load_torch, save_torch

Audio = NDArray[np.float32]
State = dict[str, Tensor]

FORMAT, VERSION = "gritspace fit", 1
DRY_RMS, WET_RMS = 0.5, 1.0
"""How loud audio is made for the network while it is fitted; weights are scaled back afterwards."""
WARM_UP_SHARE, CLIP_NORM = 0.05, 1.0
AVERAGE_SHARE, LONGEST_AVERAGE = 0.05, 300
"""Weights that are checked and kept are a running average over so much of the steps so far, and at most so many."""
CHECK_SHARE, CHECK_SECONDS = 0.02, 4.0
PATIENCE_SHARE, PATIENCE_CHECKS = 0.3, 10
LOST_FACTOR, LOST_ESR = 4.0, 0.3
MAX_RECOVERIES = 8
PIECE_FRAMES = 1 << 15


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


class SnapshotFit:
    """One fit. dry, wet: (frames,) to learn from; held_dry, held_wet: (frames,) to measure on.

    joints: frames of dry at which something was cut out. held_clips: which parts of held_dry count, (start, stop) each,
    or none for all of it. start: a network to go on from, instead of a fresh one of the config's shape.

    checkpoint: where the state is kept while it runs, or None. Raises InputError for audio that is silent, not finite
    or too short, and for a checkpoint that is damaged or another fit's.
    """

    def __init__(
        self,
        dry: Audio,
        wet: Audio,
        held_dry: Audio,
        held_wet: Audio,
        config: FitConfig,
        checkpoint: Path | None = None,
        joints: Sequence[int] = (),
        held_clips: Sequence[tuple[int, int]] = (),
        start: Tcn | None = None,
    ) -> None:
        self.config, self.checkpoint = config, checkpoint
        torch.manual_seed(config.seed)
        self.tcn = fresh(SHAPES[config.shape]) if start is None else copy.deepcopy(start).train()
        self.lead_in = self.tcn.config.receptive_field - 1
        _refuse_unusable(dry, wet, held_dry, held_wet, self.lead_in + config.segment_frames)
        self.of_dry, self.of_wet = DRY_RMS / _rms(dry), WET_RMS / _rms(wet)
        if start is not None:
            rescale(self.tcn, 1 / self.of_dry, 1 / self.of_wet)
        scaled = [torch.from_numpy(x * np.float32(self.of_dry)) for x in (dry, held_dry)]
        aims = [torch.from_numpy(x * np.float32(self.of_wet)) for x in (wet, held_wet)]
        self.segments = Segments(scaled[0], aims[0], self.lead_in, config.segment_frames, config.seed, joints)
        self.held_dry, self.held_wet = scaled[1], aims[1]
        self.held_clips = [(max(start, self.lead_in), stop) for start, stop in held_clips or [(0, len(held_dry))]]
        self.loss = SnapshotLoss(WET_RMS**2, config.stft_weight)
        self.parameters = list(self.tcn.parameters())
        self.optimizer = OPTIMIZERS[config.optimizer](self.tcn)
        self.average = self._weights()
        self.best = self._weights()
        self.place = _Place()
        self.print = _fingerprint(config, dry, wet)
        self._keep_good()
        self.resumed_at = 0
        if checkpoint is not None and checkpoint.exists():
            self._load(checkpoint)
            self.resumed_at = self.place.step

    def run(self, progress: Progress | None = None) -> FitResult:
        """Until the time is up, the target is met, or nothing gets better any more."""
        before = self.place.seconds
        started = time.monotonic()
        last_check = self.place.seconds
        try:
            while self.share < 1 and not self._finished():
                sound = self.step()
                self.place.seconds = before + time.monotonic() - started
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
        dry, wet = self.segments.draw(self.place.step, self.config.batch)
        loss, _ = self.loss(wet, self.tcn(dry), self.place.step)
        self.tcn.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_([p for p in self.parameters if p.grad is not None], CLIP_NORM)
        self.place.step += 1
        if not (math.isfinite(float(loss.detach())) and math.isfinite(float(norm))):
            return False
        share = min(self.share, 1.0)
        warm = min(1.0, (share + 1e-3) / WARM_UP_SHARE)
        rate = self.config.learning_rate * self.place.slower * warm
        self.optimizer.step(rate * (0.002 + 0.998 * 0.5 * (1 + math.cos(math.pi * share))))
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
        """Pooled over the held-out clips, but for the first receptive field, whose past is not known."""
        live = self._weights()
        try:
            self._use(weights)
            with torch.no_grad():
                pieces = -(-len(self.held_dry) // PIECE_FRAMES)
                padded = torch.nn.functional.pad(
                    self.held_dry, (self.lead_in, pieces * PIECE_FRAMES - len(self.held_dry))
                )
                wet = self.tcn(padded.unfold(0, self.lead_in + PIECE_FRAMES, PIECE_FRAMES).contiguous())
            heard = wet.reshape(-1)
            error = sum(float((heard[a:b] - self.held_wet[a:b]).double().square().sum()) for a, b in self.held_clips)
            return error / max(
                sum(float(self.held_wet[a:b].double().square().sum()) for a, b in self.held_clips), 1e-30
            )
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
        self.optimizer.reset()

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
        tcn = Tcn(self.tcn.config)
        tcn.load_state_dict(self.best)
        rescale(tcn, self.of_dry, self.of_wet)
        place = self.place
        return FitResult(
            tcn.eval(), place.best_esr, place.checks, place.step, place.seconds, self.resumed_at, place.remarks
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


def _rms(audio: Audio) -> float:
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


def _refuse_unusable(dry: Audio, wet: Audio, held_dry: Audio, held_wet: Audio, shortest: int) -> None:
    for what, audio in (("dry", dry), ("wet", wet), ("held-out dry", held_dry), ("held-out wet", held_wet)):
        if not np.isfinite(audio).all():
            raise InputError(f"the {what} audio has numbers that are not finite; record or render it again.")
        if _rms(audio) < 1e-5:
            raise InputError(f"the {what} audio is silent; record it again, or give louder audio.")
    if min(len(held_dry), len(dry)) < shortest:
        raise InputError(
            f"{min(len(held_dry), len(dry)) / SAMPLE_RATE:.2f} s of audio are too little; "
            f"this shape needs {shortest / SAMPLE_RATE:.2f} s to learn from, and as much to measure on."
        )


def _fingerprint(config: FitConfig, dry: Audio, wet: Audio) -> str:
    digest = hashlib.sha256(json.dumps(asdict(config), sort_keys=True).encode())
    for audio in (dry, wet):
        digest.update(np.ascontiguousarray(audio).tobytes())
    return digest.hexdigest()
