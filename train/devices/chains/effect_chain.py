"""A chain of effects as a device: knobs in [0, 1] turn some of its parameters, the others stand still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from scipy.signal import butter, sosfilt

from gritspace.train.audio import oversampling
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.chains import effect_plugins
from gritspace.train.devices.chains.effect import Effect, Floats, Parameter
from gritspace.train.devices.device import Audio, Settings, checked

BLOCKING_HZ = 5.0
"""Of the chain's output capacitor: what is lopsided makes a direct voltage, which no pedal lets out."""


@dataclass(frozen=True)
class Turned:
    """A parameter under a knob, from `low` (knob at 0) to `high` (knob at 1)."""

    knob: str
    parameter: Parameter
    low: float
    high: float

    def at(self, setting: Floats) -> Floats:
        """(batch,) of [0, 1] -> the parameter's values (batch, 1)."""
        return self.parameter.at(setting, self.low, self.high)[:, None]


@dataclass(frozen=True)
class Link:
    """One effect of a chain. effect None: a plugin's. mix: 1 is all wet, 0 all dry."""

    kind: str
    values: Mapping[str, float | Turned]
    effect: Effect | None = None
    arguments: tuple[str, ...] = ()
    mix: float = 1.0

    @property
    def oversampling(self) -> int:
        """At how many times 48 kHz it works."""
        return self.effect.oversampling if self.effect else 1

    def process(self, audio: Floats, values: Mapping[str, Floats], where: str) -> Floats:
        """audio (batch, frames) at its own rate, values (batch, 1) -> the same shape."""
        if self.effect is not None:
            wet = self.effect.process(audio, values, float(SAMPLE_RATE * self.oversampling))
        elif self.kind.startswith(effect_plugins.PEDALBOARD):
            wet = effect_plugins.through_pedalboard(self.kind, audio, values, where)
        else:
            wet = effect_plugins.through_sox(self.kind, self.arguments, audio, values, where)
        return wet if self.mix == 1 else self.mix * wet + (1 - self.mix) * audio


@dataclass(frozen=True)
class Chain:
    """A device (see train.devices) of effects in a row. text: the TOML it was read from."""

    name: str
    links: tuple[Link, ...]
    text: str = ""
    licence: str = "MIT"
    kind: str = field(default="chain", init=False)

    @property
    def knobs(self) -> tuple[str, ...]:
        """In order of first use; one knob may turn several parameters."""
        turned = [value.knob for link in self.links for value in link.values.values() if isinstance(value, Turned)]
        return tuple(dict.fromkeys(turned))

    def values(self, settings: Settings) -> list[dict[str, Floats]]:
        """settings (batch, knobs) in [0, 1] -> for each link its values in their units, (batch, 1) each."""
        column = {knob: settings[:, i].astype(np.float64) for i, knob in enumerate(self.knobs)}
        return [
            {
                name: value.at(column[value.knob]) if isinstance(value, Turned) else np.full((len(settings), 1), value)
                for name, value in link.values.items()
            }
            for link in self.links
        ]

    def render(self, dry: Audio, settings: Settings) -> Audio:
        """dry (batch, frames) at 48 kHz, settings (batch, knobs) in [0, 1] -> wet (batch, frames), aligned."""
        dry, settings = checked(self, dry, settings)
        audio = dry.astype(np.float64)
        linked = zip(self.links, self.values(settings), strict=True)
        for factor, group in groupby(linked, key=lambda pair: pair[0].oversampling):
            fast = oversampling.up(audio, factor) if factor > 1 else audio
            for link, values in group:
                fast = link.process(fast, values, self.name)
            audio = oversampling.down(fast, factor) if factor > 1 else fast
        blocking = butter(1, BLOCKING_HZ, "high", fs=SAMPLE_RATE, output="sos")
        return np.asarray(sosfilt(blocking, audio, axis=-1)).astype(np.float32)
