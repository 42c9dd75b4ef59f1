"""Neural Amp Modeler's captures of every kind as devices: to be played, and to teach what the engine runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.captures.recurrent import licence_of
from gritspace.train.devices.captures.recurrent_nam import lstm_capture
from gritspace.train.devices.captures.wavenet import at_rate, device_name, wavenet_capture
from gritspace.train.devices.device import Audio, Device, Settings, checked
from gritspace.train.network.nam.family import Beyond
from gritspace.train.network.nam.player import Player, played, player_of
from gritspace.train.network.nam.reading import naming, read_model, submodels
from gritspace.train.network.nam.records import NamError


class PlayedCapture:
    """One capture file as a device without knobs, played as Neural Amp Modeler would."""

    kind = "capture"
    knobs: tuple[str, ...] = ()

    def __init__(self, name: str, licence: str, player: Player, rate: int = SAMPLE_RATE) -> None:
        """rate: in Hz, of its training; audio is resampled to it and back."""
        self.name, self.licence, self.player, self.rate = name, licence, player, rate

    def render(self, dry: Audio, settings: Settings) -> Audio:
        """dry (batch, frames) at 48 kHz, settings (batch, 0) -> wet (batch, frames), from the state silence leaves."""
        dry, _ = checked(self, dry, settings)
        return at_rate(dry, self.rate, lambda row: played(self.player, torch.from_numpy(row)).numpy())


def read_nam_capture(path: Path) -> Device:
    """Of a container the largest. Raises NamError that names the file and what was found in it."""
    model = read_model(path)
    with naming(path):
        models = submodels(model)
        if not models:
            raise NamError("it is a container of nothing; export it again")
        whole = models[-1][1]
        rate = SAMPLE_RATE if whole.sample_rate is None else round(whole.sample_rate)
        if whole.architecture == "LSTM":
            return lstm_capture(path, whole)
        if whole.architecture == "WaveNet":
            try:
                return wavenet_capture(path, whole)
            except Beyond:
                pass
        player = player_of(whole)
        if player.outputs != 1:
            raise NamError(f"it has {player.outputs} outputs; audio has one")
        return PlayedCapture(device_name(path), licence_of(path), player, rate)


def is_silent(device: Device, seconds: float = 1.0) -> bool:
    """Whether nothing comes out, whatever goes in: a capture of nothing."""
    noise = 0.3 * np.random.default_rng(0).standard_normal((1, int(seconds * SAMPLE_RATE))).astype(np.float32)
    return not np.any(device.render(noise, np.zeros((1, len(device.knobs)), np.float32)))
