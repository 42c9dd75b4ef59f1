"""What a space adds to sound that was not played: folded overtones of pure tones, and the grain of sixteen bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import SAMPLE_RATE, riff
from gritspace.host_tools.spaces.playing import IntegerPlayer
from gritspace.train.devices.device import Device
from gritspace.train.space.between import setting_of
from gritspace.train.space.measures.clips import Clip
from gritspace.train.space.space import Space

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

TONES_HZ = (415, 1245, 4987)
TONE_PEAK = 10 ** (-6 / 20)
SETTLING_FRAMES = 48_000
HIGHEST_HZ = 20_000
QUIET_PEAK = 10 ** (-50 / 20)
QUIET_SECONDS = 2.4


@dataclass(frozen=True)
class Aliasing:
    """One device at one setting and one tone: dB of what lies between the overtones below what lies on them."""

    device: str
    label: str
    hz: int
    device_dbc: float
    model_dbc: float


def between_overtones_db(wet: NDArray[np.floating], hz: int) -> float:
    """Power between a tone's overtones over the power on them, in dB, 20 Hz to 20 kHz.

    wet: (SAMPLE_RATE,), one second of an answer to a tone of whole hertz, so that every bin is a hertz and overtones
    meet bins. What folds at 24 kHz lands between them unless hz divides the sample rate.
    """
    power = np.abs(np.fft.rfft(wet.astype(np.float64)))[: HIGHEST_HZ + 1] ** 2
    on = power[hz::hz].sum()
    between = power[20:].sum() - power[hz::hz].sum()
    return float(10 * np.log10(max(between, 1e-30) / max(on, 1e-30)))


def tone(hz: int) -> Audio:
    """(frames,): a sine at -6 dBFS, one second after it has settled."""
    time = np.arange(SETTLING_FRAMES + SAMPLE_RATE) / SAMPLE_RATE
    return (TONE_PEAK * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def of_clips(
    player: IntegerPlayer, devices: Sequence[Device], found: Sequence[Clip], tones: Sequence[int] = TONES_HZ
) -> list[Aliasing]:
    """Every device that has a seen clip, at the middle of its settings, and the engine at that setting's position."""
    result = []
    for device in devices:
        mine = [clip for clip in found if clip.device == device.name and clip.split == "seen"]
        if not mine:
            continue
        clip = mine[len(mine) // 2]
        setting = setting_of(device, clip.label)
        if setting is None:
            continue
        dry = np.stack([tone(hz) for hz in tones])
        wet = device.render(dry, np.tile(np.array([setting], np.float32), (len(tones), 1)))
        for hz, audio, truth in zip(tones, dry, wet, strict=True):
            ours = player.at_rest(audio, clip.position)
            result.append(
                Aliasing(
                    device.name,
                    clip.label,
                    hz,
                    between_overtones_db(truth[SETTLING_FRAMES:], hz),
                    between_overtones_db(ours[SETTLING_FRAMES:], hz),
                )
            )
    return result


def grain_db(space: Space, player: IntegerPlayer, position: Floats) -> float:
    """Signal over the integers' noise with the riff at -50 dBFS, in dB: the float decoder's sound is the signal."""
    dry = riff(QUIET_SECONDS, peak=QUIET_PEAK)
    dry = (np.round(dry * 32768) / 32768).astype(np.float32)
    place = torch.from_numpy(position.astype(np.float32))[None]
    truth = space.render(torch.from_numpy(dry)[None], place)[0].numpy().astype(np.float64)
    ours = player.at_rest(dry, position).astype(np.float64)
    noise = ours - truth
    return float(10 * np.log10(np.var(truth) / max(np.var(noise), 1e-30)))


def as_values(found: Sequence[Aliasing]) -> dict[str, dict[str, dict[str, float]]]:
    """By device and frequency."""
    rows: dict[str, dict[str, dict[str, float]]] = {}
    for one in found:
        row = {"device_dbc": round(one.device_dbc, 1), "model_dbc": round(one.model_dbc, 1)}
        rows.setdefault(one.device, {})[str(one.hz)] = row
    return rows
