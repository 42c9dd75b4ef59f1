"""Two captures become one model: how loud one is into or beside the other, and what the pair's knobs are fitted to."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate

from gritspace.host_tools.audio_sources import calibration_audio
from gritspace.host_tools.sound.bend_fit import bend_fitted
from gritspace.host_tools.sound.level_trim import trimmed
from gritspace.host_tools.sound.loudness import lufs, phrase
from gritspace.host_tools.sound.pair import network_of, paired
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.morph import check
from gritspace.quantize.network.network import Network
from gritspace.quantize.rounding.together import quantize_together, shape_of
from gritspace.train.errors import InputError

MOST_Q12 = 32767
"""18 dB."""


def pair_of(first: IntegerModel, second: IntegerModel, kind: str, level_db: float = 0.0) -> IntegerModel:
    """kind: series, the second hears the first; or crossfade, the first knob goes from one to the other.

    In series the first is as loud into the second as what comes in is itself, plus level_db. Faded, both are equally
    loud, and the second is turned over if that brings it nearer to the first. A bend, which lies on the first, is held
    to its curve. Raises InputError for what cannot be paired.
    """
    _refuse_unpaired(first, second)
    sounds = [_sound(one) for one in (first, second)]
    loud = [_lufs(sound, one.name) for sound, one in zip(sounds, (first, second), strict=True)]
    if kind == "series":
        balance = 10 ** ((_lufs(phrase() / 32768.0, "the riff") - loud[0] + level_db) / 20)
    else:
        balance = 10 ** ((loud[0] - loud[1] + level_db) / 20) * _way_up(*sounds)
    balance_q12 = int(np.clip(round(4096 * balance), -MOST_Q12, MOST_Q12))
    return replace(
        trimmed(paired(bend_fitted(first), second, kind, balance_q12))[0],
        name=_both(first.name, second.name),
    )


def morph_of(first: IntegerModel, second: IntegerModel, floats: tuple[Network, Network]) -> IntegerModel:
    """Two captures of one shape, whose weights the first knob moves from the one's to the other's.

    floats: what the two were before they were quantized, or what their integers stand for. Both are quantized anew on
    common scales; the loudness along the first knob is held to the middle's. Raises InputError for what is no morph.
    """
    _refuse_unpaired(first, second)
    names, other = (first.name, second.name), floats[1]
    if shape_of(floats[0]) != shape_of(other):
        raise InputError(f"{first.name}, {second.name}: they are not of one shape: --as crossfade takes any two.")
    if _way_up(_sound(first), _sound(second)) < 0:
        other = _turned_over(other)
    try:
        models = quantize_together(floats[0], other, calibration_audio([]), names)
        check(*models)
    except ValueError as error:
        raise InputError(f"{first.name}, {second.name}: {error}: no morph; --as crossfade takes any two.") from error
    model = replace(paired(*models, "morph", 4096), name=_both(*names))
    return trimmed(bend_fitted(model))[0]


def _turned_over(network: Network) -> Network:
    last = network.arrays[-1]
    turned = replace(last, head_weight=-last.head_weight, head_bias=-last.head_bias)
    return replace(network, arrays=(*network.arrays[:-1], turned))


def _both(first: str, second: str) -> str:
    return f"{first[:14]} + {second[:14]}"


def _refuse_unpaired(first: IntegerModel, second: IntegerModel) -> None:
    for one in (first, second):
        if one.film is not None:
            raise InputError(f"{one.name}: it is a space; two snapshots make a pair.")
        if one.pair is not None:
            raise InputError(f"{one.name}: it is a pair already; two snapshots make one.")
        if one.impulse is not None:
            raise InputError(f"{one.name}: an impulse response stands behind a pair, not in it; give it with --ir.")


def _sound(model: IntegerModel) -> NDArray[np.float64]:
    found: NDArray[np.float64] = network_of(model)(phrase()) / 32768.0 * 2.0**model.output_shift
    return found


def _lufs(sound: NDArray[np.float64], name: str) -> float:
    loudness = lufs(sound)
    if not math.isfinite(loudness):
        raise InputError(f"{name}: it is silent; there is nothing to pair.")
    return loudness


def _way_up(one: NDArray[np.float64], other: NDArray[np.float64]) -> int:
    """1, or -1 where the other is more alike turned over, within 64 frames."""
    alike = correlate(one - one.mean(), other - other.mean(), mode="same", method="fft")
    near = alike[len(alike) // 2 - 64 : len(alike) // 2 + 65]
    return 1 if near.max() >= -near.min() else -1
