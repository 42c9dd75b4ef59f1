"""Fitting a snapshot to a recording, in a given time."""

from __future__ import annotations

import copy
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.segments import Segments
from gritspace.train.errors import InputError
from gritspace.train.network.tcn import Tcn
from gritspace.train.snapshot.descent import Check as Check
from gritspace.train.snapshot.descent import Clock, Descent, State
from gritspace.train.snapshot.descent import FitConfig as FitConfig
from gritspace.train.snapshot.descent import FitResult as FitResult
from gritspace.train.snapshot.loss import SnapshotLoss
from gritspace.train.snapshot.snapshot import SHAPES, fresh, rescale

Audio = NDArray[np.float32]

DRY_RMS, WET_RMS = 0.5, 1.0
"""How loud audio is made for the network while it is fitted; weights are scaled back afterwards."""
PIECE_FRAMES = 1 << 15


class SnapshotFit(Descent):
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
        clock: Clock = time.monotonic,
    ) -> None:
        torch.manual_seed(config.seed)
        tcn = fresh(SHAPES[config.shape]) if start is None else copy.deepcopy(start).train()
        self.lead_in = tcn.config.receptive_field - 1
        refuse_unusable(dry, wet, held_dry, held_wet, self.lead_in + config.segment_frames)
        self.of_dry, self.of_wet = DRY_RMS / rms(dry), WET_RMS / rms(wet)
        if start is not None:
            rescale(tcn, 1 / self.of_dry, 1 / self.of_wet)
        scaled = [torch.from_numpy(x * np.float32(self.of_dry)) for x in (dry, held_dry)]
        aims = [torch.from_numpy(x * np.float32(self.of_wet)) for x in (wet, held_wet)]
        self.segments = Segments(scaled[0], aims[0], self.lead_in, config.segment_frames, config.seed, joints)
        self.held_dry, self.held_wet = scaled[1], aims[1]
        self.held_clips = [(max(start, self.lead_in), stop) for start, stop in held_clips or [(0, len(held_dry))]]
        self.loss = SnapshotLoss(WET_RMS**2, config.stft_weight)
        super().__init__(tcn, config, checkpoint, fingerprint(config, dry, wet), clock)

    def batch_loss(self) -> Tensor:
        """Of the step's segments."""
        dry, wet = self.segments.draw(self.place.step, self.config.batch)
        return self.loss(wet, self.tcn(dry), self.place.step)[0]

    def held_out(self) -> float:
        """Pooled over the held-out clips, but for the first receptive field, whose past is not known."""
        pieces = -(-len(self.held_dry) // PIECE_FRAMES)
        padded = torch.nn.functional.pad(self.held_dry, (self.lead_in, pieces * PIECE_FRAMES - len(self.held_dry)))
        heard = self.tcn(padded.unfold(0, self.lead_in + PIECE_FRAMES, PIECE_FRAMES).contiguous()).reshape(-1)
        error = sum(float((heard[a:b] - self.held_wet[a:b]).double().square().sum()) for a, b in self.held_clips)
        return error / max(sum(float(self.held_wet[a:b].double().square().sum()) for a, b in self.held_clips), 1e-30)

    def finished_tcn(self, best: State) -> Tcn:
        """For audio as loud as it came."""
        tcn = Tcn(self.tcn.config)
        tcn.load_state_dict(best)
        rescale(tcn, self.of_dry, self.of_wet)
        return tcn.eval()


def rms(audio: Audio) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


def refuse_unusable(dry: Audio, wet: Audio, held_dry: Audio, held_wet: Audio, shortest: int) -> None:
    """Raises InputError for audio that is silent, not finite, or of fewer than `shortest` frames."""
    for what, audio in (("dry", dry), ("wet", wet), ("held-out dry", held_dry), ("held-out wet", held_wet)):
        if not np.isfinite(audio).all():
            raise InputError(f"the {what} audio has numbers that are not finite; record or render it again.")
        if rms(audio) < 1e-5:
            raise InputError(f"the {what} audio is silent; record it again, or give louder audio.")
    if min(len(held_dry), len(dry)) < shortest:
        raise InputError(
            f"{min(len(held_dry), len(dry)) / SAMPLE_RATE:.2f} s of audio are too little; "
            f"this shape needs {shortest / SAMPLE_RATE:.2f} s to learn from, and as much to measure on."
        )


def fingerprint(config: FitConfig, *audios: Audio) -> str:
    """Of a configuration and what is fitted to."""
    digest = hashlib.sha256(json.dumps(asdict(config), sort_keys=True).encode())
    for audio in audios:
        digest.update(np.ascontiguousarray(audio).tobytes())
    return digest.hexdigest()
