"""Places by numbers and by names: four numbers, a device, or both."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.arguments import position_q15
from gritspace.host_tools.models.places import named, place
from gritspace.quantize.model.grit import read_grit
from gritspace.quantize.rounding.quantize import to_q15
from gritspace.train.errors import InputError
from gritspace.train.space.space import load_space
from tests.quantize.conftest import make_model

POSITIONS = {"rat@distortion=0,filter=0": [0.0] * 6, "rat@distortion=1,filter=1": [1.0] * 6, "DumbleKit": [0.5] * 6}


def test_four_numbers_are_the_played_dimensions_and_the_rest_is_the_models_own() -> None:
    model = make_model("leaky_space_with_long_head")
    filled = position_q15("0.5,0,-0.5,1", model)
    assert filled is not None
    assert filled.tolist() == [16384, 0, -16384, 32767, *model.default_position[4:]]


def test_a_wrong_number_of_numbers_says_both_right_ones() -> None:
    with pytest.raises(InputError, match="4 or 6 numbers"):
        position_q15("0.5,0", make_model("leaky_space_with_long_head"))


def test_a_device_without_a_setting_means_its_middle_one_and_case_does_not_matter() -> None:
    assert (
        named({**POSITIONS, "rat@distortion=0.5,filter=0.5": [0.4] * 6}, "RAT", "space")
        == "rat@distortion=0.5,filter=0.5"
    )
    assert named(POSITIONS, "dumblekit", "space") == "DumbleKit"


def test_an_unknown_device_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="nearest: DumbleKit"):
        named(POSITIONS, "Dumble", "space")


def test_a_device_is_found_in_the_space_beside_the_model(space_file: Path, model_file: Path) -> None:
    model, label = read_grit(model_file), "rat@distortion=0.5,filter=0.5"
    at_device = place(None, "rat", model, model_file)
    assert at_device is not None
    assert np.array_equal(at_device, to_q15(load_space(space_file).positions[label]))


def test_a_model_without_its_space_says_what_is_missing(model_file: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copy(model_file, tmp_path / "alone.grit"))
    with pytest.raises(InputError, match="beside"):
        place(None, "rat", read_grit(alone), alone)
