import math

import numpy as np
import pytest
import torch

from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.space import attributes
from gritspace.train.space.senses import knob_sense
from gritspace.train.space.senses.knob_sense import KnobSense, heard
from gritspace.train.space.space import Space, SpaceConfig
from tests.train.space.shaper import of_function

SHAPERS = {
    "soft": lambda x: np.tanh(3 * x),
    "hard": lambda x: np.tanh(20 * x),
    "bent": lambda x: np.tanh(8 * x + 0.5) - math.tanh(0.5),
    "folded": lambda x: np.sin(9 * x),
}


@pytest.mark.parametrize("name", SHAPERS)
def test_what_training_hears_is_what_the_attributes_measure(name: str) -> None:
    """drive, symmetry: the same to a tenth of a dB where they are above the floor."""
    shaper, found = SHAPERS[name], of_function(SHAPERS[name])
    sense = KnobSense(0, torch.zeros(0, 4))
    wet = torch.from_numpy(shaper(sense.sine.numpy().astype(np.float64))).float()[None]
    assert float(heard(wet, 0)) == pytest.approx(found.drive, abs=0.1)
    if found.symmetry > -50:
        assert float(heard(wet, 2)) == pytest.approx(found.symmetry, abs=0.1)


def test_attributes_that_differ_are_heard_to_differ_the_same_way() -> None:
    sense = KnobSense(0, torch.zeros(0, 4))
    dark = np.convolve(sense.noise.numpy(), np.ones(16) / 16)[: len(sense.noise)].astype(np.float32)
    assert float(heard(torch.from_numpy(dark)[None], 1)) < float(heard(sense.noise[None], 1)) - 0.5
    measured, here = [], []
    for gain in (1.0, 4.0, 20.0):
        measured.append(of_function(lambda x, g=gain: np.tanh(g * x)).dynamics)
        here.append(float(heard(torch.tanh(gain * sense.pluck)[None], 3)))
    assert np.argsort(measured).tolist() == np.argsort(here).tolist() == [0, 1, 2]


def test_heard_attributes_have_finite_gradients_even_in_silence() -> None:
    for wet in (torch.zeros(2, 4_800), torch.randn(2, 4_800, generator=torch.Generator().manual_seed(0))):
        for dimension in range(4):
            leaf = wet.clone().requires_grad_()
            heard(leaf, dimension).sum().backward()
            assert leaf.grad is not None
            assert torch.isfinite(leaf.grad).all()


def test_training_by_it_turns_a_dimension_that_did_the_contrary() -> None:
    torch.manual_seed(3)
    space = Space(SpaceConfig(TcnConfig((LayerArrayConfig(4, (3, 3), (1, 2)),), position_size=4, film_hidden=8)))
    lead_in = space.config.decoder.receptive_field - 1
    measured = torch.tensor([[-30.0, 0.0, -40.0, 0.0], [-10.0, 1.0, -10.0, 6.0]])
    sense, rng = KnobSense(lead_in, measured), torch.Generator().manual_seed(1)
    places = torch.rand(16, 4, generator=rng) * 2 - 1
    optimizer = torch.optim.Adam(space.decoder.parameters(), lr=0.02)

    def mean_loss() -> float:
        with torch.no_grad():
            return float(np.mean([float(sense(space, places, d, rng)) for d in range(4) for _ in range(6)]))

    before = mean_loss()
    for step in range(160):
        optimizer.zero_grad()
        sense(space, places, step % 4, rng).backward()
        optimizer.step()
    assert mean_loss() < 0.4 * before


def test_devices_that_are_all_alike_do_not_divide_by_nothing() -> None:
    sense = KnobSense(10, torch.zeros(5, 4))
    assert torch.isfinite(sense.spread).all()
    assert (sense.spread > 0).all()
    assert len(sense.sine) == 10 + knob_sense.SINE_FRAMES
    assert knob_sense.SINE_FRAMES * attributes.SINE_HZ % 48_000 == 0
