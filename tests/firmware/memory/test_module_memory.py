"""Presets, calibration and models over the link: the client's Python, the module's C, a flash whose power fails."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from gritspace.host_tools.link.client import Module, Refusal
from gritspace.host_tools.link.frames import LinkError
from gritspace.host_tools.link.messages import message_frame
from gritspace.host_tools.module import memory
from gritspace.host_tools.module.memory import Preset
from gritspace.quantize.model import reference
from gritspace.quantize.model.grit import to_bytes
from tests.firmware.host.host_module import ARENA_BYTES, HostModule
from tests.firmware.host.rig import Rig
from tests.firmware.host.served import served
from tests.firmware.sound.test_playing import module_bytes
from tests.quantize.conftest import make_model, noise, q15

OTHER = make_model("relu_snapshot")


def preset(index: int, seed: int = 1) -> Preset:
    rng = np.random.default_rng(seed)
    played, stored = (tuple(rng.integers(-32768, 32768, n).tolist()) for n in (4, 12))
    return Preset(played, stored, level_q12=int(rng.integers(0, 32768)), model=0, used=1, index=index)


def test_presets_calibration_and_morph_outlast_the_power(rig: Rig) -> None:
    with rig.client() as client:
        assert {p.used for p in memory.get_presets(client)} == {0}
        for index in range(16):
            assert memory.put_preset(client, preset(index, seed=index)) == preset(index, seed=index)
        memory.put_calibration(client, 2, 1650000, -310000)
        memory.put_morph(client, 1234)
        assert memory.wait_until_saved(client).saved
    rig.boot()
    with rig.client() as client:
        assert memory.get_presets(client) == [preset(index, seed=index) for index in range(16)]
        settings = memory.get_settings(client)
        assert (settings.offset_uv[2], settings.gain_ppm[2], settings.calibrated) == (1650000, -310000, 4)
        assert settings.morph_ms == 1234
        memory.put_calibration(client, 2, 0, 0, measured=False)
        assert memory.get_settings(client).gain_ppm[2] == memory.get_settings(client).gain_ppm[1]


def test_a_preset_put_twice_wears_the_flash_once(rig: Rig) -> None:
    with rig.client() as client:
        memory.put_preset(client, preset(3))
        before = memory.wait_until_saved(client).records
        memory.put_preset(client, preset(3))
        assert memory.wait_until_saved(client).records == before


def test_a_preset_saved_with_power_cut_at_every_flash_write_is_old_or_new_and_audio_never_stops(rig: Rig) -> None:
    old, new = preset(5, seed=1), preset(5, seed=2)
    put = [message_frame("put_preset", 1, **dict(vars(p))) for p in (old, new)]
    assert rig.module.ask(put[0])[0].name == "preset"
    assert rig.module.idle_until_saved()
    before = rig.flash.copy()
    loud = np.full(48, 12000, np.int16)
    found = []
    for cut in range(1, 90):
        rig.flash[:] = before
        rig.boot(power=cut, seed=cut)
        rig.module.ask(put[1])
        silent = 0
        for _ in range(140):
            silent += not rig.module.audio(loud).any()
            rig.module.idle()
        assert silent == 0
        rig.boot()
        (answer,) = rig.module.ask(message_frame("get_preset", 1, index=5))
        found.append(Preset(**answer.values))
        assert found[-1] in (old, new)
        assert answer.values["model_id"] == hashlib.sha256(rig.blob).digest()[:8]
    assert found[0] == old
    assert found[-1] == new


@pytest.mark.parametrize("value", [{"level_q12": -1}, {"used": 2}, {"model": 200}, {"index": 16}])
def test_a_preset_that_cannot_be_is_refused_and_changes_nothing(rig: Rig, value: dict[str, int]) -> None:
    with rig.client() as client:
        before = memory.get_presets(client)
        with pytest.raises(Refusal, match=r"refused put_preset"):
            memory.put_preset(client, Preset(**{**vars(preset(0)), **value}))
        assert memory.get_presets(client) == before


@pytest.mark.parametrize(("offset", "gain"), [(1661148, -200000), (1661148, 301000), (0, -301000), (1661148, 0)])
def test_a_calibration_that_no_circuit_can_have_is_refused(rig: Rig, offset: int, gain: int) -> None:
    with rig.client() as client, pytest.raises(Refusal, match="no such circuit"):
        memory.put_calibration(client, 0, offset, gain)


def test_a_calibration_turns_codes_into_the_right_volts(rig: Rig) -> None:
    """A circuit 3 % off reads true once its offset and gain are known; the volts are computed here, from the pin."""
    offset, gain = 1700000, -292000
    volts = np.array([-4.5, -1.0, 0.0, 2.5])
    pin_uv = offset + volts * gain
    codes = np.zeros(11, np.uint16)
    codes[7:] = np.round(pin_uv / 3300000 * 65535)
    with rig.client() as client:
        for place in range(4):
            memory.put_calibration(client, place, offset, gain)
        for _ in range(100):
            rig.module.panel(codes)
        assert np.allclose(np.array(client.controls().cv_microvolts) / 1e6, volts, atol=0.003)


def test_a_model_is_uploaded_while_the_module_plays_selected_and_found_after_power_up(rig: Rig) -> None:
    model = to_bytes(OTHER)
    heard: list[int] = []
    with rig.client() as client:
        slot = memory.upload(client, model, progress=lambda done, of: heard.append(done))
        assert (slot.slot, slot.state, slot.name) == (0, "good", OTHER.name)
        assert heard[-1] == len(model)
        assert memory.upload(client, model).slot == 0, "what is there is not sent again"
        info = memory.select(client, 1)
        assert (info.model_name, info.model_sha256) == (OTHER.name, slot.sha256)
        audio = q15(noise(4800))
        assert np.array_equal(client.stream(audio, np.zeros(4, np.int16)).samples, reference.run(OTHER, audio))
        with pytest.raises(Refusal, match="being played"):
            memory.delete(client, 0)
        memory.wait_until_saved(client)
    rig.boot()
    with rig.client() as client:
        assert client.info().model_name == OTHER.name
        assert memory.select(client, memory.FACTORY).model_bytes == len(rig.blob)
        memory.delete(client, 0)
        assert memory.get_slot(client, 0).state == "empty"
        with pytest.raises(Refusal, match="no playable model"):
            memory.select(client, 1)
        assert client.info().model_sha256 != slot.sha256


def test_a_selected_model_whose_flash_is_damaged_falls_back_to_the_factory_model(rig: Rig) -> None:
    with rig.client() as client:
        memory.upload(client, to_bytes(OTHER))
        memory.select(client, 1)
        memory.wait_until_saved(client)
    rig.flash[17 * 4096 + 300] ^= 0x10
    rig.boot()
    with rig.client() as client:
        assert client.info().model_bytes == len(rig.blob)
        assert client.info().model_status == 0
    assert rig.module.audio(np.full(48, 9999, np.int16)).any()


def test_an_upload_that_loses_its_link_or_its_power_goes_on_where_it_stood(rig: Rig) -> None:
    model = to_bytes(make_model("tanh_space")) + bytes(3 * 4096)

    class CutError(Exception):
        pass

    for stop in range(0, len(model), 3000):

        def cut(done: int, of: int, stop: int = stop) -> None:
            if done >= stop:
                raise CutError

        with rig.client() as client, pytest.raises(CutError):
            memory.upload(client, model, progress=cut)
        if stop % 2:
            rig.boot()
    sent: list[int] = []
    with rig.client() as client:
        assert memory.upload(client, model, progress=lambda done, of: sent.append(done)).state == "good"
    assert sent[0] >= len(model) - 4096 - 3000


def test_what_is_no_model_or_too_large_is_refused_in_one_sentence(rig: Rig) -> None:
    with rig.client() as client:
        with pytest.raises(LinkError, match=r"refused the model: the engine cannot run it; status 3"):
            memory.upload(client, b"RIFF" + bytes(2000))
        with pytest.raises(LinkError, match=r"holds 126,976 bytes"):
            memory.upload(client, bytes(200_000))
        assert memory.upload(client, to_bytes(OTHER)).slot == 0


def test_a_module_without_a_flash_says_so(module: HostModule) -> None:
    with served(module.feed) as port, Module(port) as client:
        with pytest.raises(LinkError, match="no model bank"):
            memory.upload(client, to_bytes(OTHER))
        memory.put_preset(client, preset(0))
        with pytest.raises(LinkError, match="no flash"):
            memory.wait_until_saved(client)


def test_no_model_can_be_selected_during_a_stream(rig: Rig) -> None:
    rig.module.ask(message_frame("stream_start", 1, [0, 0, 0, 0], stream=1))
    (answer,) = rig.module.ask(message_frame("select_model", 2, model=0))
    assert (answer.name, answer.values["code"]) == ("error", 6)


@pytest.mark.parametrize(("start", "knobs"), [("stream_start", 0), ("live_start", 3)])
@pytest.mark.parametrize("room_for_both", [True, False])
def test_a_stream_is_refused_that_was_meant_for_the_model_before_and_the_new_one_plays_on(
    rig: Rig, start: str, knobs: int, room_for_both: bool
) -> None:
    with rig.client() as client:
        memory.upload(client, to_bytes(OTHER))
    before_it = to_bytes(make_model("leaky_space_with_long_head"))  # of six numbers
    arena_bytes = ARENA_BYTES if room_for_both else module_bytes(rig.library, before_it) + 64
    module = HostModule(rig.library, before_it, arena_bytes, with_flash=True)
    module.audio(np.zeros(48, np.int16))
    select = message_frame("select_model", 1, model=1)
    selected, refused = module.ask_at_once(select, message_frame(start, 2, np.zeros(6 + knobs), stream=1))
    assert (selected.name, selected.sequence, selected.values["model_name"]) == ("info", 1, OTHER.name)
    assert (refused.name, refused.sequence) == ("error", 2)
    assert (refused.values["code"], refused.values["detail"]) == (5, 4), "the new model is played by four knobs"
    (before,) = module.ask(message_frame("get_status", 3))
    assert before.values["streaming"] == 0
    assert module.status()["model"] == 1
    assert module.audio(np.full(48, 9999, np.int16)).any(), "the instrument plays on"
    (after,) = module.ask(message_frame("get_status", 4))
    assert after.values["blocks"] == before.values["blocks"] + 1
    (ready,) = module.ask(message_frame(start, 5, np.zeros(4 + knobs), stream=1))
    assert (ready.name, ready.values["stream"]) == ("stream_ready", 1), "the refused one has used up no number"


def test_held_inputs_follow_the_laptop_and_the_others_the_panel_until_it_has_gone(rig: Rig) -> None:
    codes = np.full(11, 32768, np.uint16)
    with rig.client() as client:
        client.hold({0: 0, 3: 65535})
        for _ in range(100):
            rig.module.panel(codes)
        knobs = client.controls().knobs
        assert (knobs[0], knobs[3]) == (0, 65535)
        assert abs(knobs[1] - 32768) < 40
        client.hold({})
        for _ in range(100):
            rig.module.panel(codes)
        assert abs(client.controls().knobs[0] - 32768) < 40
        client.hold({0: 0})
    for _ in range(10_001):
        rig.module.audio(np.zeros(48, np.int16))
        rig.module.panel(codes)
    rig.module.idle()
    for _ in range(100):
        rig.module.panel(codes)
    (answer,) = rig.module.ask(message_frame("get_controls", 1))
    assert abs(answer.values["knobs"][0] - 32768) < 40


def test_a_reboot_comes_after_the_answer_and_after_what_is_to_be_kept(rig: Rig) -> None:
    silence = np.zeros(48, np.int16)
    rig.module.ask(message_frame("put_preset", 1, **dict(vars(preset(1)))))
    assert rig.module.ask(message_frame("reboot", 2, into=0))[0].name == "rebooting"
    for _ in range(200):
        rig.module.audio(silence)
        rig.module.idle()
        if rig.library.host_module_rebooted() == 0:
            break
    assert rig.library.host_module_rebooted() == 0
    rig.boot()
    (answer,) = rig.module.ask(message_frame("get_preset", 1, index=1))
    assert Preset(**answer.values) == preset(1)


def test_models_can_be_read_back_whole_and_an_empty_slot_says_so(rig: Rig) -> None:
    blob = to_bytes(OTHER)
    with rig.client() as client:
        slot = memory.upload(client, blob)
        assert memory.read_model(client, slot.slot + 1) == blob
        assert hashlib.sha256(memory.read_model(client, memory.FACTORY)).hexdigest() == client.info().model_sha256
        with pytest.raises(Refusal, match="no good model"):
            memory.read_model(client, slot.slot + 2)
        behind = client.ask("read_model", "model_part", offset=1 << 31, model=slot.slot + 1)
        assert (behind.values["offset"], len(behind.tail)) == (len(blob), 0)


def test_a_module_that_was_never_used_has_empty_presets_at_unity_and_nominal_jacks(rig: Rig) -> None:
    rig.boot()
    for index in range(16):
        (preset,) = rig.module.ask(message_frame("get_preset", index, index=index))
        assert (preset.values["used"], preset.values["level_q12"]) == (0, 4096)
    (settings,) = rig.module.ask(message_frame("get_settings", 99))
    assert settings.values["calibrated"] == 0
    assert len(set(settings.values["gain_ppm"])) == 1
    assert settings.values["gain_ppm"][0] != 0
