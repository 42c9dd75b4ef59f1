"""A position for a device the space was not trained on: the encoder's guess, then downhill by the decoder's gradient.

With `refine`, every FiLM row gets an offset to its log2 gain and its bias besides: constants, which fold into the FiLM
network's own biases and cost the engine nothing.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gritspace.train.audio import alignment, signals
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.held_out import Clip, held_out, interval
from gritspace.train.devices.device import Audio
from gritspace.train.errors import InputError
from gritspace.train.network.losses import AudioLoss
from gritspace.train.network.metrics import pooled_esr
from gritspace.train.network.shapes import Modulation
from gritspace.train.network.tcn import LOG2_GAIN_LIMIT, Film, WithinGainLimit
from gritspace.train.space.data.pairs import LEVEL_RMS
from gritspace.train.space.space import Space

Progress = Callable[[int, int], None]
Clipped = tuple[Tensor, Tensor]
"""Dry with lead-in, and wet without, of a clip."""

SHORTEST_SECONDS = 1.0
CHECK_SHARE = 0.2
"""Of the recording, in clips from all over it, never learned from: the error told is measured there."""
STARTS = 3
SEGMENT_FRAMES, BATCH = 4_096, 8
SEARCH_STEPS, STEPS, REFINE_STEPS = 60, 160, 400
RATE, REFINE_RATE = 0.04, 2e-2
LEVEL_LIMIT = 2.0
"""Powers of two that the decoder's output may be louder or softer than the recording, as loud as in training."""
PULL_HOME = 1e-3
"""Weight of the offsets' mean square: a row that the recording does not ask for stays where it was."""
WET_ONLY_VIEWS = 8
SAMPLE_PIECES, SAMPLE_PIECE_FRAMES = 8, SAMPLE_RATE // 4


@dataclass
class Enrolment:
    """What was found. Errors are error-to-signal ratios on the part of the recording that was not learned from.

    gain: what the wet audio was multiplied by to be as loud as in training, negative if it was upside down; level: what
    the decoder's output is multiplied by then. offsets: (2, film rows) of log2 gains and biases, with refine.
    esr_low, esr_high: what esr is to be expected on other clips. guess: whether the position is the encoder's alone
    and nothing was measured.
    """

    position: Tensor
    gain: float
    level: float = 1.0
    latency_frames: int = 0
    esr: float = math.nan
    esr_low: float = math.nan
    esr_high: float = math.nan
    esr_of_guess: float = math.nan
    esr_of_position: float = math.nan
    offsets: Tensor | None = None
    guess: bool = False
    learned_seconds: float = 0.0
    checked_seconds: float = 0.0

    @property
    def output_gain(self) -> float:
        """From the decoder's output to the recording."""
        return self.level / self.gain


@dataclass(frozen=True)
class Place:
    """A position (size,), the level its output is played at, and FiLM's offsets (2, film rows)."""

    position: Tensor
    level: float
    offsets: Tensor


def enroll(
    space: Space,
    dry: Audio,
    wet: Audio,
    refine: bool = False,
    progress: Progress | None = None,
    seed: int = 0,
    aligned: bool = False,
) -> Enrolment:
    """dry, wet (frames,) at 48 kHz, of one performance and of equal length -> the position that sounds most like wet.

    Latency up to 20 ms (unless aligned), polarity and level are found and taken out. What refining found is taken only
    where it is better on the part of the recording that was not learned from. Raises InputError if the recording is
    too short, silent, or of different lengths.
    """
    dry, wet, latency, gain = brought_together(dry, wet, aligned)
    lead_in = space.config.decoder.receptive_field - 1
    clips = [clip for clip in held_out(dry, wet, share=CHECK_SHARE) if clip.frames > 0]
    checked = sum(clip.frames for clip in clips)
    learned = len(dry) - checked
    if learned - lead_in < SEGMENT_FRAMES or checked < SEGMENT_FRAMES:
        needed = max(SHORTEST_SECONDS, (lead_in + 2 * SEGMENT_FRAMES) / SAMPLE_RATE / (1 - CHECK_SHARE))
        raise InputError(f"the recording: {len(dry) / SAMPLE_RATE:.1f} s are too short; {needed:.1f} s are needed.")
    search = _Search(space, torch.from_numpy(without(dry, clips)), torch.from_numpy(without(wet, clips)), seed)
    guess = search.at(search.guess())
    told = _counter(progress, SEARCH_STEPS * STARTS + STEPS + (REFINE_STEPS if refine else 0))
    starts = [guess, *search.nearest_known(STARTS - 1)]
    tried = [search.descend(start, SEARCH_STEPS, RATE, told) for start in starts]
    best = min([*tried, *starts], key=search.error)
    best = min([search.descend(best, STEPS, RATE / 2, told), best], key=search.error)
    held = [_with_lead_in(dry, wet, clip, lead_in) for clip in clips]
    found = Enrolment(best.position, gain, best.level, latency)
    found.learned_seconds, found.checked_seconds = learned / SAMPLE_RATE, checked / SAMPLE_RATE
    found.esr_of_guess = esr_of(space, held, guess.position, guess.level)
    found.esr = found.esr_of_position = esr_of(space, held, best.position, best.level)
    if refine:
        bent = search.descend(best, REFINE_STEPS, REFINE_RATE, told, bend=True)
        esr = esr_of(with_offsets(space, bent.offsets), held, bent.position, bent.level)
        found.offsets = best.offsets
        if esr < found.esr:
            best, found.esr, found.position, found.level, found.offsets = (
                bent,
                esr,
                bent.position,
                bent.level,
                bent.offsets,
            )
            space = with_offsets(space, bent.offsets)
    errors, energies = _by_clip(space, held, best)
    found.esr_low, found.esr_high = interval(errors, energies)
    return found


def without(audio: Audio, clips: Sequence[Clip]) -> Audio:
    """audio (frames,) with the clips cut out, the rest joined."""
    edges = [0, *(edge for clip in clips for edge in (clip.start, clip.stop)), len(audio)]
    return np.concatenate([audio[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)])


def _with_lead_in(dry: Audio, wet: Audio, clip: Clip, lead_in: int) -> Clipped:
    """What was played before a clip and in it; the wet of the clip (where its lead-in is known)."""
    first = max(0, clip.start - lead_in)
    return torch.from_numpy(dry[first : clip.stop]), torch.from_numpy(wet[first + lead_in : clip.stop])


def esr_of(space: Space, held: Sequence[Clipped], position: Tensor, level: float) -> float:
    """Error-to-signal ratio pooled over clips, at position (size,)."""
    errors, energies = _by_clip(space, held, Place(position, level, torch.zeros(0)))
    return sum(errors) / max(sum(energies), 1e-30)


def _by_clip(space: Space, held: Sequence[Clipped], place: Place) -> tuple[list[float], list[float]]:
    errors, energies = [], []
    for dry, wet in held:
        made = place.level * space.render(dry[None], place.position[None])[0, len(dry) - len(wet) :]
        errors.append(float((wet - made).double().square().sum()))
        energies.append(float(wet.double().square().sum()))
    return errors, energies


def guess_from_wet(space: Space, wet: Audio, seed: int = 0) -> Enrolment:
    """A position from wet (frames,) alone: the encoder's mean guess, played dry phrases of our own standing for dry.

    Only a guess: what the dry audio was is not known. Raises InputError if wet is silent or too short.
    """
    _, levelled, _, gain = brought_together(wet, wet)
    length = min(len(levelled), 2 * SAMPLE_RATE)
    dry = signals.synthetic(WET_ONLY_VIEWS * length / SAMPLE_RATE + 1, seed)
    starts = np.linspace(0, len(levelled) - length, WET_ONLY_VIEWS).astype(int)
    wets = torch.from_numpy(np.stack([levelled[start : start + length] for start in starts]))
    drys = torch.from_numpy(dry[: WET_ONLY_VIEWS * length].reshape(WET_ONLY_VIEWS, length))
    return Enrolment(space.position_of(drys, wets).clamp(-1, 1), gain, guess=True)


def brought_together(dry: Audio, wet: Audio, aligned: bool = False) -> tuple[Audio, Audio, int, float]:
    """Dry and wet of one length, wet neither late nor upside down and as loud as in training; latency and gain.

    Raises InputError if their lengths differ, either is shorter than SHORTEST_SECONDS, or silent.
    """
    if len(dry) != len(wet):
        raise InputError(
            f"the recording: dry is {len(dry) / SAMPLE_RATE:.2f} s and wet {len(wet) / SAMPLE_RATE:.2f} s long; "
            "export both from the same start to the same end."
        )
    if len(dry) < SHORTEST_SECONDS * SAMPLE_RATE:
        raise InputError(f"the recording: {len(dry) / SAMPLE_RATE:.2f} s; at least {SHORTEST_SECONDS:g} s are needed.")
    for name, audio in (("dry", dry), ("wet", wet)):
        if float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) < 1e-5:
            raise InputError(f"the recording: {name} is silent; check the cable and record it again.")
    latency = 0 if aligned else alignment.latency_frames(dry[None], wet[None])
    if latency:
        dry, wet = (dry[:-latency], wet[latency:]) if latency > 0 else (dry[-latency:], wet[:latency])
    rms = float(np.sqrt(np.mean(np.square(wet, dtype=np.float64))))
    gain = alignment.polarity(dry[None], wet[None]) * LEVEL_RMS / rms
    return np.ascontiguousarray(dry, np.float32), (wet * np.float32(gain)).astype(np.float32), latency, gain


def with_offsets(space: Space, offsets: Tensor) -> Space:
    """A copy of the space whose FiLM rows have their log2 gains and biases moved: (2, film rows). It is a space."""
    bent = copy.deepcopy(space)
    film = bent.decoder.film
    assert film is not None
    with torch.no_grad():
        film.log2_gain.bias.add_(offsets[0].to(film.log2_gain.bias))
        film.bias.bias.add_(offsets[1].to(film.bias.bias))
    return bent


def gain_offsets(film: Film, position: Tensor, wanted: Tensor) -> Tensor:
    """What has to be added to each row's log2 gain for the gain that is heard at position (size,) to move by wanted
    (rows,), as far as the limit lets it.

    Half of a trained space's rows lie beyond the limit where its devices are, some of them far: an offset to those
    would be swallowed. One that leads inwards begins at the limit; the others stay where they are.
    """
    with torch.no_grad():
        unbounded = film.log2_gain(torch.tanh(film.hidden(position)))
    bounded = unbounded.clamp(-LOG2_GAIN_LIMIT, LOG2_GAIN_LIMIT)
    inwards = (bounded + wanted).abs() < LOG2_GAIN_LIMIT
    return torch.where(inwards, bounded + wanted - unbounded, torch.where(unbounded == bounded, wanted, 0.0))


def esr_at(space: Space, dry: Tensor, wet: Tensor, position: Tensor, level: float = 1.0) -> float:
    """Error-to-signal ratio of the decoder at position (size,): dry (lead-in + frames,), wet (frames,)."""
    return pooled_esr([(wet, level * space.render(dry[None], position[None])[0, len(dry) - len(wet) :])])


def _counter(progress: Progress | None, steps: int) -> Callable[[], None]:
    done = 0

    def told() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, steps)

    return told


class _Search:
    """Descents of one recording: dry and wet (frames,), wet as loud as in training."""

    def __init__(self, space: Space, dry: Tensor, wet: Tensor, seed: int) -> None:
        self.space, self.dry, self.wet, self.seed = space, dry, wet, seed
        self.lead_in = space.config.decoder.receptive_field - 1
        self.loss = AudioLoss(0.1)
        self.power = wet.square().mean() + 1e-8
        self.sample = _sample(dry, wet, self.lead_in)

    def guess(self) -> Tensor:
        """The encoder's, over the whole recording."""
        length = min(len(self.dry), SAMPLE_RATE)
        starts = np.unique(np.linspace(0, len(self.dry) - length, 24).astype(int))
        dry = torch.stack([self.dry[start : start + length] for start in starts])
        wet = torch.stack([self.wet[start : start + length] for start in starts])
        loud = wet.square().mean(-1) > 0.05 * self.power
        return self.space.position_of(dry[loud], wet[loud]).clamp(-1, 1)

    def at(self, position: Tensor) -> Place:
        """A place without offsets, its level the one that leaves the least error on the sample."""
        _, wet = self.sample
        unbent = torch.zeros(2, self.space.config.decoder.film_rows)
        estimate = self._played(Place(position, 1.0, unbent))
        level = float((wet * estimate).sum() / estimate.square().sum().clamp(min=1e-12))
        limit = 2.0**LEVEL_LIMIT
        return Place(position, min(max(level, 1 / limit), limit), unbent)

    def nearest_known(self, count: int) -> list[Place]:
        """The training positions that sound most like the recording."""
        known = [self.at(torch.tensor(place)) for place in self.space.positions.values()]
        return sorted(known, key=self.error)[:count]

    def error(self, place: Place) -> float:
        """On the sample."""
        return pooled_esr([(self.sample[1], self._played(place))])

    def descend(self, start: Place, steps: int, rate: float, told: Callable[[], None], bend: bool = False) -> Place:
        """Adam from start, its rate falling to nothing; the position stays in the box. bend: the offsets learn too."""
        decoder = self.space.decoder
        place = start.position.clone().requires_grad_()
        level = torch.tensor(math.log2(start.level)).requires_grad_()
        offsets = torch.zeros_like(start.offsets).requires_grad_(bend)
        learned = [place, level, *([offsets] if bend else [])]
        optimizer = torch.optim.Adam(learned, lr=rate, betas=(0.9, 0.98))
        rng = torch.Generator().manual_seed(self.seed)
        film = with_offsets(self.space, start.offsets).decoder.film
        assert film is not None
        film.requires_grad_(False)
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps)) * min(1.0, (step + 1) / 10)
            dry, wet = self._batch(rng)
            bent = film(place.clamp(-1, 1)[None])
            log2_gain = WithinGainLimit.apply(torch.log2(bent.gain) + offsets[0][None, :, None])
            gain = torch.exp2(log2_gain).expand(len(dry), -1, -1)
            bias = (bent.bias + offsets[1][None, :, None]).expand(len(dry), -1, -1)
            estimate = decoder(dry, Modulation(gain, bias)) * torch.exp2(level.clamp(-LEVEL_LIMIT, LEVEL_LIMIT))
            loss = self.loss(wet, estimate, self.power.expand(len(wet)))[0] + PULL_HOME * offsets.square().mean()
            found = torch.autograd.grad(loss, learned)
            for parameter, slope in zip(learned, found, strict=True):
                parameter.grad = slope
            optimizer.step()
            told()
        reached = 2.0 ** float(level.detach().clamp(-LEVEL_LIMIT, LEVEL_LIMIT))
        where = place.detach().clamp(-1, 1)
        moved = torch.stack([gain_offsets(film, where, offsets[0].detach()), offsets[1].detach()])
        return Place(where, reached, start.offsets + moved)

    def _played(self, place: Place) -> Tensor:
        """The sample's wet as the decoder makes it."""
        dry, _ = self.sample
        bent = with_offsets(self.space, place.offsets) if bool(place.offsets.any()) else self.space
        return place.level * bent.render(dry, place.position.expand(len(dry), -1))[:, self.lead_in :]

    def _batch(self, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        frames = self.lead_in + SEGMENT_FRAMES
        starts = torch.randint(len(self.dry) - frames + 1, (BATCH,), generator=rng).tolist()
        return (
            torch.stack([self.dry[start : start + frames] for start in starts]),
            torch.stack([self.wet[start + self.lead_in : start + frames] for start in starts]),
        )


def _sample(dry: Tensor, wet: Tensor, lead_in: int) -> tuple[Tensor, Tensor]:
    """What places are compared by: of every eighth of the recording its loudest quarter of a second.

    (frames,) -> dry (pieces, lead-in + frames), wet (pieces, frames). The loudest seconds alone would be one chord, at
    one level: a position can hit them and miss the device.
    """
    frames = min(SAMPLE_PIECE_FRAMES, (len(wet) - lead_in) // SAMPLE_PIECES)
    edges = np.linspace(lead_in, len(wet), SAMPLE_PIECES + 1).astype(int)
    starts = [start + _loudest(wet[start:stop], frames) for start, stop in itertools.pairwise(edges)]
    return (
        torch.stack([dry[start - lead_in : start + frames] for start in starts]),
        torch.stack([wet[start : start + frames] for start in starts]),
    )


def _loudest(audio: Tensor, frames: int) -> int:
    energy = torch.cat([torch.zeros(1, dtype=torch.float64), audio.double().square().cumsum(0)])
    return int((energy[frames:] - energy[: len(energy) - frames]).argmax())
