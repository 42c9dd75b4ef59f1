"""One training of a space: its networks, its optimizer, its steps, and how it goes on after an interruption."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.errors import InputError
from gritspace.train.network.layer_adam import LayerAdam
from gritspace.train.network.losses import AudioLoss, attribute_regularisation, kl_divergence
from gritspace.train.network.noise_source import RoundingNoiseSource
from gritspace.train.network.tcn import LayerArray
from gritspace.train.output_file import written_whole
from gritspace.train.processes import Processes
from gritspace.train.space import checkpoint
from gritspace.train.space.attributes import audible
from gritspace.train.space.checkpoint import Progress
from gritspace.train.space.config import TrainConfig
from gritspace.train.space.data.pairs import PairSet
from gritspace.train.space.grow import state_for, with_head_of
from gritspace.train.space.knob_map import projection
from gritspace.train.space.senses.box_sense import BoxSense, motion_loss, silence_loss
from gritspace.train.space.senses.knob_sense import KnobSense
from gritspace.train.space.space import Space

POSITION_EXCERPTS = 12
KNOBS_EVERY = 4
"""In every so-manieth step one played dimension is turned, and its sound asked for."""
WARM_UP_SHARE, WARM_UP_STEPS = 0.05, 500
SETTLED_NOISE = 0.01
"""Positions are heard with this much noise (of a box of [-1, 1]) after they settled, so that near ones sound alike."""
PLACES_RATE = 0.3
"""How fast settled positions learn, over the decoder's rate."""
ENCODER_EVERY = 4
"""After that, the encoder follows the positions in every so-manieth step: it is dearer than a batch of sound."""

PLACED_WITHIN = 0.9
LISTEN_EVERY = 25
"""In every so-manieth step the streams' largest values are heard, of which rounding noise takes its measure."""


class ProgressCallback(Protocol):
    """Told after every step."""

    def __call__(self, step: int, steps: int, loss: float, esr: float, seconds_left: float) -> None:
        """steps and seconds_left are estimates under a time budget."""


def fresh_space(config: TrainConfig) -> Space:
    """An untrained space that is nearly silent, so that training does not start by unlearning noise."""
    space = Space(config.space_config())
    assert space.decoder.film is not None
    with torch.no_grad():
        last = space.decoder.arrays[-1]
        assert isinstance(last, LayerArray)
        last.head.weight.mul_(0.1)
        space.decoder.film.log2_gain.weight.mul_(3.0)
        space.decoder.film.bias.weight.mul_(3.0)
    return space


class Training:
    """One training's state and its steps."""

    def __init__(self, space: Space, pairs: PairSet, config: TrainConfig, processes: Processes, out_path: Path) -> None:
        self.config, self.processes, self.labels, self.devices = config, processes, pairs.labels, pairs.device_of
        self.device = processes.device
        self.space = space.to(self.device)
        self.loss = AudioLoss(config.stft_weight).to(self.device)
        # Where every setting lies, once the encoder has found it: from then on it learns for itself.
        self.places = torch.nn.Parameter(
            torch.zeros(len(pairs), space.config.decoder.position_size, device=self.device)
        )
        self.layers = LayerAdam(space.decoder) if config.optimizer == "layer" else None
        theirs = set() if self.layers is None else {id(p) for p in space.decoder.arrays.parameters()}
        groups: list[dict[str, Any]] = [
            {"params": [p for p in space.parameters() if id(p) not in theirs]},
            {"params": [self.places], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.99), weight_decay=config.weight_decay)
        self.progress = Progress()
        self.checkpoint_path = checkpoint.path_for(out_path)
        self.fingerprint = checkpoint.fingerprint(config, pairs, processes.count)
        settings_a_device = Counter(pairs.device_of)
        self.share = torch.tensor([settings_a_device[name] ** -config.balance for name in pairs.device_of])
        self.lead_in = space.config.decoder.receptive_field - 1
        longest = max(self.lead_in + config.segment_frames, config.view_frames)
        if pairs.frames < longest:
            needed = longest / SAMPLE_RATE
            raise InputError(f"seconds_per_setting: {needed:.2f} s are needed at least; raise it.")
        self.dry, self.wet = pairs.dry.to(self.device), pairs.wet.to(self.device)
        self.power = pairs.wet.power().to(self.device) + 1e-8
        self.measured = pairs.measured.to(self.device)
        self.ordered = audible(self.measured) if config.start == "attributes" else self.measured
        self.rounding = RoundingNoiseSource(space.config.decoder, config.seed) if config.rounding_noise else None
        self.sense = KnobSense(self.lead_in, pairs.measured).to(self.device)
        self.box = BoxSense(self.lead_in, pairs.measured).to(self.device)
        self.projection = projection(settings_by_device(pairs)).to(self.device) if config.knob_map else None
        self.heard: dict[str, float] = {}

    def resume(self) -> None:
        """Goes on from the checkpoint, if there is one.

        Of several machines' the furthest is sent to all: a machine that comes back may be first, and may know nothing.
        """
        path = self.checkpoint_path
        if self.processes.count > 1:
            steps = self.processes.gathered(checkpoint.step_of(path))
            furthest = steps.index(max(steps))
            theirs = self.processes.bytes_of(furthest, path.read_bytes() if steps[self.processes.rank] >= 0 else b"")
            if steps[furthest] > steps[self.processes.rank]:
                with written_whole(path) as beside:
                    beside.write_bytes(theirs)
        if self.config.start == "attributes" and self.progress.positions is None:
            self._keep(placed_by_attributes(self.measured.cpu(), self.devices, self.places.shape[1], self.config.seed))
        if path.exists():
            self._go_on_from(path)
        kept = checkpoint.before_decay(path)
        too_early = self.progress.decaying and self.progress.step < self._decay_begins  # more steps are asked for now
        if self.config.decay and kept.exists() and (too_early or not path.exists()):
            self._go_on_from(kept)

    def _go_on_from(self, path: Path) -> None:
        self.progress = checkpoint.load(path, self.fingerprint, self.space, self.optimizer)
        if self.progress.positions is not None:
            self.places.data.copy_(self.progress.positions)

    def start_from(self, space: Space, between: Mapping[str, NDArray[np.float32]]) -> None:
        """Begins where a trained space is: its networks, its positions of settings it knows; of others those that
        `between` has by label, else the encoder's.

        Its head may be shorter. Raises InputError if its networks are of another shape else.
        """
        if with_head_of(space.config, self.space.config) != self.space.config:
            raise InputError("the space to start from has networks of another shape; give the configuration it had.")
        self.space.load_state_dict(state_for(self.space, space))
        self.places.data.copy_(self._encoded().clamp(-1, 1))
        for row, name in enumerate(self.labels):
            if name in space.positions:
                self.places.data[row] = torch.tensor(space.positions[name])
            elif name in between:
                self.places.data[row] = torch.from_numpy(between[name])
        self._keep(self.places.data)

    def done(self) -> float:
        """The share of the training that is behind, 0 to 1; the same in all processes."""
        p = self.progress
        share = p.elapsed_seconds / p.training_seconds if p.training_seconds else p.step / self.config.steps
        return self.processes.from_first(min(share, 1.0))

    def run(self, writer: Any, progress: ProgressCallback | None) -> float:
        """Steps until the end; returns the loss, smoothed."""
        loss = ratio = math.nan
        saved = last = time.monotonic()
        while (share := self.done()) < 1.0:
            if share >= 1 - self.config.settle and self.progress.positions is None:
                self.settle()
            if self.config.decay and not self.progress.decaying and self.progress.step >= self._decay_begins:
                if self.processes.first:
                    self.save(checkpoint.before_decay(self.checkpoint_path))
                self.progress.decaying = True
            new_loss, new_ratio = self.step(share)
            self._check(new_loss)
            smoothing = 0.0 if math.isnan(loss) else 0.98
            loss = smoothing * (loss if smoothing else 0.0) + (1 - smoothing) * new_loss
            ratio = smoothing * (ratio if smoothing else 0.0) + (1 - smoothing) * new_ratio
            now = time.monotonic()
            self.progress.step += 1
            self.progress.elapsed_seconds += now - last
            last = now
            if writer is not None and self.progress.step % self.config.log_every == 0:
                writer.add_scalar("loss", new_loss, self.progress.step)
                writer.add_scalar("esr", new_ratio, self.progress.step)
                for name, value in self.heard.items():
                    writer.add_scalar(f"box/{name}", value, self.progress.step)
                writer.add_scalar(
                    "learning_rate", self.config.learning_rate * self._schedule(share), self.progress.step
                )
            if progress is not None and self.processes.first:
                steps, left = self._estimates()
                progress(self.progress.step, steps, loss, ratio, left)
            if now - saved >= self.config.checkpoint_seconds and self.processes.first:
                self.save()
                saved = time.monotonic()
        if writer is not None:
            writer.close()
        return loss

    def save(self, path: Path | None = None) -> None:
        """The checkpoint, whole; to path, in place of its own."""
        if self.progress.positions is not None:
            self.progress.positions = self.places.detach().cpu().clone()
        checkpoint.save(path or self.checkpoint_path, self.fingerprint, self.progress, self.space, self.optimizer)

    def step(self, share: float) -> tuple[float, float]:
        """One step of the optimizer; returns loss and mean ESR."""
        rng = torch.Generator().manual_seed(
            (self.config.seed * 1_000_003 + self.progress.step) * 1_009 + self.processes.rank
        )
        chosen = self.chosen(rng)
        segments = self.config.batch_segments
        dry, wet = self._excerpts(chosen.repeat_interleave(segments), self.lead_in + self.config.segment_frames, rng)
        noise = torch.randn(len(chosen), self.space.config.decoder.position_size, generator=rng).to(self.device)
        shaping = torch.zeros((), device=self.device)
        if self.progress.positions is None:
            mean, log_variance = self.space.encoder(*self._excerpts(chosen, self.config.view_frames, rng))
            position = mean + torch.exp(0.5 * log_variance) * noise
            beta = self.config.beta * min(1.0, share / max(self.config.beta_warm_up, 1e-9))
            shaping = beta * kl_divergence(mean, log_variance)
            shaping = shaping + self.config.attribute_weight * attribute_regularisation(mean, self.measured[chosen])
        else:
            position = self.places[chosen] + SETTLED_NOISE * noise
            shaping = self.config.attribute_weight * attribute_regularisation(self.places, self.ordered)
            if self.progress.step % ENCODER_EVERY == 0:
                mean, _ = self.space.encoder(*self._excerpts(chosen, self.config.view_frames, rng))
                shaping = shaping + (mean - self.places[chosen].detach()).square().mean()
        assert self.space.decoder.film is not None
        modulation = self.space.decoder.film(position.repeat_interleave(segments, dim=0))
        power = self.power[chosen].repeat_interleave(segments)
        decoder = self.space.decoder
        if self.rounding is not None:
            if self.progress.step % LISTEN_EVERY == 0 or not self.rounding.has_listened:
                self.rounding.listen(decoder, dry, modulation)
            decoder.rounding = self.rounding.draw(len(dry), dry.shape[1], rng, self.device)
        heard, ratio = self.loss(wet[:, self.lead_in :], decoder(dry, modulation), power)
        decoder.rounding = None
        shaping = shaping + self._box(position, rng)
        if self.config.knob_weight and not self.config.box_weight and self.progress.step % KNOBS_EVERY == 0:
            dimension = self.progress.step // KNOBS_EVERY % len(self.space.played)
            shaping = shaping + self.config.knob_weight * self.sense(self.space, position, dimension, rng)
        loss = heard + shaping
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        learning = [*self.space.parameters(), self.places]
        gradients = [p.grad for p in learning if p.grad is not None]
        self.processes.average([*gradients, loss.detach().view(1), ratio.detach().view(1)])
        torch.nn.utils.clip_grad_norm_(self.space.parameters(), self.config.clip_norm)
        network, places = self.optimizer.param_groups
        network["lr"] = self.config.learning_rate * self._schedule(share)
        places["lr"] = PLACES_RATE * self.config.learning_rate * self._schedule(share)
        values = float(loss.detach()), float(ratio.detach())
        if math.isfinite(values[0]):
            self.optimizer.step()
            if self.layers is not None:
                self.layers.step(self.config.layer_rate * self._schedule(share))
            with torch.no_grad():
                if self.projection is not None and self.progress.positions is not None:
                    self.places.copy_(self.projection @ self.places)
                self.places.clamp_(-1, 1)
        return values

    def _box(self, position: Tensor, rng: torch.Generator) -> Tensor:
        """What is asked all over the box in this step: (), 0 for nothing. position: the batch's."""
        config, step = self.config, self.progress.step
        found = torch.zeros((), device=self.device)
        known = position.detach() if self.progress.positions is None else self.places.detach()
        if config.silence_weight:
            silence = silence_loss(self.space, known, rng)
            self.heard["silence"] = float(silence.detach())
            found = found + config.silence_weight * silence
            if step % KNOBS_EVERY == 1:
                moving = motion_loss(self.space, known, rng)
                self.heard["moving"] = float(moving.detach())
                found = found + config.silence_weight * moving
        if config.box_weight and step % KNOBS_EVERY == 0:
            turned, level = self.box(self.space, known, step // KNOBS_EVERY % len(self.space.played), rng)
            self.heard["turned"], self.heard["level"] = float(turned.detach()), float(level.detach())
            found = found + config.box_weight * turned + config.level_weight * level
        if config.alias_weight and step % KNOBS_EVERY == KNOBS_EVERY // 2:
            folded = self.box.tones(self.space, known, rng)
            self.heard["folded"] = float(folded.detach())
            found = found + config.alias_weight * folded
        return found

    def _keep(self, positions: Tensor) -> None:
        """From here on every setting has its own position."""
        positions = positions.to(self.device)
        self.places.data.copy_(positions if self.projection is None else self.projection @ positions)
        self.places.data.clamp_(-1, 1)
        self.progress.positions = self.places.detach().cpu().clone()

    def chosen(self, rng: torch.Generator) -> Tensor:
        """The batch's settings, each once."""
        count = min(self.config.batch_settings, len(self.labels))
        if self.config.balance == 0:
            return torch.randperm(len(self.labels), generator=rng)[:count]
        return torch.multinomial(self.share, count, generator=rng)

    def settle(self) -> None:
        """Gives every setting a position of its own to learn, the encoder's; bends encoder and FiLM so that the box
        [-1, 1] holds them all.
        """
        positions = self._encoded()
        low, high = positions.min(0).values, positions.max(0).values
        centre, half = (low + high) / 2, ((high - low) / 2).clamp(min=1e-3)
        rescale(self.space, centre, half)
        film = self.space.decoder.film
        assert film is not None
        for parameter in (film.hidden.weight, film.hidden.bias):  # their moments were for the old scale
            self.optimizer.state.pop(parameter, None)
        self._keep((positions - centre) / half)

    def settled_positions(self) -> Tensor:
        """(settings, position_size), on the CPU; settles if that has not happened yet."""
        if self.progress.positions is None:
            self.settle()
        return self.places.detach().cpu()

    def _excerpts(self, rows: Tensor, frames: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Dry and wet (rows, frames) from random places of these rows' audio."""
        starts = torch.randint(self.dry.shape[1] - frames + 1, (len(rows),), generator=rng)
        places = list(zip(rows.tolist(), starts.tolist(), strict=True))
        return (
            torch.stack([self.dry[row, at : at + frames] for row, at in places]),
            torch.stack([self.wet[row, at : at + frames] for row, at in places]),
        )

    def _encoded(self) -> Tensor:
        """The encoder's mean position of every setting over several excerpts: (settings, position_size)."""
        length = self.config.view_frames
        starts = np.linspace(0, self.dry.shape[1] - length, POSITION_EXCERPTS).astype(int)
        with torch.no_grad():
            return torch.stack(
                [self.space.encoder(self.dry[:, s : s + length], self.wet[:, s : s + length])[0] for s in starts]
            ).mean(0)

    @property
    def _decay_begins(self) -> int:
        return round(self.config.steps * (1 - self.config.decay))

    def _schedule(self, share: float) -> float:
        """What rates are multiplied by when so much of the training is behind: a warm-up, then a cosine to 1 %, or
        with `decay` the same rates until a straight line down to 1 %."""
        if not self.config.decay:
            return _cosine(share)
        falling = (share - 1 + self.config.decay) / self.config.decay
        return min(1.0, (self.progress.step + 1) / WARM_UP_STEPS) * (1 - 0.99 * max(0.0, falling))

    def _estimates(self) -> tuple[int, float]:
        p = self.progress
        if p.training_seconds:
            left = max(p.training_seconds - p.elapsed_seconds, 0.0)
            return max(p.step, round(p.step * p.training_seconds / max(p.elapsed_seconds, 1e-9))), left
        return self.config.steps, p.elapsed_seconds / p.step * (self.config.steps - p.step)

    def _check(self, loss: float) -> None:
        if math.isfinite(loss):
            return
        kept = (
            f"the last good state is in {self.checkpoint_path}" if self.checkpoint_path.exists() else "nothing is lost"
        )
        raise InputError(
            f"the loss is no longer a number at step {self.progress.step}; {kept}; lower learning_rate and train again."
        )


def _cosine(share: float) -> float:
    """A warm-up, then a cosine to 1 %."""
    return min(1.0, (share + 1e-3) / WARM_UP_SHARE) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))


def settings_by_device(pairs: PairSet) -> list[NDArray[np.float64]]:
    """The settings, (m, knobs) each, device by device in the pairs' order, read from their labels."""
    found: list[NDArray[np.float64]] = []
    for name in dict.fromkeys(pairs.device_of):
        texts = [text for text, one in zip(pairs.labels, pairs.device_of, strict=True) if one == name]
        rows = [[float(x.partition("=")[2]) for x in text.partition("@")[2].split(",") if x] for text in texts]
        found.append(np.array(rows).reshape(len(texts), -1))
    return found


def placed_by_attributes(measured: Tensor, devices: list[str], size: int, seed: int) -> Tensor:
    """First places, (n, size) in the box: the played dimensions by the ranks of the settings' attributes, the stored
    ones by a draw for each device.
    """
    ranks = rankdata(audible(measured).numpy(), method="min", axis=0) / max(len(measured), 1)
    found = np.zeros((len(measured), size), np.float32)
    found[:, : ranks.shape[1]] = PLACED_WITHIN * (2 * ranks - 1)
    rng = np.random.default_rng([seed, 8])
    draws = {name: rng.uniform(-0.7, 0.7, size - ranks.shape[1]) for name in dict.fromkeys(devices)}
    found[:, ranks.shape[1] :] = np.array([draws[name] for name in devices])
    return torch.from_numpy(found)


def rescale(space: Space, centre: Tensor, half: Tensor) -> None:
    """Makes (z - centre) / half the space's new position; what pairs and positions mean to the sound stays as it was.

    centre, half: (position_size,). Both sides are linear there, so encoder's head and FiLM's input layer take it up.
    """
    head, film = space.encoder.head, space.decoder.film
    assert film is not None
    size = len(centre)
    with torch.no_grad():
        head.weight[:size] /= half.unsqueeze(1)
        head.bias[:size] = (head.bias[:size] - centre) / half
        head.bias[size:] -= 2 * half.log()
        film.hidden.bias.add_(film.hidden.weight @ centre)
        film.hidden.weight.mul_(half)
