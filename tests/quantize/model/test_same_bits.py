"""One arithmetic, several implementations: numpy, the C engine and TensorFlow Lite, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest

from gritspace.quantize.export.tflite import run_tflite, to_tflite
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.fold import at_position
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.reference import run
from gritspace.quantize.rounding.quantize import to_q15
from tests.quantize.conftest import make_model, noise, q15

AUDIO = q15(noise(seed=5))


def places(model: IntegerModel, count: int) -> list[np.ndarray | None]:
    if model.film is None:
        return [None]
    rng = np.random.default_rng(3)
    return [to_q15(rng.uniform(-1, 1, model.position_count)) for _ in range(count)]


def test_c_engine_and_tensorflow_lite_put_out_the_references_samples(model: IntegerModel) -> None:
    for position in places(model, 3):
        expected = run(model, AUDIO, position)
        assert np.ptp(expected.astype(int)) > 1000, "a silent model would prove nothing"
        assert np.array_equal(Engine(to_bytes(model), position).process(AUDIO), expected)
        assert np.array_equal(run_tflite(to_tflite(model, position), AUDIO), expected)


def test_output_does_not_depend_on_how_audio_is_cut_into_blocks(model: IntegerModel) -> None:
    position = places(model, 1)[0]
    expected = run(model, AUDIO, position)
    rng = np.random.default_rng(4)
    engine, parts, at = Engine(to_bytes(model), position), [], 0
    while at < len(AUDIO):
        frames = int(rng.choice([1, 2, 3, 16, 47, 48, 49, 97, 256]))
        parts.append(engine.process(AUDIO[at : at + frames]))
        at += frames
    assert np.array_equal(np.concatenate(parts), expected)


@pytest.mark.parametrize(
    "shape", ["tanh_space", "leaky_space_with_long_head", "small_tanh_space", "gated_odd_width_space"]
)
def test_a_moving_position_gives_the_references_samples_whenever_it_moves(shape: str) -> None:
    model = make_model(shape)
    rng = np.random.default_rng(6)
    frames = np.sort(rng.choice(len(AUDIO), 60, replace=False))
    moves = [(int(f), to_q15(rng.uniform(-1, 1, model.position_count))) for f in frames]
    moves[30] = (moves[30][0], moves[29][1])  # heading where it heads already
    start = to_q15(rng.uniform(-1, 1, model.position_count))
    expected = run(model, AUDIO, start, moves)
    engine, parts = Engine(to_bytes(model), start), [run(model, AUDIO[: moves[0][0]], start)]
    engine.process(AUDIO[: moves[0][0]])
    for (frame, position), end in zip(moves, [*frames[1:], len(AUDIO)], strict=True):
        engine.set_position(position)
        parts.append(engine.process(AUDIO[frame:end]))
    assert np.array_equal(np.concatenate(parts), expected)


def test_a_space_folded_at_a_position_is_a_snapshot_with_the_same_samples() -> None:
    model = make_model("leaky_space_with_long_head")
    position = places(model, 1)[0]
    snapshot = at_position(model, position)
    assert snapshot.film is None
    assert np.array_equal(run(snapshot, AUDIO), run(model, AUDIO, position))


def test_the_engine_starts_from_the_state_that_silence_leaves(model: IntegerModel) -> None:
    position = places(model, 1)[0]
    engine = Engine(to_bytes(model), position)
    fresh = engine.process(AUDIO)
    engine.reset(position)
    engine.process(np.zeros(model.receptive_field + 100, np.int16))
    assert np.array_equal(engine.process(AUDIO), fresh)


def test_hostile_audio_saturates_instead_of_wrapping(model: IntegerModel) -> None:
    square = np.where(np.arange(4800) % 200 < 100, 32767, -32768).astype(np.int16)
    position = places(model, 1)[0]
    expected = run(model, square, position)
    assert np.array_equal(Engine(to_bytes(model), position).process(square), expected)
    assert np.array_equal(run_tflite(to_tflite(model, position), square), expected)
