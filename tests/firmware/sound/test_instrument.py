"""The instrument's parts in C against their Python models or an independent library."""

from __future__ import annotations

import ctypes
import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gritspace.host_tools.hil.expected import GLIDE_BLOCKS, glide, moves_of
from gritspace.host_tools.link.messages import message_frame
from gritspace.quantize.model import reference
from gritspace.quantize.model.model import IntegerModel
from tests.firmware.host.host_module import HostModule
from tests.firmware.host.sound_path import TOLERANCE, heard
from tests.quantize.conftest import noise, q15

int16 = st.integers(-32768, 32767)


@given(targets=hnp.arrays(np.int16, st.tuples(st.integers(1, 60), st.integers(1, 16)), elements=int16))
@settings(max_examples=200, deadline=None)
def test_the_glide_in_c_is_the_one_in_python(library: ctypes.CDLL, targets: np.ndarray) -> None:
    played = np.empty_like(targets)
    blocks, count = targets.shape
    library.host_glide(
        ctypes.c_void_p(targets.ctypes.data),
        ctypes.c_size_t(blocks),
        ctypes.c_size_t(count),
        ctypes.c_void_p(played.ctypes.data),
    )
    assert np.array_equal(played, glide(targets))


def test_the_full_range_takes_twenty_blocks_and_no_step_is_larger_than_another() -> None:
    targets = np.full((40, 1), 32767, np.int16)
    targets[0] = -32768
    steps = np.diff(glide(targets)[:, 0].astype(int))
    assert np.count_nonzero(steps) == GLIDE_BLOCKS
    assert steps[: GLIDE_BLOCKS - 1].tolist() == [3277] * (GLIDE_BLOCKS - 1)
    assert 0 < steps[GLIDE_BLOCKS - 1] <= 3277


@pytest.mark.parametrize("length", [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])
def test_the_module_names_its_model_by_sha256(library: ctypes.CDLL, length: int) -> None:
    junk = np.random.default_rng(length).bytes(length)
    (info,) = HostModule(library, junk).ask(message_frame("hello", 1))
    assert info.values["model_sha256"] == hashlib.sha256(junk).digest()
    assert info.values["model_status"] != 0


@given(work=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=600), percent=st.sampled_from([50, 99]))
@settings(max_examples=100, deadline=None)
def test_percentiles_are_those_of_numpy_over_the_last_256_blocks(
    library: ctypes.CDLL, work: list[int], percent: int
) -> None:
    values = np.asarray(work, np.uint32)
    library.host_percentile.restype = ctypes.c_uint32
    found = library.host_percentile(
        ctypes.c_void_p(values.ctypes.data), ctypes.c_size_t(len(values)), ctypes.c_uint32(percent)
    )
    assert found == np.percentile(values[-256:], percent, method="inverted_cdf")


def test_the_converter_hears_the_model_glide_to_a_position_set_over_the_link(
    module: HostModule, model: IntegerModel
) -> None:
    audio = q15(noise(96 * 48))
    played = [module.audio(block) for block in audio.reshape(-1, 48)[:10]]
    target = np.array([30000, -20000, 5000, -32768], np.int16)
    (answer,) = module.ask(message_frame("set_position", 5, target))
    assert answer.name == "position"
    assert answer.tail.tolist() == target.tolist()
    played += [module.audio(block) for block in audio.reshape(-1, 48)[10:]]
    by_block = np.tile(target, (96, 1))
    by_block[:10] = model.default_position
    position, moves = moves_of(by_block)
    wanted = heard(model, reference.run(model, audio, position, moves))
    assert np.abs(np.concatenate(played) - wanted).max() <= TOLERANCE


def test_after_a_late_block_one_is_left_out_so_that_the_link_gets_its_turn(module: HostModule) -> None:
    loud = np.full(48, 20000, np.int16)
    assert module.audio(loud).any()
    module.late()
    assert not module.audio(loud).any()
    assert module.audio(loud).any()
    (status,) = module.ask(message_frame("get_status", 1))
    assert (status.values["xruns"], status.values["blocks"]) == (1, 2)
