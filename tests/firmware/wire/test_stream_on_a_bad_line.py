"""The stream's two ends, the laptop's Python and the module's C, over a line that loses, damages and reorders."""

from __future__ import annotations

import ctypes
import itertools
import random
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gritspace.host_tools.hil import expected
from gritspace.host_tools.link.client import SILENCE_SECONDS
from gritspace.host_tools.link.frames import FrameReceiver, LinkError, encode_frame
from gritspace.host_tools.link.messages import Message, message_frame, message_of
from gritspace.host_tools.link.schema import schema
from gritspace.host_tools.link.stream import StreamSender, stream_blocks
from gritspace.quantize.model import reference
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from tests.firmware.host.host_module import HostModule
from tests.quantize.conftest import make_model, noise, q15


@dataclass
class BadLine:
    """Does one of its evils to a frame with the given chance; counts them."""

    chance: float
    random: random.Random
    done: Counter[str]

    def carry(self, frames: list[bytes]) -> list[bytes]:
        out: list[bytes] = []
        for frame in frames:
            if self.random.random() >= self.chance:
                out.append(frame)
                continue
            evil = self.random.choice(["lose", "damage", "cut", "repeat", "reorder"])
            self.done[evil] += 1
            at = self.random.randrange(len(frame))
            if evil == "damage":
                out.append(frame[:at] + bytes([frame[at] ^ 1 << self.random.randrange(8)]) + frame[at + 1 :])
            elif evil == "cut":
                out.append(frame[:at])
            elif evil == "repeat":
                out += [frame, frame]
            elif evil == "reorder":
                out.insert(self.random.randrange(len(out) + 1), frame)
        return out


def stream_over(
    line: BadLine, module: HostModule, audio: np.ndarray, positions: np.ndarray
) -> tuple[StreamSender, int]:
    """Streams; asserts that it ends. Returns the sender and how often it had to wait for a time-out."""
    (ready,) = module.ask(message_frame("stream_start", 1, positions[0], stream=1))
    sequence = iter(range(65000, 10**9))  # wraps around early
    frames = stream_blocks(1, audio, positions, 4)
    sender = StreamSender(1, frames, ready.values["credits"], lambda: next(sequence))
    receiver, waits, again = FrameReceiver(), 0, []
    for _ in range(40 * len(frames) + 100):
        if sender.finished:
            return sender, waits
        out = line.carry([encode_frame(frame) for frame in [*again, *sender.due()]])
        back = [frame + b"\0" for frame in module.feed(b"".join(out)).split(b"\0")[:-1]]
        come = [message_of(frame) for frame in receiver.feed(b"".join(line.carry(back)))]
        again = [frame for message in come if message is not None for frame in sender.take(message)]
        if not come and not again:
            waits += 1
            again = sender.timeout()
    raise AssertionError(f"no end: {sender.oldest} of {len(frames)} after {line.done}")


def assert_every_sample_right(
    sender: StreamSender, module: HostModule, model: IntegerModel, audio: np.ndarray, positions: np.ndarray
) -> None:
    wanted = expected.play(model, audio, positions)
    assert np.array_equal(np.concatenate([answer.tail for answer in sender.answers if answer is not None]), wanted)
    (status,) = [m for m in module.ask(message_frame("get_status", 1)) if m.name == "status"]
    assert status.values["blocks"] == len(positions), "a block was played twice or not at all"


@given(seed=st.integers(0, 2**32 - 1), chance=st.floats(0, 0.5), blocks=st.integers(1, 60), data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_evil_of_the_line_costs_a_sample(
    library: ctypes.CDLL, model: IntegerModel, blob: bytes, seed: int, chance: float, blocks: int, data: st.DataObject
) -> None:
    corners = data.draw(st.lists(st.integers(-32768, 32767), min_size=4, max_size=4))
    positions = np.zeros((blocks, 4), np.int16)
    positions[blocks // 2 :] = corners
    audio = q15(noise(48 * blocks, seed=seed % 1000))
    module = HostModule(library, blob)
    line = BadLine(chance, random.Random(seed), Counter())
    sender, _ = stream_over(line, module, audio, positions)
    module.feed(b"\0")
    assert_every_sample_right(sender, module, model, audio, positions)


def test_ten_thousand_disturbed_frames_and_every_sample_right(library: ctypes.CDLL) -> None:
    model = make_model("relu_snapshot")
    blocks = 4 * 5000
    audio = q15(np.tile(noise(48 * 200), blocks // 200))
    positions = np.zeros((blocks, 4), np.int16)
    module = HostModule(library, to_bytes(model))
    line = BadLine(0.5, random.Random(2024), Counter())
    sender, _ = stream_over(line, module, audio, positions)
    assert sum(line.done.values()) >= 10_000
    assert min(line.done.values()) > 1000
    module.feed(b"\0")
    assert_every_sample_right(sender, module, model, audio, positions)


BYTES_PER_SECOND = 1e6
"""What a full-speed USB serial port carries, each way."""


class Interruption:
    """A stream over a line that is bad once: for `burst` frames from the `at`-th on. Counts the link's time."""

    def __init__(self, evil: str, at: int, burst: int, rng: random.Random) -> None:
        self.evil, self.bad, self.random = evil, range(at, at + burst), rng
        self.carried, self.seconds, self.bad_until = 0, 0.0, 0.0

    def carry(self, pieces: list[bytes]) -> list[bytes]:
        out = []
        for piece in pieces:
            self.seconds += len(piece) / BYTES_PER_SECOND
            if self.carried in self.bad:
                self.bad_until = self.seconds
                out += [] if self.evil == "lose" else BadLine(1.0, self.random, Counter()).carry([piece])
            else:
                out.append(piece)
            self.carried += 1
        return out

    def stream(self, module: HostModule, audio: np.ndarray, wanted: np.ndarray) -> float:
        """Streams; returns how long after the last bad frame the next answer was taken, 0 if it did no harm."""
        (info,) = module.ask(message_frame("hello", 1))
        number, positions = info.values["last_stream"] + 1, np.zeros((len(audio) // 48, 4), np.int16)
        (ready,) = module.ask(message_frame("stream_start", 1, positions[0], stream=number))
        frames = stream_blocks(number, audio, positions, 4)
        sender = StreamSender(number, frames, ready.values["credits"], itertools.count(1).__next__)
        receiver, again, recovered = FrameReceiver(), [], 0.0
        while not sender.finished:
            sent = self.carry([encode_frame(frame) for frame in [*again, *sender.due()]])
            back = self.carry([frame + b"\0" for frame in module.feed(b"".join(sent)).split(b"\0")[:-1]])
            come = [m for frame in receiver.feed(b"".join(back)) if (m := message_of(frame)) is not None]
            stood = sender.oldest
            again = [frame for message in come for frame in sender.take(message)]
            if not come and not again:
                self.seconds += SILENCE_SECONDS
                again = sender.timeout()
            if sender.oldest > stood and self.carried >= self.bad.stop and recovered == 0.0:
                recovered = self.seconds - self.bad_until
        module.feed(b"\0")
        samples = np.concatenate([answer.tail for answer in sender.answers if answer is not None])
        assert np.array_equal(samples, wanted)
        module.ask(message_frame("stream_stop", 1, stream=number))
        return recovered


def test_whatever_happens_to_frames_in_a_row_the_stream_is_on_its_way_again_within_100_ms(
    library: ctypes.CDLL,
) -> None:
    model, rng = make_model("relu_snapshot"), random.Random(100)
    module = HostModule(library, to_bytes(model))
    audio = q15(noise(48 * 4 * 40))
    wanted = reference.run(model, audio)
    credits, recoveries = schema().limit("credits"), []
    for _ in range(300):
        evil, at, burst = rng.choice(["lose", "any"]), rng.randrange(50), rng.randint(1, 2 * credits)
        recoveries.append(Interruption(evil, at, burst, rng).stream(module, audio, wanted))
    assert max(recoveries) <= 0.1
    assert max(recoveries) > SILENCE_SECONDS, "no case in which the laptop had to wait"


def test_where_one_frame_in_twenty_is_disturbed_the_answers_tell_what_was_lost_and_nobody_waits(
    library: ctypes.CDLL,
) -> None:
    model = make_model("relu_snapshot")
    audio, positions = q15(noise(48 * 2000)), np.zeros((2000, 4), np.int16)
    line = BadLine(0.05, random.Random(7), Counter())
    sender, waits = stream_over(line, HostModule(library, to_bytes(model)), audio, positions)
    assert sum(line.done.values()) > 40
    assert waits <= 0.01 * len(sender.answers)


def test_a_good_line_needs_no_retry_and_keeps_to_the_credits(module: HostModule, model: IntegerModel) -> None:
    audio, positions = q15(noise(48 * 100)), np.zeros((100, 4), np.int16)
    sender, waits = stream_over(BadLine(0, random.Random(0), Counter()), module, audio, positions)
    assert (sender.retries, waits) == (0, 0)
    fresh = StreamSender(1, stream_blocks(1, audio, positions, 4), 8, iter(range(100)).__next__)
    assert len(fresh.due()) == schema().limit("credits")
    assert fresh.due() == []


def test_a_lost_question_or_answer_is_noticed_by_the_next_answer(module: HostModule) -> None:
    audio, positions = q15(noise(48 * 16)), np.zeros((16, 4), np.int16)
    module.ask(message_frame("stream_start", 1, positions[0], stream=1))
    sender = StreamSender(1, stream_blocks(1, audio, positions, 4), 8, iter(range(100)).__next__)
    first, second, third, fourth = sender.due()
    (answer,) = module.ask(first)
    sender.take(answer)
    module.ask(second)  # its answer is lost
    (answer,) = module.ask(third)
    (again,) = sender.take(answer)
    assert again.payload == second.payload
    (ready,) = module.ask(fourth)  # fine; but say that it was lost, and its successor asked
    assert ready.name == "stream_reply"
    assert sender.take(module.ask(again)[0]) == []
    assert sender.oldest == 3


def test_a_module_that_lost_its_stream_is_one_clear_sentence(module: HostModule) -> None:
    sender = StreamSender(5, stream_blocks(5, np.zeros(48, np.int16), np.zeros((1, 4), np.int16), 4), 8, lambda: 0)
    (refused,) = module.ask(sender.due()[0])
    with pytest.raises(LinkError, match="no such stream is running"):
        sender.take(refused)


def test_answers_of_an_earlier_stream_are_not_taken() -> None:
    blocks = stream_blocks(2, np.zeros(48, np.int16), np.zeros((1, 0), np.int16), 4)
    sender = StreamSender(2, blocks, 8, lambda: 0)
    sender.due()
    stale = {"stream": 1, "index": 0, "work": (0, 0, 0, 0), "credits": 8}
    sender.take(Message("stream_reply", 0, stale, np.ones(48, np.int16)))
    assert sender.answers == [None]
