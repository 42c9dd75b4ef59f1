"""Presets, morphs, changes of models, two channels, late blocks: what is heard, block by block."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.host_tools.link.messages import message_frame
from gritspace.host_tools.module import memory
from gritspace.host_tools.module.memory import Preset
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.reference import run
from tests.firmware.host.host_module import HostModule
from tests.firmware.host.rig import Rig
from tests.firmware.host.sound_path import TOLERANCE, heard
from tests.firmware.panel.test_controls import KNOBS, codes_of, still
from tests.quantize.conftest import make_model

MIX = 5
MIDDLE = codes_of(*still(0.5, 0.0, 1))[0]
MIDDLE[MIX] = 65535  # the model alone
FLAGS = ("stereo", "fallback", "bypass", "changing", "streaming", "saved", "preset", "fault")
OTHER = make_model("relu_snapshot")
DUCK_FRAMES = 384


def flags(module: HostModule) -> set[str]:
    value = module.status()["flags"]
    return {name for bit, name in enumerate(FLAGS) if value >> bit & 1}


def sine(blocks: int, hz: float = 300.0, peak: float = 0.05) -> NDArray[np.int16]:
    return np.round(peak * 32767 * np.sin(2 * np.pi * hz * np.arange(48 * blocks) / 48000)).astype(np.int16)


def play(
    module: HostModule,
    blocks: int,
    codes: NDArray[np.uint16] = MIDDLE,
    gate: Callable[[int], bool] = lambda block: False,
    button: Callable[[int], bool] = lambda block: False,
    audio: NDArray[np.int16] | None = None,
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Blocks of audio, and of the main loop -> what is heard (blocks * 48,), where the position is (blocks, n)."""
    audio = sine(blocks) if audio is None else audio
    out, positions = [], []
    for block in range(blocks):
        module.panel(codes)
        module.switches(gate(block), button(block))
        out.append(module.audio(audio[48 * block : 48 * block + 48]))
        module.idle()
        positions.append(module.position())
    width = min(map(len, positions))
    return np.concatenate(out), np.stack([position[:width] for position in positions])


def preset(index: int, played: tuple[int, ...], model: int = 0, level: int = 4096) -> Preset:
    return Preset(played, (0,) * 12, level_q12=level, model=model, used=1, index=index)


def pulse(at: int, length: int = 5) -> Callable[[int], bool]:
    return lambda block: at <= block < at + length


def test_gates_go_around_the_used_presets_and_back_while_the_button_is_held(rig: Rig) -> None:
    with rig.client() as client:
        for index in (0, 3, 7):
            memory.put_preset(client, preset(index, (1000 * index, 0, 0, 0)))
    module = rig.module
    seen = []
    for _ in range(4):
        play(module, 60, gate=pulse(10))
        seen.append(module.status()["preset"])
    assert seen == [3, 7, 0, 3]
    play(module, 60, gate=pulse(30), button=pulse(5, 45))
    assert module.status()["preset"] == 0
    seen = []
    for _ in range(4):  # short presses also visit the first empty place
        play(module, 60, button=pulse(5, 20))
        seen.append(module.status()["preset"])
    assert seen == [1, 3, 7, 0]


def test_a_morph_is_a_straight_line_in_the_set_time_and_the_voltage_stays_alive(rig: Rig) -> None:
    target = (20000, -16000, 5000, -30000)
    with rig.client() as client:
        memory.put_preset(client, preset(4, target))
        memory.put_morph(client, 200)
    play(rig.module, 100)
    start = rig.module.position().astype(int)
    _, way = play(rig.module, 300, gate=pulse(0))
    first = int(np.flatnonzero((way != start).any(1))[0])
    line = start + (np.asarray(target) - start) * np.arange(1, 201)[:, None] / 200
    assert np.abs(way[first : first + 200] - line).max() <= 1
    assert (way[first + 200 :] == target).all()
    bent = MIDDLE.copy()
    bent[KNOBS + 1] = codes_of(*still(0.5, 1.0, 1))[0, KNOBS + 1]
    _, way = play(rig.module, 50, bent)
    assert np.abs(way[-1] - np.asarray(target) - [0, 32768 / 5, 0, 0]).max() < 30


def test_a_knob_takes_its_dimension_back_without_a_leap(rig: Rig) -> None:
    with rig.client() as client:
        memory.put_preset(client, preset(4, (20000, -16000, 5000, -30000)))
    play(rig.module, 50)
    play(rig.module, 100, gate=pulse(0))
    turned = MIDDLE.copy()
    turned[0] = 9000
    _, way = play(rig.module, 200, turned)
    assert np.abs(way[-1].astype(int) - [9000 - 32768, -16000, 5000, -30000])[0] < 700  # the ends' margin
    assert (way[-1, 1:] == [-16000, 5000, -30000]).all()
    steps = np.abs(np.diff(way[:, 0].astype(int)))
    assert 0 < steps.max() < 9000  # the knob itself leaps by 23768, smoothed over 8 blocks


AWAY = codes_of(*still(0.0, 1.0, 1))[0]
AWAY[[0, 1, 2, 3]], AWAY[MIX], AWAY[6] = MIDDLE[0] // 9, 65535, 65535


def loudest_silence(module: HostModule, gate: Callable[[int], bool] = lambda block: False) -> int:
    """Of what comes out while nothing goes in, knobs and voltages away from the default position and the level up."""
    sound, _ = play(module, 300, AWAY, gate, audio=np.zeros(48 * 300, np.int16))
    return int(np.abs(sound.astype(int)).max())


def test_nothing_is_heard_of_a_way_from_the_default_position_to_where_the_panel_stands(rig: Rig) -> None:
    """At power-up, of another model, of a preset's, after a stream."""
    rig.blob = to_bytes(make_model("tanh_space"))
    rig.boot()
    assert loudest_silence(rig.module) <= 4
    with rig.client() as client:
        slot = memory.upload(client, to_bytes(make_model("two_tanh_arrays")))
        memory.put_preset(client, preset(1, (20000, -16000, 5000, -30000)))
    rig.module.ask_at_once(message_frame("select_model", 99, model=slot.slot + 1))
    assert loudest_silence(rig.module) <= 4
    assert rig.module.status()["model"] == slot.slot + 1
    assert loudest_silence(rig.module, gate=pulse(0)) <= 4
    assert rig.module.status()["model"] == 0
    with rig.client() as client:
        client.stream(sine(10), np.zeros(4, np.int16))
        assert loudest_silence(rig.module) <= 4
    play(rig.module, 100, MIDDLE)
    assert loudest_silence(rig.module) > 100, "a way would be heard"


def test_a_long_press_saves_what_is_heard_without_the_voltage_and_the_power_may_go(rig: Rig) -> None:
    knobs = codes_of(*still(0.25, 2.0, 1))[0]
    knobs[MIX] = 65535
    play(rig.module, 100, knobs)
    play(rig.module, 1100, knobs, button=pulse(10, 1050))
    assert "saved" in flags(rig.module)
    assert rig.module.idle_until_saved()
    rig.boot()
    with rig.client() as client:
        saved = memory.get_preset(client, 0)
    assert (saved.used, saved.model, saved.level_q12) == (1, 0, 4096)
    knob = (0.25 * 65535 - 328) / (65535 - 656) * 65535 - 32768
    assert np.abs(np.asarray(saved.played) - knob).max() < 20


def test_a_presets_level_is_glided_to(rig: Rig, model: IntegerModel) -> None:
    rest = (0, 0, 0, 0)
    with rig.client() as client:
        memory.put_preset(client, preset(2, rest, level=2048))
    audio = sine(400)
    play(rig.module, 100, audio=audio)
    out, _ = play(rig.module, 300, gate=pulse(0), audio=audio)
    wet = run(model, np.concatenate([audio[:4800], audio[: 48 * 300]]), np.zeros(4, np.int16))
    whole = heard(model, wet)[4800:]
    assert np.abs(out[-4800:] - whole[-4800:] / 2).max() <= TOLERANCE
    assert np.abs(np.diff(out.astype(int))).max() <= np.abs(np.diff(whole)).max() * 1.05 + 2


def loudest_bend(sound: NDArray[np.generic]) -> float:
    """The largest second difference: a click's mark."""
    return float(np.abs(np.diff(sound.astype(int), 2)).max())


@pytest.mark.parametrize("way", ["crossfade", "duck"])
def test_another_model_comes_without_a_click(
    library: ctypes.CDLL, blob: bytes, model: IntegerModel, rig: Rig, way: str
) -> None:
    other = to_bytes(OTHER)
    with rig.client() as client:
        slot = memory.upload(client, other)
        memory.put_preset(client, preset(1, (0, 0, 0, 0), model=slot.slot + 1))
        memory.wait_until_saved(client)
    module = rig.module
    if way == "duck":  # no room beside
        module = HostModule(library, blob, arena_bytes=module_bytes(library, blob) + 64, with_flash=True)
    audio = sine(500)
    before, _ = play(module, 200, audio=audio)
    change, _ = play(module, 100, gate=pulse(0), audio=audio[48 * 200 :])
    after, _ = play(module, 100, audio=audio[48 * 300 :])
    assert module.status()["model"] == slot.slot + 1
    assert module.status()["why"] == 0
    quiet = max(loudest_bend(before[4800:]), loudest_bend(after[2400:]))
    corner = np.abs(after).max() / DUCK_FRAMES  # the end of a straight line
    assert loudest_bend(change) <= 1.1 * quiet + corner
    wet = heard(OTHER, run(OTHER, audio[: 48 * 400]))
    assert np.abs(after[-2400:] - wet[-2400:]).max() <= TOLERANCE
    loud = np.abs(change.reshape(-1, 48).astype(int)).max(1)
    assert (loud.min() < 0.1 * np.median(loud)) == (way == "duck")


def module_bytes(library: ctypes.CDLL, blob: bytes) -> int:
    (info,) = HostModule(library, blob).ask(message_frame("hello", 1))
    return (int(info.values["state_bytes"]) + 31) // 32 * 32


def test_each_input_has_its_own_engine_where_there_is_room_else_the_mean_is_played(
    library: ctypes.CDLL, blob: bytes, model: IntegerModel
) -> None:
    audio = np.stack([sine(60, 300), sine(60, 500)])
    rest = np.zeros(4, np.int16)
    bytes_of_one = module_bytes(library, blob)
    for arena, stereo in ((2 * bytes_of_one, True), (2 * bytes_of_one - 64, False)):
        module = HostModule(library, blob, arena_bytes=arena)
        assert ("stereo" in flags(module)) == stereo
        out = np.concatenate([module.stereo(audio[:, 48 * b : 48 * b + 48]) for b in range(60)], axis=1)
        played = audio if stereo else np.stack([(audio[0].astype(int) + audio[1]) >> 1] * 2).astype(np.int16)
        for side in range(2):
            wet = heard(model, run(model, played[side], rest))
            assert np.abs(out[side] - wet).max() <= TOLERANCE


@pytest.fixture
def slow_board(library: ctypes.CDLL) -> Iterator[Callable[[int], None]]:
    """Every piece of work costs so many thousandths of a block's time."""
    yield lambda thousandths: library.host_board_speed(1_000_000, thousandths)
    library.host_board_speed(0, 0)


@pytest.mark.parametrize(("cost", "shown"), [(300, {"stereo"}), (450, {"stereo"}), (455, set()), (960, {"bypass"})])
def test_a_model_is_tried_out_before_it_is_heard(
    library: ctypes.CDLL, blob: bytes, slow_board: Callable[[int], None], cost: int, shown: set[str]
) -> None:
    slow_board(cost)
    module = HostModule(library, blob)
    assert flags(module) & {"stereo", "bypass"} == shown
    assert module.status()["why"] == (3 if cost > 950 else 0)


def test_late_blocks_cost_the_second_engine_then_the_model_but_never_the_sound(rig: Rig) -> None:
    with rig.client() as client:
        slot = memory.upload(client, to_bytes(OTHER))
        memory.select(client, slot.slot + 1)
    module = rig.module
    play(module, 100)
    assert flags(module) & {"stereo", "fallback", "bypass"} == {"stereo"}
    found = []
    for _ in range(4):
        for _ in range(4):  # four within a second
            play(module, 20)
            module.late()
        play(module, 100)
        status = module.status()
        found.append((sorted(flags(module) & {"stereo", "fallback", "bypass"}), status["model"], status["why"]))
        play(module, 1000)
    assert found == [
        ([], slot.slot + 1, 0),
        (["fallback", "stereo"], 0, 5),
        (["fallback"], 0, 5),
        (["bypass", "fallback"], 0, 5),
    ]
    audio = sine(60)
    dry, _ = play(module, 60, audio=audio)
    assert (dry[-480:] == audio[-480:]).all()
    assert (module.leds()[1] == [255, 0]).all()


@pytest.mark.parametrize(("crashes", "plays"), [(0, True), (2, True), (3, False)])
def test_a_model_that_crashes_the_module_again_and_again_is_left_out(rig: Rig, crashes: int, plays: bool) -> None:
    with rig.client() as client:
        slot = memory.upload(client, to_bytes(OTHER))
        memory.select(client, slot.slot + 1)
        memory.wait_until_saved(client)
    rig.library.host_board_crashed(crashes)
    rig.boot()
    rig.library.host_board_crashed(0)
    status = rig.module.status()
    assert status["wanted"] == slot.slot + 1
    assert (status["model"], status["why"]) == ((slot.slot + 1, 0) if plays else (0, 6))
    assert ("fallback" in flags(rig.module)) != plays


def test_three_late_blocks_a_second_are_an_accident(rig: Rig) -> None:
    play(rig.module, 50)
    for _ in range(6):
        rig.module.late()
        play(rig.module, 340)
    assert flags(rig.module) == {"stereo"}


def test_the_leds_show_sound_and_state(rig: Rig) -> None:
    module = rig.module
    play(module, 2500, audio=np.zeros(48 * 2500, np.int16))  # the meter falls by 34 dB a second
    assert module.leds()[0].tolist() == [0, 0]
    assert module.leds()[1].tolist() == [0, 255]
    dry = MIDDLE.copy()
    dry[MIX] = 0
    for peak, colour in ((0.2, [0, 255]), (0.6, [160, 160]), (0.9, [255, 0])):
        play(module, 200, dry, audio=sine(200, peak=peak))
        assert module.leds()[0].tolist() == colour


def test_main_loop_and_audio_are_alive_only_together(module: HostModule) -> None:
    module.alive()
    assert not module.alive()
    module.audio(np.zeros(48, np.int16))
    assert module.alive()
    assert not module.alive()
