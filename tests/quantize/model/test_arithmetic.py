"""The integer rules against TensorFlow Lite's own kernels, over every int16 there is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gritspace.quantize.export.tflite import SIGMOID_SCALE, TANH_SCALE, run_tflite
from gritspace.quantize.export.tflite_graph import SCALE, Graph, Tensor
from gritspace.quantize.model import arithmetic

EVERY_INT16 = np.arange(-32768, 32768).astype(np.int16)


def through(operation: str, scale: float) -> np.ndarray:
    graph = Graph(EVERY_INT16.size)
    source = graph.input() if scale == SCALE else graph._activation("x", 0, 1, scale)
    result: Tensor = getattr(graph, operation)(source)
    return run_tflite(graph.finish(source, result, operation), EVERY_INT16).astype(np.int64)


@pytest.mark.parametrize(("operation", "scale"), [("tanh", TANH_SCALE), ("sigmoid", SIGMOID_SCALE)])
def test_tables_equal_tensorflow_lite_for_every_int16(operation: str, scale: float) -> None:
    ours = getattr(arithmetic, operation)(EVERY_INT16.astype(np.int64))
    assert np.array_equal(through(operation, scale), ours)


def test_tables_approximate_the_functions_they_are_named_for() -> None:
    x = EVERY_INT16.astype(np.int64)
    assert np.abs(arithmetic.tanh(x) / 32768 - np.tanh(x / 6144)).max() < 8e-5
    assert np.abs(arithmetic.sigmoid(x) / 32768 - 1 / (1 + np.exp(-x / 3072))).max() < 4e-5


def test_a_q15_product_equals_tensorflow_lites_for_every_int16_squared() -> None:
    graph = Graph(EVERY_INT16.size)
    source = graph.input()
    square = run_tflite(graph.finish(source, graph.multiply(source, source), "square"), EVERY_INT16)
    x = EVERY_INT16.astype(np.int64)
    assert np.array_equal(square.astype(np.int64), arithmetic.multiply_q15(x, x))


@given(
    acc=st.lists(st.integers(-(2**31) + 1, 2**31 - 1), min_size=1, max_size=20),
    multiplier=st.integers(0, 32767),
    shift=st.integers(17, 46),
)
def test_requantization_is_the_rounded_quotient_and_what_smlawb_computes(
    acc: list[int], multiplier: int, shift: int
) -> None:
    values = np.array(acc, np.int64)
    got = arithmetic.requantize(values, multiplier, shift)
    for a, y in zip(acc, got, strict=True):
        exact = (a * multiplier * 2 + (1 << shift)) // (1 << (shift + 1))  # round half up, in Python's big integers
        assert y == max(-32768, min(32767, exact))
        # SMLAWB: the product's upper 32 bits plus a rounding constant; then an arithmetic shift
        assert y == max(-32768, min(32767, ((a * multiplier >> 16) + (1 << (shift - 17))) >> (shift - 16)))


@given(st.integers(-20000, 20000))
def test_film_gain_is_a_power_of_two_within_its_stated_error(log2_gain: int) -> None:
    gain = int(arithmetic.gain_from_log2(np.array([log2_gain]))[0]) / 16384
    exact = 2 ** (max(-8192, min(8192, log2_gain)) / 4096)
    assert abs(gain - exact) <= exact * 3e-5 + 1 / 16384
