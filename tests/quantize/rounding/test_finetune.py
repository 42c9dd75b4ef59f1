"""Fine-tuning of rounded weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.network.network import Floats, Network, from_tcn
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding import convert
from gritspace.quantize.rounding.finetune import Tuning
from gritspace.quantize.rounding.limits import UnsupportedNetwork
from gritspace.quantize.rounding.quantize import quantize, to_q15
from tests.quantize.conftest import make_tcn, noise, q15


def _error(network: Network, place: Floats | None, steps: int) -> float:
    model = quantize(network, noise(48000), [] if place is None else [place], tuning=Tuning(steps))
    wanted = run_float(network, noise(seed=9), place)
    engine = Engine(to_bytes(model), None if place is None else to_q15(place))
    got = engine.process(q15(noise(seed=9))) / 32768 * 2.0**model.output_shift
    return float(np.sum((got - wanted) ** 2) / np.sum(wanted**2))


@pytest.mark.parametrize("shape", ["tanh_space", "relu_snapshot"])
def test_fine_tuning_makes_up_for_careless_rounding(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every weight rounded to its nearest, as without calibration, there is much to learn."""
    monkeypatch.setattr("gritspace.quantize.rounding.finetune.FRAMES", 1024)
    rounded = convert._rounded
    monkeypatch.setattr(convert, "_rounded", lambda heard, *scales: rounded(replace(heard, gram=None), *scales))
    network = from_tcn(make_tcn(shape))
    place = np.full(network.position_size, 0.3) if network.film else None
    assert _error(network, place, 300) < 0.9 * _error(network, place, 0)


def test_fine_tuning_that_does_not_help_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gritspace.quantize.rounding.finetune.RATE", 20.0)  # weights thrown about
    network = from_tcn(make_tcn("relu_snapshot"))
    tuned, plain = (quantize(network, noise(48000), tuning=tuning) for tuning in (Tuning(5), None))
    assert to_bytes(tuned) == to_bytes(plain)


def test_an_activation_that_cannot_be_tuned_is_named() -> None:
    network = from_tcn(make_tcn("relu_snapshot"))
    array = network.arrays[0]
    layers = tuple(replace(layer, activation="sigmoid") for layer in array.layers)
    with pytest.raises(UnsupportedNetwork, match="training knows arrays of one activation"):
        quantize(replace(network, arrays=(replace(array, layers=layers),)), noise(), tuning=Tuning(1))
