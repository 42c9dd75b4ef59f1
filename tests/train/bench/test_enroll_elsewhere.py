"""The bench of enrolling on other material: what is learned from, what is heard, and what a known place gives."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from gritspace.train.bench import enroll_elsewhere
from gritspace.train.bench.enroll_elsewhere import LEARNED, MATERIALS, errors, known_errors, line, materials
from gritspace.train.space.enroll import Enrolment
from gritspace.train.space.senses import head_row
from gritspace.train.space.space import Space, load_space


class Itself:
    """The decoder as a device, at one place."""

    kind, licence, name, knobs = "circuit", "MIT", "itself", ()

    def __init__(self, space: Space, place: torch.Tensor) -> None:
        self.space, self.place = space, place

    def render(self, dry: np.ndarray, settings: np.ndarray) -> np.ndarray:
        return self.space.render(torch.from_numpy(dry), self.place.expand(len(dry), -1)).numpy()


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    found = {}
    for folder, hz in (("guitar", 200.0), ("synth", 500.0)):
        found[folder] = tmp_path_factory.mktemp(folder)
        for i in range(12):
            time = np.arange(24_000) / 48_000
            note = np.exp(-3 * time) * np.sin(2 * np.pi * hz * (1 + i / 12) * time)
            soundfile.write(found[folder] / f"{folder}_{i}.wav", 0.5 * note, 48_000)
    return found


def test_what_is_learned_from_is_not_what_is_heard_and_half_of_it_is_the_other_instrument(notes) -> None:
    learned, heard = (materials(notes["guitar"], notes["synth"], side, 2.0) for side in ("train", "validation"))
    assert set(learned) == set(LEARNED)
    half = len(learned["guitar"]) // 2
    assert np.array_equal(learned["guitar and synth"][:half], learned["guitar"][:half])
    assert np.array_equal(learned["guitar and synth"][half:], learned["synth"][:half])
    for name in MATERIALS:
        assert not np.array_equal(learned[name], heard[name])
    assert not np.array_equal(heard["guitar"], heard["another guitar"])


def test_a_place_that_is_right_has_no_error_on_any_material_and_a_wrong_one_has(notes, space_file: Path) -> None:
    space = load_space(space_file)
    heard = materials(notes["guitar"], notes["synth"], "validation", 1.0)
    place = torch.full((space.config.decoder.position_size,), 0.4)
    device, none = Itself(space, place), np.zeros(0, np.float32)
    assert max(errors(space, Enrolment(place, 1.0), device, none, heard)) < 1e-9
    assert min(errors(space, Enrolment(-place, 1.0), device, none, heard)) > 1e-6


def test_known_devices_are_heard_at_their_own_places_and_lines_are_medians(notes, space_file: Path) -> None:
    space = load_space(space_file)
    place = torch.tensor([0.3] * space.config.decoder.position_size)
    space.positions, space.gains, space.levels = {"itself": place.tolist()}, {"itself": -2.0}, {"itself": 0.5}
    heard = materials(notes["guitar"], notes["synth"], "validation", 1.0)

    class Inverted(Itself):
        def render(self, dry: np.ndarray, settings: np.ndarray) -> np.ndarray:
            return -super().render(dry, settings)

    found = known_errors(space, [Inverted(space, place)], heard, 4)
    assert len(found) == 1
    assert max(found[0]) < 1e-9
    held = head_row.held(space, [heard["guitar"]])
    assert abs(float(head_row.held_gain(held, place[None].numpy())[0]) - 1) > 0.01
    assert max(known_errors(held, [Inverted(space, place)], heard, 4)[0]) < 1e-6
    assert line("x", [[0.1, 1.0], [0.2, 3.0], [0.9, 2.0]]) == "| x | 0.200 | 2.000 |"
    assert enroll_elsewhere.LEARNED[-1] == "guitar and synth"
