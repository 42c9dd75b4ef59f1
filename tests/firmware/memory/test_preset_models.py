"""A preset belongs to its model: found wherever that lies, never played on another one unseen."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from gritspace.host_tools.module import memory, presets_file, presets_match
from gritspace.quantize.model.grit import to_bytes
from tests.firmware.host.rig import Rig
from tests.firmware.sound.test_playing import OTHER, flags, play, preset, pulse

FIRST, SECOND = to_bytes(OTHER), to_bytes(replace(OTHER, name="second"))
GATE = {"blocks": 120, "gate": pulse(30)}


def slots(rig: Rig, **models: bytes) -> None:
    with rig.client() as client:
        for name, model in models.items():
            memory.upload(client, model, slot=int(name.removeprefix("slot")))


def test_a_preset_follows_its_model_into_another_slot(rig: Rig) -> None:
    slots(rig, slot0=FIRST)
    with rig.client() as client:
        put = memory.put_preset(client, preset(1, (0, 0, 0, 0), model=1))
        assert put.model_id == hashlib.sha256(FIRST).digest()[:8]
        memory.delete(client, 0)
    slots(rig, slot0=SECOND, slot3=FIRST)
    play(rig.module, **GATE)
    assert rig.module.status()["model"] == 4
    assert "fallback" not in flags(rig.module)


def test_a_preset_whose_model_is_gone_is_said_and_another_does_not_play_in_its_stead(rig: Rig) -> None:
    slots(rig, slot0=FIRST)
    with rig.client() as client:
        memory.put_preset(client, preset(1, (20000, 0, 0, 0), model=1))
        memory.put_preset(client, preset(2, (9000, 0, 0, 0)))
        memory.delete(client, 0)
    slots(rig, slot0=SECOND)
    rig.boot()
    before = rig.module.position().tolist()
    play(rig.module, **GATE)
    assert rig.module.status()["model"] == 0
    assert rig.module.position().tolist() == before
    assert "fallback" in flags(rig.module)
    with rig.client() as client:
        assert client.health().why == "other_model"
        (row,) = (r for r in presets_file.read_module(client)["presets"] if r["place"] == 2)
        assert row["model"]["sha256"] == hashlib.sha256(FIRST).hexdigest()[:16]
        told = presets_match.match(client, -18.0, lambda done, of, words: None, dry=True)
        assert [(one.place, one.model, one.good) for one in told] == [(2, "not there", False), (3, "tanh_space", True)]
    play(rig.module, **GATE)  # the next one is all right again
    assert rig.module.position()[0] == 9000
    assert "fallback" not in flags(rig.module)
    with rig.client() as client:
        assert client.health().why == "nothing"


def test_what_is_saved_by_the_button_belongs_to_the_model_that_plays(rig: Rig) -> None:
    slots(rig, slot2=FIRST)
    with rig.client() as client:
        memory.select(client, 3)
    play(rig.module, 1300, button=pulse(20, 1200))
    with rig.client() as client:
        saved = memory.get_preset(client, 0)
    assert (saved.model, saved.used) == (3, 1)
    assert saved.model_id == hashlib.sha256(FIRST).digest()[:8]


def test_a_preset_that_was_put_before_its_model_came_means_what_comes(rig: Rig) -> None:
    with rig.client() as client:
        assert memory.put_preset(client, preset(1, (0, 0, 0, 0), model=1)).model_id == bytes(8)
    slots(rig, slot0=FIRST)
    play(rig.module, **GATE)
    assert rig.module.status()["model"] == 1
