"""Makes a trained space's whole box playable without its devices: the space itself, as it was, says how they sound.

At the positions that the space knows, the decoder goes on sounding as it did, but for a level that makes all of them
equally loud. Everywhere else in the box it is taught what has to hold there (`box_sense`): silence, level, and what
each dimension is named for.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gritspace.train.errors import InputError
from gritspace.train.network.layer_adam import LayerAdam
from gritspace.train.network.losses import AudioLoss
from gritspace.train.network.noise_source import RoundingNoiseSource
from gritspace.train.network.silence import of_silence
from gritspace.train.space import checkpoint, loudness
from gritspace.train.space.checkpoint import Progress
from gritspace.train.space.senses.box_sense import BoxSense, motion_loss, silence_loss
from gritspace.train.space.space import Space

Audio = NDArray[np.float32]
Tell = Callable[[int, int, dict[str, float]], None]

LISTEN_EVERY = 25
CHECKPOINT_SECONDS = 60.0
AROUND = 0.02
"""How far from a known position the old sound is held to, rms a dimension: what lies between two settings as well."""
QUIET_SHARE = 1 / 8
"""Of the segments: what is heard there is 30 dB down, so that silence and what is almost silent fit together."""


@dataclass(frozen=True)
class EvenConfig:
    """How to even a space out. Rates are of AdamW for the FiLM network, of LayerAdam for the layers."""

    seed: int = 0
    steps: int = 800
    batch: int = 10
    segment_frames: int = 4096
    film_rate: float = 1e-3
    layer_rate: float = 5e-4
    stft_weight: float = 0.2
    silence_weight: float = 2.0
    moving_weight: float = 2.0
    turned_weight: float = 0.3
    level_weight: float = 0.4
    alias_weight: float = 0.02
    sense_every: int = 4

    def __post_init__(self) -> None:
        if min(self.steps, self.batch) < 1 or self.sense_every < 3 or self.segment_frames < 2048:
            raise ValueError("steps and batch must be at least 1, sense_every 3, segment_frames 2048")


def silence_only(seed: int, steps: int) -> EvenConfig:
    """Nothing is asked of the box but silence, and that gently: what the space sounds like costs least so."""
    return EvenConfig(
        seed, steps, batch=12, layer_rate=3e-4, stft_weight=0.1, silence_weight=0.4,
        moving_weight=0.0, turned_weight=0.0, level_weight=0.0, alias_weight=0.0,
    )  # fmt: skip


def evened(space: Space, dry: Audio, config: EvenConfig, tell: Tell | None = None, kept: Path | None = None) -> Space:
    """A copy of the space, taught. dry (frames,) at 48 kHz: anything that may be played.

    kept: a checkpoint, from which the same teaching goes on if it was interrupted; removed by whoever wrote the result.
    Raises InputError if the space knows no positions or attributes, or the audio is shorter than a segment.
    """
    teaching = _Teaching(space, dry, config)
    print_ = teaching.fingerprint() if kept is not None else ""
    progress = Progress()
    if kept is not None and kept.exists():
        progress = checkpoint.load(kept, print_, teaching.student, teaching.optimizer)
    saved = time.monotonic()
    while progress.step < config.steps:
        told = teaching.step(progress.step)
        progress.step += 1
        if tell is not None:
            tell(progress.step, config.steps, told)
        if kept is not None and time.monotonic() - saved >= CHECKPOINT_SECONDS:
            checkpoint.save(kept, print_, progress, teaching.student, teaching.optimizer)
            saved = time.monotonic()
    return teaching.taught()


class _Teaching:
    """The old space, the new one, and one step after another."""

    def __init__(self, space: Space, dry: Audio, config: EvenConfig) -> None:
        self.space, self.config, self.dry = space, config, torch.from_numpy(dry)
        self.labels = [name for name in space.positions if name in space.attributes]
        if not self.labels:
            raise InputError("the space knows no positions with attributes; train it first.")
        lead_in = space.config.decoder.receptive_field - 1
        self.frames = lead_in + config.segment_frames
        if len(dry) < self.frames:
            raise InputError(f"the dry audio has {len(dry)} frames, and {self.frames} are needed; give more.")
        self.student = copy.deepcopy(space).train()
        self.known = torch.tensor([space.positions[name] for name in self.labels])
        self.levels = equal_levels(space, self.known)
        self.sense = BoxSense(lead_in, torch.tensor([space.attributes[name] for name in self.labels]))
        self.loss_of = AudioLoss(config.stft_weight)
        self.rounding = RoundingNoiseSource(space.config.decoder, config.seed)
        self.layers = LayerAdam(self.student.decoder)
        assert self.student.decoder.film is not None
        self.optimizer = torch.optim.Adam(
            self.student.decoder.film.parameters(), lr=config.film_rate, betas=(0.9, 0.99)
        )
        torch.set_flush_denormal(True)

    def fingerprint(self) -> str:
        """What must be the same for the teaching to go on: the numbers but how many steps, the space, the audio."""
        numbers = asdict(self.config) | {"steps": 0}
        digest = hashlib.sha256(json.dumps(numbers, sort_keys=True).encode())
        for weights in self.space.state_dict().values():
            digest.update(weights.numpy().tobytes())
        digest.update(self.dry.numpy().tobytes())
        return digest.hexdigest()

    def step(self, step: int) -> dict[str, float]:
        """One step; returns its losses."""
        config, decoder = self.config, self.student.decoder
        rng = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        loss, told = self._held(step, rng)
        silent = silence_loss(self.student, self.known, rng)
        loss = loss + config.silence_weight * silent
        told["silence"] = float(silent.detach())
        turn, phase = divmod(step, config.sense_every)
        if phase == 0 and (config.turned_weight or config.level_weight):
            turned, level = self.sense(self.student, self.known, turn % len(self.space.played), rng)
            loss = loss + config.turned_weight * turned + config.level_weight * level
            told |= {"turned": float(turned.detach()), "level": float(level.detach())}
        elif phase == 1 and config.moving_weight:
            moving = motion_loss(self.student, self.known, rng)
            loss = loss + config.moving_weight * moving
            told["moving"] = float(moving.detach())
        elif phase == 2 and config.alias_weight:
            folded = self.sense.tones(self.student, self.known, rng)
            loss = loss + config.alias_weight * folded
            told["folded"] = float(folded.detach())
        self.optimizer.zero_grad(set_to_none=True)
        decoder.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        share = schedule(step / config.steps)
        self.optimizer.param_groups[0]["lr"] = config.film_rate * share
        self.optimizer.step()
        self.layers.step(config.layer_rate * share)
        return told

    def _held(self, step: int, rng: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """How far the student is from the old space's sound, all of it equally loud, around known positions."""
        config, teacher, decoder = self.config, self.space.decoder, self.student.decoder
        assert teacher.film is not None
        assert decoder.film is not None
        rows = torch.randint(len(self.known), (config.batch,), generator=rng)
        starts = torch.randint(len(self.dry) - self.frames + 1, (config.batch,), generator=rng).tolist()
        heard = torch.stack([self.dry[at : at + self.frames] for at in starts])
        heard[: int(config.batch * QUIET_SHARE)] *= 10**-1.5
        position = self.known[rows]
        position = (position + AROUND * torch.randn(position.shape, generator=rng)).clamp(-1, 1)
        with torch.no_grad():
            target = self.levels[rows, None] * teacher(heard, teacher.film(position))
        modulation = decoder.film(position)
        if step % LISTEN_EVERY == 0 or not self.rounding.has_listened:
            self.rounding.listen(decoder, heard, modulation)
        decoder.rounding = self.rounding.draw(len(heard), self.frames, rng, heard.device)
        power = torch.full((config.batch,), loudness.EQUAL_RMS**2)
        held, ratio = self.loss_of(target, decoder(heard, modulation), power)
        decoder.rounding = None
        return held, {"esr": float(ratio.detach())}

    def taught(self) -> Space:
        """The student, which knows its new levels."""
        found = copy.deepcopy(self.student)
        found.levels = {
            name: float(level) * self.space.levels.get(name, 1.0)
            for name, level in zip(self.labels, self.levels, strict=True)
        }
        return found.eval()


def schedule(share: float) -> float:
    """A short warm-up, then a cosine to nothing."""
    return min(1.0, (share + 1e-3) / 0.05) * 0.5 * (1 + math.cos(math.pi * share))


def equal_levels(space: Space, known: Tensor) -> Tensor:
    """What makes the decoder equally loud at known positions (n, position_size): (n,)."""
    film = space.decoder.film
    assert film is not None
    probe = loudness.probe(space.config.decoder.receptive_field - 1)
    found = []
    with torch.no_grad():
        for some in known.split(16):
            wet = space.decoder(probe.expand(len(some), -1), film(some))
            found.append(loudness.EQUAL_RMS / loudness.weighted_rms(wet))
    return torch.cat(found).clamp(loudness.LEAST_LEVEL, loudness.MAX_LEVEL)


def worst_silence(space: Space, places: Tensor) -> float:
    """The largest output that silence has at places (n, position_size)."""
    film = space.decoder.film
    assert film is not None
    with torch.no_grad():
        return float(of_silence(space.decoder, film(places)).abs().max())


def as_values(config: EvenConfig) -> dict[str, Any]:
    """Plain values for JSON."""
    return {one.name: getattr(config, one.name) for one in fields(config)}
