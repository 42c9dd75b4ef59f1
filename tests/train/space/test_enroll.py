"""Enrolling finds what is known to be there: recordings made by the decoder itself, late, upside down, and bent."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gritspace.train.audio.held_out import Clip
from gritspace.train.audio.signals import synthetic
from gritspace.train.errors import InputError
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Film
from gritspace.train.space import enroll as enrolling
from gritspace.train.space.data.pairs import LEVEL_RMS
from gritspace.train.space.enroll import (
    Enrolment,
    brought_together,
    enroll,
    gain_offsets,
    guess_from_wet,
    with_offsets,
)
from gritspace.train.space.space import Space, SpaceConfig

PLACE = torch.tensor([0.55, -0.4, 0.1, 0.3])
DRY = synthetic(4.0, 21)


@pytest.fixture(scope="module")
def space() -> Space:
    """Untrained, and lively: every dimension bends gains and biases much."""
    torch.manual_seed(5)
    found = Space(SpaceConfig(TcnConfig((LayerArrayConfig(4, (3, 3), (1, 2)),), position_size=4, film_hidden=8)))
    with torch.no_grad():
        found.decoder.film.log2_gain.weight.mul_(20)
        found.decoder.film.bias.weight.mul_(4)
        for layer in found.decoder.arrays[0].layers:
            layer.mixin.weight.mul_(4)
    found.positions = {"a": [0.0, 0.0, 0.0, 0.0], "b": [0.3, 0.3, 0.3, 0.3], "c": [-0.8, 0.4, 0.2, 0.9]}
    return found.eval()


@pytest.fixture(autouse=True)
def fewer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, steps in (("SEARCH_STEPS", 25), ("STEPS", 50), ("REFINE_STEPS", 120), ("BATCH", 4)):
        monkeypatch.setattr(enrolling, name, steps)


def played(space: Space, dry: np.ndarray, place: torch.Tensor = PLACE) -> np.ndarray:
    return space.render(torch.from_numpy(dry)[None], place[None])[0].numpy()


def error(space: Space, found: Enrolment, wet: np.ndarray) -> float:
    """Of the enrolled space against the recording itself, at the recording's own level."""
    bent = space if found.offsets is None else with_offsets(space, found.offsets)
    ours = played(bent, DRY, found.position) * found.output_gain
    return float(np.sum((wet - ours)[500:] ** 2) / np.sum(wet[500:] ** 2))


def test_a_sound_of_the_space_itself_is_found_again_at_any_level_and_way_up(space: Space) -> None:
    for factor in (1.0, -0.05):
        wet = factor * played(space, DRY)
        found = enroll(space, DRY, wet)
        assert found.esr < 0.01
        assert error(space, found, wet) < 0.01
        assert found.esr <= found.esr_of_guess
        assert float(found.position.abs().max()) <= 1
        assert found.learned_seconds == pytest.approx(2.2)
        assert found.checked_seconds == pytest.approx(1.8)  # in whole clips, from all over


def test_a_rigs_latency_is_found_and_taken_out(space: Space) -> None:
    late = np.concatenate([np.zeros(200, np.float32), played(space, DRY)[:-200]])
    _, wet, latency, _ = brought_together(DRY, late)
    assert 180 <= latency <= 200
    assert len(wet) == len(DRY) - latency


def test_refining_reaches_what_no_position_does_and_folds_into_the_space(space: Space) -> None:
    torch.manual_seed(8)
    rows = space.config.decoder.film_rows
    strange = with_offsets(space, torch.stack([0.25 * torch.randn(rows), 0.1 * torch.randn(rows)]))
    wet = played(strange, DRY)
    found = enroll(space, DRY, wet, refine=True)
    assert found.esr < 0.3 * found.esr_of_position
    assert error(space, found, wet) == pytest.approx(found.esr, abs=0.02)


def test_refining_moves_gains_that_lie_far_beyond_their_limit(space: Space) -> None:
    """As half of a trained space's do: the limit of two octaves is what is heard, three more lie behind it."""
    far = copy.deepcopy(space)
    rows = space.config.decoder.film_rows
    side = torch.where(torch.arange(rows) % 2 == 0, 5.0, -5.0)
    with torch.no_grad():
        far.decoder.film.log2_gain.weight.mul_(0.05)
        far.decoder.film.log2_gain.bias.copy_(side)
    wet = played(with_offsets(far, torch.stack([-0.8 * side, torch.zeros(rows)])), DRY)
    found = enroll(far, DRY, wet, refine=True)
    assert found.esr < 0.3 * found.esr_of_position
    assert error(far, found, wet) == pytest.approx(found.esr, abs=0.02)


def test_a_gain_is_moved_from_what_is_heard_and_outwards_stays_where_it_is() -> None:
    film = Film(1, 1, 4)
    with torch.no_grad():
        film.log2_gain.weight.zero_()
        film.log2_gain.bias.copy_(torch.tensor([5.0, 5.0, -3.0, 1.0]))
    offsets = gain_offsets(film, torch.zeros(1), torch.tensor([-0.5, 0.5, 0.25, 0.5]))
    assert offsets.tolist() == [-3.5, 0.0, 1.25, 0.5]


def test_offsets_move_log2_gains_and_biases_of_every_row_and_leave_the_space_alone(space: Space) -> None:
    rows = space.config.decoder.film_rows
    offsets = torch.stack([torch.linspace(-0.3, 0.3, rows), torch.linspace(0.1, -0.1, rows)])
    place = torch.tensor([[0.02, 0.0, 0.01, 0.0]])
    with torch.no_grad():
        before, after = space.decoder.film(place), with_offsets(space, offsets).decoder.film(place)
        assert torch.allclose(after.gain[0, :, 0].log2(), before.gain[0, :, 0].log2() + offsets[0], atol=1e-5)
        assert torch.allclose(after.bias[0, :, 0], before.bias[0, :, 0] + offsets[1], atol=1e-6)
        assert torch.equal(space.decoder.film(place).gain, before.gain)


def test_wet_alone_gives_a_guess_in_the_box_and_says_so(space: Space) -> None:
    found = guess_from_wet(space, played(space, DRY))
    assert found.guess
    assert found.position.shape == (4,)
    assert float(found.position.abs().max()) <= 1
    assert np.isnan(found.esr)


def test_wet_comes_as_loud_as_in_training(space: Space) -> None:
    _, wet, _, gain = brought_together(DRY, -3.0 * DRY)
    assert gain < 0
    assert float(np.sqrt(np.mean(wet**2))) == pytest.approx(LEVEL_RMS, rel=1e-3)
    assert np.corrcoef(wet, DRY)[0, 1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("dry", "wet", "reason"),
    [
        (DRY, DRY[:-100], "dry is 4.00 s and wet 4.00 s long"),
        (DRY[:20_000], DRY[:20_000], "at least 1 s"),
        (DRY, np.zeros_like(DRY), "wet is silent"),
        (np.zeros_like(DRY), DRY, "dry is silent"),
    ],
)
def test_a_recording_that_cannot_be_used_is_told(space: Space, dry, wet, reason) -> None:
    with pytest.raises(InputError, match=reason):
        enroll(space, dry, wet)


def test_the_error_is_measured_on_what_was_not_learned_from(space: Space, monkeypatch, tmp_path: Path) -> None:
    seen: list[int] = []
    real = enrolling._Search._batch

    def watched(self, rng):
        seen.append(len(self.dry))
        return real(self, rng)

    last = Clip(153_600, len(DRY))
    monkeypatch.setattr(enrolling, "held_out", lambda dry, wet, share: [last])
    monkeypatch.setattr(enrolling._Search, "_batch", watched)
    wet = played(space, DRY)
    wet[160_000:] = np.random.default_rng(1).normal(0, 0.1, len(wet) - 160_000)  # the last sixth is something else
    found = enroll(space, DRY, wet)
    assert set(seen) == {153_600}
    assert found.esr > 0.3


def test_places_are_compared_by_pieces_from_all_over_a_recording_not_by_its_loudest_seconds_alone() -> None:
    lead_in, frames = 100, 48_000
    wet = 0.1 * torch.ones(8 * frames + lead_in)
    wet[lead_in + 3 * frames : lead_in + 4 * frames] = 1.0  # one second ten times as loud as all others
    quieter = lead_in + 5 * frames + 20_000
    wet[quieter : quieter + 12_000] = 0.2
    dry = torch.arange(len(wet), dtype=torch.float32)
    heard, made = enrolling._sample(dry, wet, lead_in)
    starts = heard[:, lead_in]
    assert heard.shape == (8, lead_in + 12_000)
    assert made.shape == (8, 12_000)
    assert torch.equal((starts - lead_in) // frames, torch.arange(8.0))
    assert float(starts[5]) == quieter
    assert torch.equal(heard[:, -1], starts + 11_999)
    short, _ = enrolling._sample(dry[: lead_in + 4_000], wet[: lead_in + 4_000], lead_in)
    assert short.shape == (8, lead_in + 500)


def test_refining_that_makes_it_worse_is_not_taken(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a place that is nearly right, a rate that is too high leads away."""
    monkeypatch.setattr(enrolling, "REFINE_RATE", 0.5)
    found = enroll(space, DRY, played(space, DRY), refine=True)
    assert found.offsets is not None
    assert found.esr <= found.esr_of_position < 0.01


def test_refining_that_is_better_where_it_learned_and_worse_elsewhere_is_not_taken(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    error_on_sample, descend = enrolling._Search.error, enrolling._Search.descend

    def astray(self, start, steps, rate, told, bend=False):
        found = descend(self, start, steps, rate, told)
        return replace(found, offsets=torch.full_like(found.offsets, 0.5)) if bend else found

    monkeypatch.setattr(enrolling._Search, "descend", astray)
    monkeypatch.setattr(
        enrolling._Search,
        "error",
        lambda self, place: -1.0 if bool(place.offsets.any()) else error_on_sample(self, place),
    )
    wet = played(space, DRY)
    found = enroll(space, DRY, wet, refine=True)
    assert found.offsets is not None
    assert not found.offsets.any()
    assert error(space, found, wet) < 0.01
