"""gritspace's own commands measure the page's module, and the page's editor edits a simulated one."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gritspace.host_tools.link.client import Module
from gritspace.host_tools.module import memory
from gritspace.host_tools.web import loops
from gritspace.host_tools.web.server import served
from gritspace.host_tools.web.site import build_site
from gritspace.host_tools.web.wasm import ROOT
from gritspace.quantize.model.grit import read_grit, to_bytes
from tests.conftest import Cli
from tests.quantize.conftest import make_model
from tests.web.browser import command, drive, what_is_missing

needs_chromium = pytest.mark.skipif(what_is_missing() is not None, reason=what_is_missing() or "")


@contextmanager
def page_that_lends() -> Iterator[str]:
    """A page in Chromium whose module answers at the port that this gives."""
    with served(build_site(), bridge=True) as server:
        arguments, environment = command("lend", server.address, {})
        page = subprocess.Popen(arguments, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert page.stdout is not None
            assert page.stdout.readline().strip() == "lent"
            yield server.port
        finally:
            page.communicate("", timeout=30)


@needs_chromium
def test_hil_finds_no_differing_sample_on_the_pages_module(gritspace: Cli, tmp_path: Path) -> None:
    audio = tmp_path / "guitar.wav"
    soundfile.write(audio, loops.loop("guitar"), 48000)
    model = ROOT / "spaces" / "circuits.grit"
    with page_that_lends() as port:
        with Module(port) as module:
            assert module.info().board == "web"
            assert memory.read_model(module, memory.FACTORY) == model.read_bytes()
        done = gritspace("hil", "--port", port, "--audio", audio, "--model", model, "--json", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["differing_samples"] == 0


@needs_chromium
def test_the_pages_editor_edits_a_simulated_module_as_it_does_its_own(tmp_path: Path) -> None:
    from gritspace.host_tools.module.simulated import build_firmware
    from gritspace.host_tools.module.simulator import Simulator

    model = tmp_path / "relu.grit"
    model.write_bytes(to_bytes(make_model("relu_snapshot")))
    image = build_firmware(read_grit(ROOT / "spaces" / "circuits.grit"))
    with Simulator(image) as simulator, served(build_site(), edit=simulator.port) as server:
        found = drive("editor", server.address, model=model, backup=tmp_path / "backup.json", inPage=False)
    assert found["complaints"] == []
    assert found["same"]
    assert "sim" in found["who"]
    backup = json.loads((tmp_path / "backup.json").read_text())
    assert base64.b64decode(backup["models"][0]["bytes"]) == model.read_bytes()


def test_another_sites_page_may_not_reach_a_module(tmp_path: Path) -> None:
    import http.client

    (tmp_path / "index.html").write_text("page")
    with served(tmp_path, bridge=True) as server:
        number = server.server_address[1]
        headers = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
        }
        for origin, status in (("http://example.org", 403), (None, 403), (f"http://127.0.0.1:{number}", 101)):
            connection = http.client.HTTPConnection("127.0.0.1", number, timeout=10)
            asked = headers if origin is None else {**headers, "Origin": origin}
            connection.request("GET", "/bridge", headers=asked)
            assert connection.getresponse().status == status, origin
            connection.close()
        connection = http.client.HTTPConnection("127.0.0.1", number, timeout=10)
        connection.request("GET", "/../../../../etc/hostname")
        assert connection.getresponse().status == 404


def test_bytes_go_through_a_bridge_whole_whatever_their_number() -> None:
    from io import BytesIO

    from gritspace.host_tools.web.websocket import frame, read_message

    rng = np.random.default_rng(1)
    for count in (0, 1, 125, 126, 65535, 65536, 100_000):
        data = rng.integers(0, 256, count, np.uint8).tobytes()
        sent = frame(data)
        at = 2 if count < 126 else 4 if count < 65536 else 10
        mask = b"\x01\x02\x03\x04"
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        client = bytes([sent[0], sent[1] | 0x80]) + sent[2:at] + mask + masked
        assert read_message(BytesIO(client), BytesIO()) == data
    assert read_message(BytesIO(frame(b"unmasked")), BytesIO()) is None
    assert read_message(BytesIO(b""), BytesIO()) is None
