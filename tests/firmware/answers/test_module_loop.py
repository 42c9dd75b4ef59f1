"""The loop through the converter: played to the sample, heard block for block, gaps noticed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gritspace.host_tools.link.frames import LinkError
from gritspace.host_tools.link.messages import message_frame
from gritspace.host_tools.link.schema import schema
from gritspace.host_tools.module.loop import play_and_hear
from tests.conftest import Cli
from tests.firmware.host.host_module import HostModule
from tests.firmware.host.rig import Rig
from tests.quantize.conftest import noise, q15

NOTHING = np.zeros(0, np.int16)


class Cable:
    """From the module's output to its input: late by whole frames, quieter, upside down, with noise."""

    def __init__(
        self, rig: Rig, delay: int = 37, gain: float = -0.7, noise_codes: float = 2.0, blocks: int = 4
    ) -> None:
        self.rig, self.gain, self.noise_codes, self.blocks = rig, gain, noise_codes, blocks
        self.line = np.zeros(delay + 48, np.int16)
        self.rng = np.random.default_rng(1)
        self.answer_without_audio, rig.answer = rig.answer, self.answer  # type: ignore[method-assign]

    def answer(self, data: bytes) -> bytes:
        out = self.answer_without_audio(data)
        for _ in range(self.blocks):
            heard = self.gain * self.line[:48] + self.rng.normal(0, self.noise_codes, 48)
            played = self.rig.module.audio(np.clip(np.round(heard), -32768, 32767).astype(np.int16))
            self.line = np.concatenate([self.line[48:], played])
        return out


def test_what_is_played_is_what_was_sent_and_what_is_heard_comes_back_in_its_place(rig: Rig) -> None:
    Cable(rig, delay=37, gain=1.0, noise_codes=0.0)
    audio = q15(noise(48 * 300 + 7))
    with rig.client() as client:
        heard = play_and_hear(client, audio)
    assert len(heard) == len(audio)
    late = 37 + 48  # the cable, and the block between hearing and playing
    assert np.array_equal(heard[late:], audio[:-late])
    assert not heard[:late].any()
    loud = np.full(48, 20000, np.int16)
    assert rig.module.audio(loud).any(), "the instrument plays again"


def test_a_model_cannot_be_selected_while_the_loop_runs(rig: Rig) -> None:
    """The change of a model ends in the instrument's audio, which a loop keeps still: its answer would never come."""
    loop = {"index": 0, "want": 0, "blocks": 0}
    (answer,) = rig.module.ask(message_frame("loop_block", 1, NOTHING, running=1, **loop))
    assert answer.name == "loop"
    (answer,) = rig.module.ask(message_frame("select_model", 2, model=0))
    assert answer.name == "error"
    assert answer.values["code"] == schema().value("error", "in_use")
    rig.module.ask(message_frame("loop_block", 3, NOTHING, running=0, **loop))
    (answer,) = rig.module.ask(message_frame("select_model", 4, model=0))
    assert answer.name == "info"


def test_gaps_are_an_error_and_not_a_measurement(rig: Rig) -> None:
    Cable(rig, blocks=9)
    with rig.client() as client, pytest.raises(LinkError, match="gaps"):
        play_and_hear(client, q15(noise(48 * 400)))


def test_a_converter_that_does_not_play_is_noticed(rig: Rig) -> None:
    with rig.client() as client, pytest.raises(LinkError, match="does not play"):
        play_and_hear(client, q15(noise(48 * 100)), patience_seconds=0.2)


def test_repeated_and_misplaced_blocks_are_not_played_twice(module: HostModule) -> None:
    audio = q15(noise(48 * 4))
    block = message_frame("loop_block", 1, audio, index=0, want=0, running=1, blocks=4)
    assert [module.ask(block)[0].values["next"] for _ in range(3)] == [4, 4, 4]
    misplaced = message_frame("loop_block", 1, audio, index=8, want=0, running=1, blocks=4)
    assert module.ask(misplaced)[0].values["next"] == 4
    for index in range(4, 80, 4):
        (answer,) = module.ask(message_frame("loop_block", 1, audio, index=index, want=0, running=1, blocks=4))
    assert answer.values["next"] == 64, "there is room for 64 blocks"
    for _ in range(70):
        module.audio(np.full(48, 9, np.int16))
    (answer,) = module.ask(message_frame("loop_block", 1, NOTHING, index=0, want=3, running=1, blocks=0))
    assert (answer.values["blocks"], answer.values["late"]) == (0, 6), "block 3 is no longer kept"
    (answer,) = module.ask(message_frame("loop_block", 1, NOTHING, index=0, want=62, running=1, blocks=0))
    assert (answer.values["first"], answer.values["blocks"]) == (62, 2)
    assert answer.tail.tolist() == [9] * 96


@pytest.mark.parametrize(("blocks", "samples"), [(1, 47), (5, 240), (0, 1), (255, 0)])
def test_blocks_that_do_not_add_up_are_refused(module: HostModule, blocks: int, samples: int) -> None:
    frame = message_frame("loop_block", 1, np.zeros(samples), index=0, want=0, running=1, blocks=blocks)
    (answer,) = module.ask(frame)
    assert (answer.name, answer.values["code"]) == ("error", 8)


def test_a_loop_and_a_stream_do_not_share_the_converter_and_a_laptop_that_has_gone_gives_it_back(
    module: HostModule,
) -> None:
    block = message_frame("loop_block", 1, q15(noise(192)), index=0, want=0, running=1, blocks=4)
    module.ask(message_frame("stream_start", 1, [0, 0, 0, 0], stream=1))
    assert module.ask(block)[0].name == "error"
    module.ask(message_frame("stream_stop", 1, stream=1))
    assert module.ask(block)[0].name == "loop"
    loud = np.full(48, 20000, np.int16)
    for _ in range(10_001):
        assert not module.audio(loud).any()
    module.idle()
    assert module.audio(loud).any()


def test_a_patch_cable_is_measured_from_the_command_line(rig: Rig, gritspace: Cli) -> None:
    Cable(rig, delay=100, gain=-0.5)
    with rig.port() as port:
        result = gritspace("loop", "module", "--port", port, "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["latency_frames"] == pytest.approx(148, abs=0.02)
    assert report["gain_db"] == pytest.approx(-6.02, abs=0.02)
    assert report["inverted"]
    assert report["noise_floor_dbfs"] == pytest.approx(20 * np.log10(2.02 / 32768), abs=0.5)
