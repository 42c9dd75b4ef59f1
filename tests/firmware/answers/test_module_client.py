"""The laptop's client against the module's C on this computer, behind a TCP port."""

from __future__ import annotations

import ctypes
import importlib.metadata
import re
import time

import numpy as np
import pytest

from gritspace.host_tools.link import client as client_module
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.link.frames import Frame, FrameReceiver, LinkError, encode_frame
from gritspace.host_tools.link.messages import message_frame
from gritspace.quantize.model import reference
from gritspace.quantize.model.model import IntegerModel
from tests.firmware.host.host_module import HostModule
from tests.firmware.host.served import served
from tests.places import ROOT
from tests.quantize.conftest import noise, q15

HERE = np.array([100, -200, 300, -400], np.int16)


def test_a_stream_over_tcp_gives_the_reference_models_samples(
    module: HostModule, model: IntegerModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole line costs nothing again, however slow the machine: asking after a silence is the next test's."""
    monkeypatch.setattr(client_module, "SILENCE_SECONDS", 600.0)
    audio = q15(noise(48 * 500))
    with served(module.feed) as port, Module(port) as client:
        result = client.stream(audio, HERE)
        assert client.info().last_stream == 1
    assert np.array_equal(result.samples, reference.run(model, audio, HERE))
    assert (result.retries, result.crc_errors, result.frame_errors) == (0, 0, 0)


def test_a_slow_module_is_soon_waited_for_instead_of_asked_again(module: HostModule, model: IntegerModel) -> None:
    audio = q15(noise(48 * 4 * 60))

    def slow(data: bytes) -> bytes:
        time.sleep(0.12)
        return module.feed(data)

    with served(slow) as port, Module(port) as client:
        result = client.stream(audio, HERE)
    assert np.array_equal(result.samples, reference.run(model, audio, HERE))
    assert result.retries < 60, "of 60 messages; without patience each goes out three times and more"


def test_a_connection_that_ends_in_mid_stream_is_one_clear_sentence(module: HostModule) -> None:
    heard = []

    def hang_up(data: bytes) -> bytes | None:
        heard.append(len(data))
        return module.feed(data) if sum(heard) < 20_000 else None

    with (
        served(hang_up) as port,
        Module(port, patience_seconds=1) as client,
        pytest.raises(LinkError, match=r"^the port socket://\S+ has gone: .*; plug the module in again$"),
    ):
        client.stream(q15(noise(48 * 1000)), HERE)


def test_a_module_that_falls_silent_in_mid_stream_is_one_clear_sentence(module: HostModule) -> None:
    heard = []

    def fall_silent(data: bytes) -> bytes:
        heard.append(len(data))
        return module.feed(data) if sum(heard) < 20_000 else b""

    with (
        served(fall_silent) as port,
        Module(port, patience_seconds=1) as client,
        pytest.raises(LinkError, match="stopped answering in mid-stream"),
    ):
        client.stream(q15(noise(48 * 1000)), HERE)


def test_a_module_that_restarts_in_mid_stream_is_one_clear_sentence(library: ctypes.CDLL, blob: bytes) -> None:
    modules = [HostModule(library, blob), HostModule(library, blob)]
    heard = []

    def restart(data: bytes) -> bytes:
        heard.append(len(data))
        return modules[sum(heard) > 20_000].feed(data)

    with served(restart) as port, Module(port) as client, pytest.raises(LinkError, match="no such stream is running"):
        client.stream(q15(noise(48 * 1000)), HERE)


def test_a_module_of_another_version_is_told_apart_from_a_dead_one() -> None:
    receiver = FrameReceiver()

    def other_version(data: bytes) -> bytes:
        answers = []
        for frame in receiver.feed(data):
            error = message_frame(
                "error", frame.sequence, code=1, request=frame.message, detail=9, text="another version"
            )
            answers.append(encode_frame(Frame(error.message, error.sequence, error.payload, version=9)))
        return b"".join(answers)

    with served(other_version) as port, Module(port) as client, pytest.raises(LinkError, match="speaks version 9"):
        client.info()


def test_something_that_is_no_module_is_not_taken_for_one() -> None:
    chatter = np.random.default_rng(1).bytes(3000)
    with (
        served(lambda _: chatter) as port,
        Module(port, patience_seconds=0.7) as client,
        pytest.raises(LinkError, match="no module answers"),
    ):
        client.info()


def test_a_number_of_refused_requests_do_not_tire_the_module(module: HostModule) -> None:
    with served(module.feed) as port, Module(port) as client:
        for _ in range(20):
            with pytest.raises(LinkError, match=r"refused set_position: .*\(position, 4\)"):
                client.set_position([1, 2, 3])
        assert client.status().frames_good > 20


def test_the_firmware_has_the_programs_version(module: HostModule) -> None:
    with served(module.feed) as port, Module(port) as client:
        assert client.info().firmware_version == importlib.metadata.version("gritspace")
    source = (ROOT / "firmware" / "module" / "module.h").read_text(encoding="utf-8")
    assert re.search(r'GRIT_FIRMWARE_VERSION "[^"]+"', source)
