"""What the module answers to every message, good and bad."""

from __future__ import annotations

import ctypes
import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gritspace.host_tools.link.frames import Frame, encode_frame
from gritspace.host_tools.link.messages import Message, message_frame
from gritspace.host_tools.link.schema import schema
from gritspace.host_tools.link.stream import stream_blocks
from gritspace.quantize.model import reference
from gritspace.quantize.model.model import IntegerModel
from tests.firmware.host.host_module import HostModule
from tests.quantize.conftest import noise, q15

HERE = np.array([1000, -2000, 3000, -4000], np.int16)


def error_name(message: Message) -> str:
    assert message.name == "error"
    return schema().value_name("error", message.values["code"])


def start(module: HostModule, stream: int = 1, position: np.ndarray = HERE) -> Message:
    (answer,) = module.ask(message_frame("stream_start", 1, position, stream=stream))
    return answer


def blocks_of(audio: np.ndarray, stream: int = 1) -> list[Frame]:
    return stream_blocks(stream, audio, np.tile(HERE, (len(audio) // 48, 1)), 4)


def test_hello_is_answered_with_everything_a_laptop_needs(module: HostModule, model: IntegerModel, blob: bytes) -> None:
    (info,) = module.ask(message_frame("hello", 77))
    assert info.name == "info"
    assert info.sequence == 77
    wanted = {
        "model_name": model.name,
        "model_bytes": len(blob),
        "model_status": 0,
        "position_count": model.played_size,
        "output_shift": model.output_shift,
        "sample_rate": 48000,
        "block_frames": 48,
        "board": "host",
        "last_stream": 0,
    }
    assert {name: info.values[name] for name in wanted} == wanted
    assert 0 < info.values["state_bytes"] <= info.values["state_limit"]


@pytest.mark.parametrize("spoil", ["truncated", "altered", "not a model"])
def test_a_bad_model_is_refused_with_its_code_and_the_module_lives(
    library: ctypes.CDLL, blob: bytes, spoil: str
) -> None:
    bad = {"truncated": blob[:-8], "altered": blob[:-1] + bytes([blob[-1] ^ 1]), "not a model": b"RIFF" + blob[4:]}[
        spoil
    ]
    module = HostModule(library, bad)
    (info,) = module.ask(message_frame("hello", 1))
    assert info.values["model_status"] == {"truncated": 2, "altered": 5, "not a model": 3}[spoil]
    refused = start(module)
    assert error_name(refused) == "model"
    assert refused.values["detail"] == info.values["model_status"]
    assert refused.values["text"]
    dry = np.random.default_rng(0).integers(-9999, 9999, (200, 48)).astype(np.int16)
    played = np.stack([module.audio(block) for block in dry])
    assert (played[100:] == dry[100:]).all()  # it is an effect: without a model the dry sound is heard


def test_a_model_too_large_for_the_memory_is_refused(library: ctypes.CDLL, blob: bytes) -> None:
    module = HostModule(library, blob, arena_bytes=1024)
    (info,) = module.ask(message_frame("hello", 1))
    assert info.values["model_status"] == 0
    assert info.values["state_bytes"] > info.values["state_limit"] == 1024
    refused = start(module)
    assert error_name(refused) == "model"
    assert "memory" in refused.values["text"]


def test_another_version_of_the_link_is_named(module: HostModule) -> None:
    (answer,) = module.ask(dataclasses.replace(message_frame("hello", 1), version=99))
    assert error_name(answer) == "version"
    assert answer.values["detail"] == schema().version


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (Frame(0x70, 1), "message"),
        (message_frame("stream_stopped", 1, stream=1, messages=1), "message"),
        (Frame(0x01, 1, b"x"), "length"),
        (Frame(0x04, 1, b"abc"), "length"),
        (Frame(0x06, 1, b"abc"), "length"),
        (Frame(0x05, 1, b""), "length"),
        (message_frame("set_position", 1, [1, 2, 3]), "position"),
        (Frame(0x03, 1, b"abc"), "position"),
        (message_frame("stream_start", 1, [1, 2, 3, 4, 5], stream=1), "position"),
        (message_frame("stream_start", 1, [1, 2, 3, 4], stream=2), "stream_number"),
        (message_frame("stream_block", 1, np.zeros(48), stream=1, index=0, blocks=1, moves=0), "stream"),
        (message_frame("stream_stop", 1, stream=1), "stream"),
    ],
)
def test_what_cannot_be_done_is_answered_with_the_reason(module: HostModule, frame: Frame, error: str) -> None:
    (answer,) = module.ask(frame)
    assert error_name(answer) == error
    assert answer.values["request"] == frame.message
    assert answer.sequence == 1


@pytest.mark.parametrize(
    ("blocks", "moves", "samples", "error"),
    [(0, 0, 0, "samples"), (5, 0, 240, "samples"), (2, 4, 96, "samples"), (1, 0, 47, "length"), (1, 1, 48, "length")],
)
def test_a_stream_block_that_does_not_add_up_is_not_played(
    module: HostModule, blocks: int, moves: int, samples: int, error: str
) -> None:
    start(module)
    frame = message_frame("stream_block", 2, np.zeros(samples), stream=1, index=0, blocks=blocks, moves=moves)
    (answer,) = module.ask(frame)
    assert error_name(answer) == error
    (ready,) = module.ask(message_frame("stream_start", 3, HERE, stream=1))
    assert ready.values["next"] == 0


def test_a_stream_gives_the_reference_models_samples(module: HostModule, model: IntegerModel) -> None:
    audio = q15(noise(4800))
    assert start(module).name == "stream_ready"
    played = np.concatenate([module.ask(frame)[0].tail for frame in blocks_of(audio)])
    assert np.array_equal(played, reference.run(model, audio, HERE))


def test_a_repeated_question_gets_the_same_answer_and_is_not_played_twice(module: HostModule) -> None:
    frames = blocks_of(q15(noise(48 * 40)))
    start(module)
    answers = [module.ask(frame)[0] for frame in frames]
    credits = schema().limit("credits")
    for frame, first in list(zip(frames, answers, strict=True))[-credits:]:
        (again,) = module.ask(dataclasses.replace(frame, sequence=9))
        assert again.tail.tolist() == first.tail.tolist()
        assert again.values["work"] == first.values["work"]
        assert again.sequence == 9
    (forgotten,) = module.ask(frames[-credits - 1])
    assert (forgotten.name, forgotten.values["next"]) == ("stream_ready", len(frames))
    (status,) = module.ask(message_frame("get_status", 1))
    assert (status.values["blocks"], status.values["repeats"]) == (40, credits)


def test_a_block_out_of_turn_is_answered_with_the_one_that_is_next(module: HostModule) -> None:
    frames = blocks_of(q15(noise(48 * 12)))
    start(module)
    module.ask(frames[0])
    (answer,) = module.ask(frames[2])
    assert (answer.name, answer.values["next"]) == ("stream_ready", 1)


def test_starting_the_running_stream_again_changes_nothing_and_an_old_one_is_refused(module: HostModule) -> None:
    frames = blocks_of(q15(noise(48 * 8)))
    start(module)
    module.ask(frames[0])
    assert start(module).values["next"] == 1
    assert start(module, stream=2).values["next"] == 0
    assert error_name(start(module, stream=1)) == "stream_number"
    (stopped,) = module.ask(message_frame("stream_stop", 4, stream=2))
    assert stopped.values["messages"] == 0
    (stopped_again,) = module.ask(message_frame("stream_stop", 4, stream=2))
    assert stopped_again.name == "stream_stopped"


def test_an_older_set_position_that_comes_late_is_ignored_until_the_next_hello(module: HostModule) -> None:
    there = -HERE
    module.ask(message_frame("set_position", 65535, HERE))
    assert module.ask(message_frame("set_position", 2, there))[0].tail.tolist() == there.tolist()
    assert module.ask(message_frame("set_position", 65535, HERE))[0].tail.tolist() == there.tolist()
    module.ask(message_frame("hello", 3))
    assert module.ask(message_frame("set_position", 65535, HERE))[0].tail.tolist() == HERE.tolist()


def test_the_converter_is_silent_while_a_stream_runs_and_plays_again_when_the_laptop_has_gone(
    module: HostModule,
) -> None:
    loud = np.full(48, 20000, np.int16)
    start(module)
    for _ in range(schema().limit("stream_timeout_blocks")):
        assert not module.audio(loud).any()
        module.idle()
    module.audio(loud)
    module.idle()
    assert module.audio(loud).any()
    (status,) = module.ask(message_frame("get_status", 1))
    assert status.values["streaming"] == 0


@given(
    messages=st.lists(
        st.tuples(st.sampled_from([1, 2, 3, 4, 5, 6, 0x85, 0xFF]), st.integers(0, 65535), st.binary(max_size=528)),
        max_size=12,
    ),
    with_stream=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_any_intact_message_gets_exactly_one_answer(
    library: ctypes.CDLL, blob: bytes, messages: list[tuple[int, int, bytes]], with_stream: bool
) -> None:
    module = HostModule(library, blob)
    if with_stream:
        start(module)
    for message, sequence, payload in messages:
        (answer,) = module.ask(Frame(message, sequence, payload))
        assert answer.sequence == sequence


def test_half_a_frame_and_line_noise_between_frames_do_no_harm(module: HostModule) -> None:
    hello = encode_frame(message_frame("hello", 1))
    assert module.feed(hello[:5] + b"\0" + b"\0\0" + hello)
    (status,) = module.ask(message_frame("get_status", 2))
    assert (status.values["frames_good"], status.values["frame_errors"]) == (2, 1)
