"""Fitting a knob model: recordings of one device at known settings -> one network that is bent by its knobs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.segments import Segments
from gritspace.train.knobs.knob_model import KNOB_SHAPES, as_positions
from gritspace.train.knobs.settings import Setting
from gritspace.train.network.shapes import Modulation
from gritspace.train.network.tcn import Tcn
from gritspace.train.snapshot.descent import Clock, Descent, FitConfig, State
from gritspace.train.snapshot.fit import DRY_RMS, PIECE_FRAMES, WET_RMS, fingerprint, refuse_unusable, rms
from gritspace.train.snapshot.loss import SnapshotLoss
from gritspace.train.snapshot.snapshot import fresh, rescale
from gritspace.train.snapshot.source import Source

Audio = NDArray[np.float32]

LOOK_FRAMES = 6 * SAMPLE_RATE
"""Of a setting's held-out audio, at each look on the way; what is told at the end is of all of it."""
CURVES_AT, CURVE_REACH = 32, 0.25
"""At so many places of the box the knobs' curves are asked for in each step, over so much of half a turn each way."""


@dataclass(frozen=True)
class KnobFitConfig(FitConfig):
    """shape: of KNOB_SHAPES. knob_rate: how fast learns what bends the network, over the layers' rate.

    straightness: how much it costs that gains and biases do not run straight between settings.
    """

    shape: str = "knobs"
    batch: int = 9
    learning_rate: float = 6e-3
    knob_rate: float = 0.5
    straightness: float = 3e-5


class KnobFit(Descent):
    """One fit. sources: what the device made of dry audio at each of the settings, equally many. Held-out audio of
    these settings is what is measured; other settings are not known here.

    Raises InputError as SnapshotFit does.
    """

    def __init__(
        self,
        settings: Sequence[Setting],
        sources: Sequence[Source],
        config: KnobFitConfig,
        checkpoint: Path | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        torch.manual_seed(config.seed)
        self.options = config
        shape = replace(KNOB_SHAPES[config.shape], position_size=len(settings[0]))
        tcn = fresh(shape)
        self.lead_in = shape.receptive_field - 1
        for one in sources:
            refuse_unusable(one.dry, one.wet, one.held_dry, one.held_wet, self.lead_in + config.segment_frames)
        self.of_dry = DRY_RMS / _mean_rms([one.dry for one in sources])
        self.of_wet = WET_RMS / _mean_rms([one.wet for one in sources])
        self.segments = [
            Segments(_scaled(one.dry, self.of_dry), _scaled(one.wet, self.of_wet), self.lead_in, config.segment_frames,
                     config.seed * 1_009 + i, one.joints)
            for i, one in enumerate(sources)
        ]  # fmt: skip
        self.held = [_Held.of(one, self.of_dry, self.of_wet, self.lead_in) for one in sources]
        self.equal = torch.tensor([WET_RMS / (self.of_wet * rms(one.wet)) for one in sources]).unsqueeze(1)
        self.positions = as_positions(settings)
        self.loss = SnapshotLoss(WET_RMS**2, config.stft_weight)
        assert tcn.film is not None
        self.film = tcn.film
        self._start_adam()
        print_ = fingerprint(config, self.positions.numpy(), *(x for one in sources for x in (one.dry, one.wet)))
        super().__init__(tcn, config, checkpoint, print_, clock)

    def batch_loss(self) -> Tensor:
        """Of a segment each of some settings; every setting's error counts by its own level."""
        step, config = self.place.step, self.options
        rng = np.random.default_rng([config.seed, step, 7])
        count = len(self.segments)
        chosen = np.concatenate([rng.permutation(count) for _ in range(-(-config.batch // count))])[: config.batch]
        drawn = [self.segments[i].draw(step * config.batch + n, 1) for n, i in enumerate(chosen)]
        dry, wet = torch.cat([one[0] for one in drawn]), torch.cat([one[1] for one in drawn])
        equal = self.equal[chosen]
        heard = self.tcn(dry, self.film(self.positions[chosen]))
        loss = self.loss(wet * equal, heard * equal, step)[0]
        return loss + config.straightness * self._curves(rng) if config.straightness else loss

    def _curves(self, rng: np.random.Generator) -> Tensor:
        """Mean square of the second derivative of log2 gains and biases along each knob, at random places: ()."""
        size = self.positions.shape[1]
        places = torch.from_numpy(rng.uniform(-1, 1, (CURVES_AT, 1, size)).astype(np.float32))
        aside = CURVE_REACH * torch.eye(size)
        found = torch.zeros(())
        hidden = [
            torch.tanh(self.film.hidden(x)) for x in (places - aside, places.expand(-1, size, -1), places + aside)
        ]
        for head in (self.film.log2_gain, self.film.bias):
            bent = torch.nn.functional.linear(hidden[0] - 2 * hidden[1] + hidden[2], head.weight)
            found = found + (bent / CURVE_REACH**2).square().mean()
        return found

    def move(self, rate: float) -> None:
        """The layers by their optimizer, what bends them by Adam."""
        super().move(rate)
        for group in self.adam.param_groups:
            group["lr"] = self.options.knob_rate * rate
        self.adam.step()

    def forget(self) -> None:
        """Both."""
        super().forget()
        self._start_adam()

    def _start_adam(self) -> None:
        self.adam = torch.optim.Adam(self.film.parameters(), lr=1.0, betas=(0.9, 0.99))

    def held_out(self) -> float:
        """Mean of the settings' ESRs."""
        return float(np.mean(self.esr_by_setting()))

    def esr_by_setting(self) -> list[float]:
        """Of the network as it is, on held-out audio."""
        with torch.no_grad():
            return [one.esr(self.tcn, self.film(z[None])) for one, z in zip(self.held, self.positions, strict=True)]

    def finished_tcn(self, best: State) -> Tcn:
        """For audio as loud as it came."""
        tcn = Tcn(self.tcn.config)
        tcn.load_state_dict(best)
        rescale(tcn, self.of_dry, self.of_wet)
        return tcn.eval()


@dataclass(frozen=True)
class _Held:
    """One setting's held-out audio, and which parts of it count: the first ones, so much that they tell enough."""

    dry: Tensor
    wet: Tensor
    clips: tuple[tuple[int, int], ...]
    lead_in: int

    @classmethod
    def of(cls, source: Source, of_dry: float, of_wet: float, lead_in: int) -> _Held:
        clips: list[tuple[int, int]] = []
        for start, stop in source.held_clips or ((0, len(source.held_dry)),):
            left = LOOK_FRAMES - sum(b - a for a, b in clips)
            if left > 0 and stop > lead_in:
                clips.append((max(start, lead_in), min(stop, max(start, lead_in) + left)))
        end = clips[-1][1]
        return cls(
            _scaled(source.held_dry[:end], of_dry), _scaled(source.held_wet[:end], of_wet), tuple(clips), lead_in
        )

    def esr(self, tcn: Tcn, modulation: Modulation) -> float:
        """Pooled over the clips."""
        pieces = -(-len(self.dry) // PIECE_FRAMES)
        padded = torch.nn.functional.pad(self.dry, (self.lead_in, pieces * PIECE_FRAMES - len(self.dry)))
        rows = padded.unfold(0, self.lead_in + PIECE_FRAMES, PIECE_FRAMES).contiguous()
        heard = tcn(rows, modulation).reshape(-1)
        error = sum(float((heard[a:b] - self.wet[a:b]).double().square().sum()) for a, b in self.clips)
        return error / max(sum(float(self.wet[a:b].double().square().sum()) for a, b in self.clips), 1e-30)


def _scaled(audio: Audio, factor: float) -> Tensor:
    return torch.from_numpy(audio * np.float32(factor))


def _mean_rms(audios: Sequence[Audio]) -> float:
    return float(np.sqrt(np.mean([rms(audio) ** 2 for audio in audios])))
