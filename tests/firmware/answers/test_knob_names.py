"""A device's own knobs by their names, asked of the module's C: in presets, and while it is watched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gritspace.host_tools.module import memory, monitor, presets_file
from gritspace.host_tools.module.knob_names import own_knobs
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.train.errors import InputError
from tests.firmware.host.rig import Rig
from tests.quantize.conftest import make_model

SPACE = make_model("small_tanh_space")
PEDAL = replace(SPACE, name="pedal", metadata={"knobs": ["fuzz", "low cut"], "long": "x" * 900})


def test_presets_of_a_device_with_knobs_name_them_and_come_back_to_the_bit(rig: Rig) -> None:
    with rig.client() as client:
        memory.upload(client, to_bytes(PEDAL), slot=2)
        memory.put_preset(client, memory.Preset((16384, -32768, 0, 0), (0,) * 12, 4096, model=3, used=1, index=4))
        memory.put_preset(client, memory.Preset((1, 2, 3, 4), (0,) * 12, 4096, model=0, used=1, index=5))
        values = presets_file.read_module(client)
        mine, factory = values["presets"]
        assert mine["knobs"] == {"fuzz": 0.75, "low cut": 0.0}
        assert "played" not in mine
        assert factory["played"]["drive"] == 1 / 32768
        assert presets_file.as_words(mine)[2:6] == ("fuzz 0.75", "low cut 0.00", "-", "-")
        before = memory.get_presets(client)
        memory.put_preset(client, memory.Preset((9, 9, 9, 9), (0,) * 12, 4096, model=3, used=1, index=4))
        presets_file.write_module(client, values, "x.json")
        assert memory.get_presets(client) == before
        mine["knobs"] = {"low cut": 1.0}
        presets_file.write_module(client, values, "x.json")
        assert memory.get_preset(client, 4).played == (0, 32767, 0, 0)
        for knobs, words in (({"drive": 1.0}, "no knob 'drive'; its knobs: fuzz, low cut"), ({"fuzz": 2.0}, "fuzz")):
            mine["knobs"] = knobs
            with pytest.raises(InputError, match=words):
                presets_file.write_module(client, values, "x.json")
        factory["knobs"] = factory.pop("played")
        with pytest.raises(InputError, match="no knob 'drive'; its knobs: none"):
            presets_file.write_module(client, {"presets": [factory]}, "x.json")


def test_a_module_that_is_watched_calls_its_knobs_as_the_device_does(rig: Rig) -> None:
    with rig.client() as client:
        memory.upload(client, to_bytes(PEDAL), slot=0)
        memory.select(client, 1)
        for _ in range(400):
            rig.module.audio(np.zeros(48, np.int16))
        now = monitor.snapshot(client)
        assert now["model"] == "pedal"
        assert list(now["knobs"]) == ["fuzz", "low cut", "symmetry", "dynamics", "gain", "mix", "level"]
        assert list(now["played"]) == ["fuzz", "low cut", "symmetry", "dynamics"]


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"knobs": ["fuzz"]},
        {"knobs": ["fuzz", 3]},
        {"knobs": "ab"},
        {"knobs": ["fuzz", "fuzz"]},
        {"knobs": ["a", "\x1b[2J"]},
    ],
)
def test_what_is_no_list_of_names_for_each_dimension_is_none(rig: Rig, metadata: dict[str, object]) -> None:
    model: IntegerModel = replace(SPACE, metadata=metadata)
    assert model.knob_names == ()
    with rig.client() as client:
        slot = memory.upload(client, to_bytes(model), slot=0)
        assert own_knobs(client, 1, slot.sha256) == ()
