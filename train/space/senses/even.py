"""Makes a trained space's whole box playable without its devices: the space itself, as it was, says how they sound.

At the positions that the space knows, the decoder goes on sounding as it did, but for a level that makes all of them
equally loud. Everywhere else in the box it is taught what has to hold there (`box_sense`): silence, level, and what
each dimension is named for.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
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
from gritspace.train.space import loudness
from gritspace.train.space.senses.box_sense import BoxSense, silence_loss
from gritspace.train.space.space import Space

Audio = NDArray[np.float32]
Tell = Callable[[int, int, dict[str, float]], None]

LISTEN_EVERY = 25
QUIET_SHARE = 1 / 8
"""Of the segments: what is heard there is 30 dB down, so that silence and what is almost silent fit together."""


@dataclass(frozen=True)
class EvenConfig:
    """How to even a space out. Rates are of AdamW for the FiLM network, of LayerAdam for the layers."""

    seed: int = 0
    steps: int = 800
    batch: int = 12
    segment_frames: int = 4096
    film_rate: float = 2e-3
    layer_rate: float = 4e-4
    stft_weight: float = 0.1
    silence_weight: float = 2.0
    turned_weight: float = 0.1
    level_weight: float = 0.3
    alias_weight: float = 0.02
    sense_every: int = 2

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.sense_every) < 1 or self.segment_frames < 2048:
            raise ValueError("steps, batch and sense_every must be at least 1, segment_frames 2048")


def evened(space: Space, dry: Audio, config: EvenConfig, tell: Tell | None = None) -> Space:
    """A copy of the space, taught. dry (frames,) at 48 kHz: anything that may be played.

    Raises InputError if the space knows no positions or attributes, or the audio is shorter than a segment.
    """
    labels = [name for name in space.positions if name in space.attributes]
    if not labels:
        raise InputError("the space knows no positions with attributes; train it first.")
    student = copy.deepcopy(space).train()
    lead_in = space.config.decoder.receptive_field - 1
    frames = lead_in + config.segment_frames
    if len(dry) < frames:
        raise InputError(f"the dry audio has {len(dry)} frames, and {frames} are needed; give more.")
    known = torch.tensor([space.positions[name] for name in labels])
    levels = equal_levels(space, known)
    sense = BoxSense(lead_in, torch.tensor([space.attributes[name] for name in labels]))
    loss_of, rounding = AudioLoss(config.stft_weight), RoundingNoiseSource(space.config.decoder, config.seed)
    layers = LayerAdam(student.decoder)
    film, teacher = student.decoder.film, space.decoder
    assert film is not None
    assert teacher.film is not None
    optimizer = torch.optim.Adam(film.parameters(), lr=config.film_rate, betas=(0.9, 0.99))
    audio = torch.from_numpy(dry)
    torch.set_flush_denormal(True)
    for step in range(config.steps):
        rng = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        rows = torch.randint(len(known), (config.batch,), generator=rng)
        starts = torch.randint(len(dry) - frames + 1, (config.batch,), generator=rng).tolist()
        heard = torch.stack([audio[at : at + frames] for at in starts])
        heard[: int(config.batch * QUIET_SHARE)] *= 10**-1.5
        position = known[rows]
        with torch.no_grad():
            target = levels[rows, None] * teacher(heard, teacher.film(position))
        modulation = film(position)
        if step % LISTEN_EVERY == 0:
            rounding.listen(student.decoder, heard, modulation)
        student.decoder.rounding = rounding.draw(len(heard), frames, rng, heard.device)
        power = torch.full((config.batch,), loudness.EQUAL_RMS**2)
        held, ratio = loss_of(target, student.decoder(heard, modulation), power)
        student.decoder.rounding = None
        silent = silence_loss(student, known, rng)
        loss = held + config.silence_weight * silent
        told = {"esr": float(ratio.detach()), "silence": float(silent.detach())}
        if step % config.sense_every == 0:
            turned, level = sense(student, known, step // config.sense_every % len(space.played), rng)
            loss = loss + config.turned_weight * turned + config.level_weight * level
            told |= {"turned": float(turned.detach()), "level": float(level.detach())}
        elif config.alias_weight:
            folded = sense.tones(student, known, rng)
            loss = loss + config.alias_weight * folded
            told["folded"] = float(folded.detach())
        optimizer.zero_grad(set_to_none=True)
        student.decoder.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.decoder.parameters(), 1.0)
        share = schedule(step / config.steps)
        optimizer.param_groups[0]["lr"] = config.film_rate * share
        optimizer.step()
        layers.step(config.layer_rate * share)
        if tell is not None:
            tell(step + 1, config.steps, told)
    student.levels = {
        name: float(level) * space.levels.get(name, 1.0) for name, level in zip(labels, levels, strict=True)
    }
    return student.eval()


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
