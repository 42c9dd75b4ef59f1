"""Where noise comes from: the parts are roundings of the engine's own arithmetic, and add up to what it does."""

from __future__ import annotations

import numpy as np
import pytest

from gritspace.host_tools.models.grain import PLACES, of_places, played
from gritspace.quantize.model import reference
from gritspace.quantize.model.fold import at_position
from tests.quantize.conftest import SHAPES, make_model, noise, q15


@pytest.mark.parametrize("shape", SHAPES)
def test_rounded_everywhere_it_is_the_engines_arithmetic_to_the_bit(shape: str) -> None:
    model = at_position(make_model(shape))
    audio = q15(noise(2400, seed=7))
    np.testing.assert_array_equal(played(model, audio, PLACES), reference.run(model, audio))


def test_noises_of_the_places_add_up_to_the_noise_of_all() -> None:
    model = at_position(make_model("tanh_space"))
    found = of_places(model, q15(noise(9600, seed=7) * np.float32(0.03)))
    power = {place: 10 ** (-db / 10) for place, db in found.items()}
    assert sum(power[place] for place in PLACES) == pytest.approx(power["all"], rel=0.3)


def test_a_space_without_a_position_is_refused() -> None:
    with pytest.raises(ValueError, match="fold it at a position"):
        played(make_model("tanh_space"), np.zeros(8, np.int16), ())
