"""Rounding in the light of what earlier rounding left."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding import quantize as integer
from gritspace.quantize.rounding import twin
from gritspace.quantize.rounding.dequantize import dequantize
from gritspace.quantize.rounding.quantize import quantize, to_q15
from gritspace.train.audio.levels import at_all_levels
from tests.quantize.conftest import make_tcn, noise, q15

PLACES = np.random.default_rng(2).uniform(-1, 1, (6, 4))


def _error(hold: float, monkeypatch: pytest.MonkeyPatch) -> float:
    """Integers against float at positions and on audio that calibration did not know, pooled."""
    monkeypatch.setattr(twin, "HOLD", hold)
    network = from_tcn(make_tcn("tanh_space"))
    model = quantize(network, noise(), PLACES)
    blob, audio, error, power = to_bytes(model), noise(seed=9), 0.0, 0.0
    for place in PLACES * 0.8:
        wanted = run_float(network, audio, place)
        got = Engine(blob, to_q15(place)).process(q15(audio)) / 32768 * 2.0**model.output_shift
        error += float(np.sum((got - wanted) ** 2))
        power += float(np.sum(wanted**2))
    return error / power


def test_layers_that_take_up_earlier_errors_end_closer_to_the_float_network(monkeypatch: pytest.MonkeyPatch) -> None:
    held_fast = _error(1e12, monkeypatch)
    assert _error(1e-5, monkeypatch) < 0.9 * held_fast


@pytest.mark.parametrize("shape", ["two_tanh_arrays", "relu_snapshot", "hardtanh_odd_two_arrays"])
def test_the_twin_hears_what_its_integers_stand_for(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rounded side, walked step by step, ends where the finished integer model, read back as floats, ends."""
    kept: list[twin.Twin] = []

    class Kept(twin.Twin):
        def __init__(self, *given: object) -> None:
            super().__init__(*given)  # type: ignore[arg-type]
            kept.append(self)

    monkeypatch.setattr(integer, "Twin", Kept)
    network = from_tcn(make_tcn(shape)).padded()
    model = quantize(network, noise())
    place = kept[0].places[0]
    assert place.skips is not None
    exact, rounded = (side[-9600:, 0] for side in place.skips)
    heard = at_all_levels(noise())
    np.testing.assert_allclose(exact, run_float(network, heard), atol=1e-4)
    np.testing.assert_allclose(rounded, run_float(dequantize(model), heard), atol=2e-4)


def test_a_convolution_is_asked_for_only_when_the_one_before_was_answered() -> None:
    network = from_tcn(make_tcn("relu_snapshot")).padded()
    walk = twin.Twin(network, [noise()], [np.zeros(0)], [1.0]).convolutions()
    next(walk)
    with pytest.raises(ValueError, match="must be answered"):
        next(walk)
    walk = twin.Twin(network, [noise()], [np.zeros(0)], [1.0]).convolutions()
    heard, count = next(walk), 1
    with suppress(StopIteration):
        while True:
            heard, count = walk.send(twin.Rounded(heard.weight, heard.mixin, heard.bias)), count + 1
    layers = sum(len(array.layers) for array in network.arrays)
    assert count == 2 * len(network.arrays) + 2 * layers - 1, "nothing reads the last layer's 1x1"
