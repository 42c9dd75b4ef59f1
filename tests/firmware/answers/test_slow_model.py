"""A model that is legal and far too slow: its cost is known before anything of it runs, and nobody waits for it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from gritspace.host_tools.link.messages import message_frame
from gritspace.host_tools.module import memory
from gritspace.host_tools.sound import pair
from gritspace.quantize.cycles.real_time import AROUND_CYCLES
from gritspace.quantize.model.c_engine import check_blob
from gritspace.quantize.model.grit import from_bytes, to_bytes
from tests.firmware.host.host_module import HostModule
from tests.firmware.host.rig import Rig
from tests.quantize.conftest import make_model
from tests.quantize.model.slow_model import sharing_blob, slow_blob

OTHER = make_model("relu_snapshot")
SECOND = 480_000_000
LAYOUT = 6


@pytest.fixture
def metered(library: ctypes.CDLL) -> Iterator[Callable[[int], None]]:
    """A board of a Seed's speed that counts cycles; each measured piece says it has cost so many."""

    def say(cost: int) -> None:
        library.host_board_speed(SECOND, cost)
        library.host_board_unit(1)

    yield say
    library.host_board_speed(0, 0)
    library.host_board_unit(0)


def measured(library: ctypes.CDLL) -> int:
    """How many pieces have been tried out since the last time."""
    return int(library.host_board_measured())


def test_the_slow_model_is_legal_and_weights_that_serve_two_layers_are_not() -> None:
    blob = slow_blob()
    assert check_blob(blob) == 0
    assert from_bytes(blob).macs_per_frame > 118_000
    assert len(blob) < 31 * 4096
    sharing = sharing_blob()
    assert from_bytes(sharing).macs_per_frame > 3_900_000
    assert len(sharing) < 100_000
    assert check_blob(sharing) == LAYOUT


def test_nothing_of_a_model_runs_whose_shapes_say_that_it_is_too_slow(
    library: ctypes.CDLL, metered: Callable[[int], None]
) -> None:
    metered(1)
    measured(library)
    module = HostModule(library, slow_blob())
    assert module.status()["why"] == 3
    assert measured(library) == 0
    assert HostModule(library, to_bytes(OTHER)).status()["why"] == 0
    assert measured(library) == 5


INTERRUPT, AROUND = 48 * 10_000 * 95 // 100, 48 * AROUND_CYCLES
"""Cycles of a block: all that the interrupt may take, and what it takes around the engine."""


LEAST = INTERRUPT - AROUND
"""What the instrument may take in a block."""


@pytest.mark.parametrize(
    ("costs", "pieces"),
    [
        ((LEAST + 1,), 1),
        ((LEAST, 2 * INTERRUPT - AROUND + 1), 2),
        ((LEAST, 2 * INTERRUPT - AROUND, LEAST + 1), 3),
        ((LEAST, 2 * INTERRUPT - AROUND, LEAST, LEAST, LEAST), 5),
    ],
)
@pytest.mark.parametrize("paired", [False, True])
def test_a_trial_ends_with_the_first_piece_that_is_over_budget(
    library: ctypes.CDLL, metered: Callable[[int], None], costs: tuple[int, ...], pieces: int, paired: bool
) -> None:
    """Eight frames are tried alone, which may take a block's share, then a block that fills the caches: twice that."""
    metered(1)
    library.host_board_costs(np.array(costs, np.uint32).ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(costs)))
    measured(library)
    module = HostModule(library, to_bytes(pair.paired(OTHER, OTHER, "series", 4096) if paired else OTHER))
    assert (module.status()["why"], measured(library)) == (0 if pieces == 5 else 3, pieces)


def test_a_select_that_is_asked_again_starts_no_other_trial(rig: Rig, metered: Callable[[int], None]) -> None:
    with rig.client() as client:
        memory.upload(client, to_bytes(OTHER))
        memory.wait_until_saved(client)
    metered(470_000)
    rig.boot()
    measured(rig.library)
    select = message_frame("select_model", 7, model=1)
    answers = rig.module.ask_at_once(select, select, select)
    tried = measured(rig.library) - 1  # of which one is the audio's
    for _ in range(20):
        rig.module.audio(np.zeros(48, np.int16))
        measured(rig.library)
        answers += rig.module.ask(select)
        tried += measured(rig.library)
    assert {(answer.name, answer.sequence) for answer in answers} == {("error", 7)}
    assert all("real time" in answer.values["text"] for answer in answers)
    assert tried == 1
    rig.module.ask(message_frame("select_model", 8, model=1))
    assert measured(rig.library) == 2, "a new question is a new trial; one is the audio's"
