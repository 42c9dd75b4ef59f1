"""Networks made smaller: what is left sounds as the whole did with that layer silent, and is trained on from there."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gritspace.train.audio import signals
from gritspace.train.network.play import played
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from gritspace.train.snapshot.fit import FitConfig, SnapshotFit
from gritspace.train.snapshot.shrink import cost, shrunk, without_layer
from gritspace.train.snapshot.snapshot import Snapshot, fresh

TWO = TcnConfig((LayerArrayConfig(4, (3,) * 4, (1, 2, 4, 8), head_size=2), LayerArrayConfig(2, (3, 3, 3), (1, 3, 9))))
DRY = torch.from_numpy(signals.synthetic(2, 4))


@pytest.fixture
def tcn() -> Tcn:
    torch.manual_seed(3)
    return fresh(TWO).eval()


def silenced(tcn: Tcn, array: int, layer: int) -> Tcn:
    """The same network with a layer that adds nothing."""
    one = tcn.arrays[array].layers[layer]
    with torch.no_grad():
        for parameter in one.parameters():
            parameter.zero_()
    return tcn


def test_a_layer_taken_out_is_a_layer_silenced(tcn: Tcn) -> None:
    for array, layer in ((0, 1), (1, 0)):
        smaller = without_layer(tcn, array, layer)
        assert len(smaller.arrays[array].layers) == len(TWO.arrays[array].dilations) - 1
        same = Tcn(TWO)
        same.load_state_dict(tcn.state_dict())
        assert torch.allclose(played(smaller, DRY), played(silenced(same, array, layer), DRY), atol=1e-6)


def test_the_layer_that_is_missed_least_goes_first(tcn: Tcn) -> None:
    silenced(tcn, 0, 2)
    asked = iter((False, True))
    smaller = shrunk(tcn, lambda _: next(asked), DRY)
    assert smaller is not None
    assert list(smaller.config.arrays[0].dilations) == [1, 2, 8]
    assert torch.allclose(played(smaller, DRY), played(tcn, DRY), atol=1e-6)


def test_a_narrow_layer_that_is_missed_as_little_stays_when_a_wide_one_spares_more(tcn: Tcn) -> None:
    """Both are silent, so that both are missed not at all but for the last bits; what is asked for is dear."""
    silenced(silenced(tcn, 0, 1), 1, 1)
    wide, narrow = without_layer(tcn, 0, 1), without_layer(tcn, 1, 1)
    assert cost(tcn.config) - cost(wide.config) > 2 * (cost(tcn.config) - cost(narrow.config))
    enough = cost(tcn.config) - cost(wide.config)
    asked: list[Tcn] = []
    smaller = shrunk(tcn, lambda one: asked.append(one) is None, DRY, too_dear=enough)
    assert smaller is not None
    assert len(asked) == 1, "what is too dear by the rule of thumb is not priced"
    assert cost(tcn.config) - cost(smaller.config) >= enough


def test_a_layer_comes_back_when_one_that_went_later_made_room_for_it(tcn: Tcn) -> None:
    """A narrow, silent layer goes first and is not enough; the wide one that must go then is enough alone."""
    silenced(tcn, 1, 1)
    wide = min((without_layer(tcn, 0, layer) for layer in range(4)), key=lambda one: missed(one, tcn))
    limit = cost(wide.config) + 1
    told: list[int] = []
    smaller = shrunk(tcn, lambda one: cost(one.config) <= limit, DRY, lambda out, _: told.append(out))
    assert smaller is not None
    assert [len(array.dilations) for array in smaller.config.arrays] == [3, 3]
    assert told == [1, 2, 1]
    assert missed(smaller, tcn) == pytest.approx(missed(wide, tcn), rel=1e-6)


def missed(smaller: Tcn, tcn: Tcn) -> float:
    return float((played(smaller, DRY) - played(tcn, DRY)).square().sum())


def test_a_network_that_never_fits_is_none(tcn: Tcn) -> None:
    assert shrunk(tcn, lambda _: False, DRY) is None


def test_what_is_left_is_trained_on_from_its_own_weights(tcn: Tcn) -> None:
    dry, held = signals.synthetic(6, 1), signals.synthetic(2, 2)
    teacher = Snapshot(tcn, "teacher")
    wet, held_wet = teacher.render_audio(dry), teacher.render_audio(held)
    asked = iter((False, True))
    smaller = shrunk(tcn, lambda _: next(asked), DRY)
    assert smaller is not None
    config = FitConfig(steps=150, batch=4, segment_frames=1024, learning_rate=2e-3, stft_weight=0.0)
    fit = SnapshotFit(dry, wet, held, held_wet, config, start=smaller)
    before = fit.held_out_esr(fit._weights())
    heard = Snapshot(smaller, "smaller").render_audio(held)
    lead_in = smaller.config.receptive_field - 1
    own = np.square(heard - held_wet)[lead_in:].sum() / np.square(held_wet)[lead_in:].sum()
    assert before == pytest.approx(float(own), rel=1e-3)
    assert fit.run().esr < 0.7 * before
