"""Models at the very edge of what the checker lets through: accumulators that some input takes to their last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gritspace.quantize.model.model import Convolution, Dense, IntegerFilm, IntegerModel

TOP = 2**31 - 1
PARTS = ("hidden", "gain", "bias")


def dense_at_the_edge(dense: Dense, rng: np.random.Generator, over: int = 0) -> Dense:
    """Each row's bias takes its accumulator to int32's end, or `over` beyond; shifts anything, often 0, 1, 2."""
    shift = np.where(rng.random(dense.shift.size) < 0.7, rng.integers(0, 4, dense.shift.size), dense.shift)
    shift = shift.astype(np.uint8)
    weight = dense.weight.copy()
    if rng.random() < 0.5:
        weight[rng.integers(len(weight))] = 0
    room = TOP - (shift == 1) + over - np.abs(weight.astype(np.int64)).sum(axis=1) * 32768
    weight[room < 0] = 0
    room = np.where(room < 0, TOP - (shift == 1) + over, room)
    sign = np.where(rng.random(room.size) < 0.7, 1, -1)
    return Dense(weight, np.clip(sign * room, -TOP, TOP).astype(np.int32), shift)


def convolution_at_the_edge(conv: Convolution, rng: np.random.Generator, over: int = 0) -> Convolution:
    """The same of a convolution's own biases."""
    reach = np.abs(conv.weight.astype(np.int64)).sum(axis=(1, 2)) * 32768
    if conv.mixin is not None:
        reach = reach + np.abs(conv.mixin.astype(np.int64)) * 32768
    sign = np.where(rng.random(reach.size) < 0.5, 1, -1)
    return replace(conv, bias=np.clip(sign * (TOP + over - reach), -TOP, TOP).astype(np.int32))


def model_at_the_edge(model: IntegerModel, rng: np.random.Generator) -> IntegerModel:
    """Some of a model's accumulators at the edge. Not every such model passes the check."""

    def some(conv: Convolution) -> Convolution:
        return convolution_at_the_edge(conv, rng) if rng.random() < 0.6 else conv

    film = model.film
    if film is not None:
        film = IntegerFilm(
            **{p: dense_at_the_edge(getattr(film, p), rng) if rng.random() < 0.5 else getattr(film, p) for p in PARTS}
        )
        if rng.random() < 0.8:  # else hardly a convolution has room for its biases
            film = replace(film, bias=replace(film.bias, shift=np.maximum(film.bias.shift, 8).astype(np.uint8)))
    arrays = tuple(
        replace(
            array,
            rechannel=some(array.rechannel),
            head=some(array.head),
            skip_shift=int(rng.integers(0, 21)) if rng.random() < 0.3 else array.skip_shift,
            layers=tuple(
                replace(
                    layer,
                    conv=some(layer.conv),
                    residual=None if layer.residual is None else some(layer.residual),
                    skip_weight=np.full_like(layer.skip_weight, 64) if rng.random() < 0.3 else layer.skip_weight,
                    stream_shift=rng.integers(0, 16, layer.stream_shift.size).astype(np.int8)
                    if rng.random() < 0.2
                    else layer.stream_shift,
                    slope_q15=int(rng.integers(0, 32768)) if rng.random() < 0.3 else layer.slope_q15,
                )
                for layer in array.layers
            ),
        )
        for array in model.arrays
    )
    return replace(model, arrays=arrays, film=film)


def loud(frames: int, rng: np.random.Generator) -> np.ndarray:
    """Audio of extremes, int16 (frames,)."""
    return rng.choice(np.array([-32768, 32767, 0, -1, 1], np.int16), frames, p=[0.4, 0.4, 0.1, 0.05, 0.05])
