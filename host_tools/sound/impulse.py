"""An impulse response behind a model: a cabinet's file becomes int16 taps, and what they do, to the bit.

Pairs with firmware/module/sound/impulse.c. The response is scaled so that the model with it is as loud as without.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.sound.loudness import PHRASE_SECONDS, lufs
from gritspace.host_tools.sound.pair import network_of
from gritspace.quantize.model.model import IMPULSE_FRAMES, IMPULSE_STEP, IMPULSE_SUM, Impulse, IntegerModel
from gritspace.train.audio.audio_file import read_audio
from gritspace.train.errors import InputError

FADE_FRAMES = 64
"""At the end of a response that was cut."""
SOUND_FROM = 10 ** (-60 / 20)
"""Of the response's peak: what is quieter before the first louder frame is a delay, and left out."""
MOST_SHIFT = 15


def with_impulse(model: IntegerModel, path: Path) -> IntegerModel:
    """The model with a file's response (mono, any rate) behind it. Raises InputError, naming the file, for silence."""
    heard = read_audio(path).astype(np.float64)
    peak = float(np.abs(heard).max()) if len(heard) else 0.0
    if peak == 0:
        raise InputError(f"{path}: this impulse response is silent.")
    response = heard[int(np.argmax(np.abs(heard) > SOUND_FROM * peak)) :]
    if len(response) > IMPULSE_FRAMES:
        response = response[:IMPULSE_FRAMES] * np.minimum(1, np.arange(IMPULSE_FRAMES, 0, -1) / FADE_FRAMES)
    phrase = np.round(riff(PHRASE_SECONDS) * 32767).astype(np.int16)
    plain = network_of(model)(phrase) / 32768
    louder = lufs(fftconvolve(plain, response)[: len(plain)]) - lufs(plain)
    if not np.isfinite(louder):
        raise InputError(f"{path}: nothing of {model.name} is heard through this impulse response.")
    knobs = model.knobs if model.film is not None else replace(model.knobs, measured=True)  # where its place is kept
    return replace(model, knobs=knobs, impulse=rounded(response * 10 ** (-louder / 20)))


def rounded(response: NDArray[np.float64]) -> Impulse:
    """(frames,), the earliest first, at most IMPULSE_FRAMES -> taps with as many bits as no sum can overflow with."""
    room = IMPULSE_SUM - len(response) - 1
    shift = int(np.clip(np.floor(np.log2(room / np.abs(response).sum())), 1, MOST_SHIFT))
    fits = min(1.0, room / (np.abs(response).sum() * 2.0**shift), 32767 / (np.abs(response).max() * 2.0**shift))
    taps = np.round(response * fits * 2.0**shift).astype(np.int16)[::-1]
    return Impulse(np.concatenate([np.zeros(-len(taps) % IMPULSE_STEP, np.int16), taps]), shift)


def convolved(impulse: Impulse | None, samples: NDArray[np.int16], rest: int) -> NDArray[np.int16]:
    """int16 (frames,) -> int16 (frames,), after `rest` has been heard for ever. None: as it is."""
    if impulse is None:
        return samples
    before = np.full(len(impulse.taps) - 1, rest, np.int64)
    sums = np.convolve(np.concatenate([before, samples]), impulse.taps[::-1].astype(np.int64), "valid")
    found: NDArray[np.int16] = np.clip((sums + (1 << (impulse.shift - 1))) >> impulse.shift, -32768, 32767).astype(
        np.int16
    )
    return found
