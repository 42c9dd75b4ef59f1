"""A module that has never kept anything begins with the presets of its image."""

from __future__ import annotations

import ctypes
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.models.made_from import file_sha256
from gritspace.host_tools.module import memory, presets_file
from gritspace.quantize.export.c_array import c_array
from gritspace.quantize.firmware_sources import FIRMWARE, SPACES
from tests.firmware.host.rig import Rig
from tests.quantize.conftest import make_model

Bring = Callable[[int], np.ndarray]


@pytest.fixture
def bring(rig: Rig) -> Iterator[Bring]:
    """Gives later boots an image with so many presets for the rig's model."""
    sha256 = hashlib.sha256(rig.blob).digest()

    def tell(count: int, of: bytes = sha256) -> np.ndarray:
        rows = np.zeros((17, 17), np.int16)
        rows[:count] = np.random.default_rng(count).integers(-32768, 32768, (count, 17))
        rows[:count, 16] &= 0x7FFF
        rows[count:, 16] = -1
        rig.library.host_board_first_presets(ctypes.c_void_p(rows.ctypes.data), ctypes.c_size_t(17), of)
        return rows[:count]

    yield tell
    tell(0, bytes(32))


@pytest.mark.parametrize("count", [0, 5, 16])
def test_an_empty_flash_shows_the_images_presets_and_writes_nothing(rig: Rig, bring: Bring, count: int) -> None:
    rows = bring(count)
    rig.boot()
    with rig.client() as client:
        found = memory.get_presets(client)
        assert memory.get_settings(client).records == 0
    assert [preset.used for preset in found] == [1] * count + [0] * (16 - count)
    assert [[*one.played, *one.stored, one.level_q12] for one in found[:count]] == rows.tolist()
    assert {(one.model, one.model_id) for one in found[:count]} <= {(0, hashlib.sha256(rig.blob).digest()[:8])}


def test_what_was_kept_counts_more_even_that_there_are_none(rig: Rig, bring: Bring) -> None:
    bring(3)
    rig.boot()
    with rig.client() as client:
        for preset in memory.get_presets(client)[:3]:
            memory.put_preset(client, replace(preset, used=0))
        memory.wait_until_saved(client)
    bring(16)
    rig.boot()
    with rig.client() as client:
        assert {preset.used for preset in memory.get_presets(client)} == {0}


def test_the_factory_image_brings_the_shipped_sixteen() -> None:
    text = (FIRMWARE / "models" / "factory.c").read_text(encoding="utf-8")
    table = text[text.index("grit_model_presets[][17] = {") :]
    found = [[int(n) for n in row.split(",")] for row in re.findall(r"^  \{(-?[\d, -]+)\}", table, re.MULTILINE)]
    assert found.pop() == [0] * 16 + [-1]
    shipped = json.loads((SPACES / "circuits-presets.json").read_text(encoding="utf-8"))["presets"]
    wanted = [[*(32768 * x for x in (*row["played"].values(), *row["stored"])), 4096 * row["level"]] for row in shipped]
    assert np.abs(np.array(found) - np.array(wanted)).max() <= 1, "run: gritspace export (spaces/README.md)"
    assert [row["name"] for row in shipped] == re.findall(r"^  \{.*/\* (.*) \*/$", table, re.MULTILINE)


@pytest.mark.parametrize("file", presets_file.shipped(), ids=lambda path: path.stem)
def test_each_shipped_model_has_its_sixteen_and_another_has_none(file: Path) -> None:
    model = SPACES / file.name.replace("-presets.json", ".grit")
    found = presets_file.first_presets(file_sha256(model))
    assert [name for name, _ in found] == [row["name"] for row in presets_file.read_file(file)["presets"]]
    assert presets_file.first_presets("0" * 64) == []
    assert all(len(numbers) == 17 for _, numbers in found)


def test_a_name_cannot_end_the_comment_it_stands_in() -> None:
    text = c_array(make_model("relu_snapshot"), "a test", [("x */ int y; /*", [1] * 17)])
    assert "/* x * / int y; / * */" in text
