"""The page in Firefox: it loads, sounds, gives the module's bits, and says what this browser has not."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.web import loops
from gritspace.host_tools.web.server import served
from gritspace.host_tools.web.site import build_site
from tests.web.browser import drive_firefox, firefox
from tests.web.rendering import DELAY, blob_of, moving_panel, on_this_computer

SECONDS = 5


def _has_websocket() -> bool:
    """Of Node: 20.10 or later."""
    tried = subprocess.run(["node", "--experimental-websocket", "-e", "new WebSocket"], capture_output=True, text=True)
    return "ReferenceError" not in tried.stderr and "bad option" not in tried.stderr


@pytest.fixture
def loudspeaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An audio device that nobody hears: without one Firefox's clock of sound stands still."""
    program = shutil.which("pulseaudio")
    if program is None:
        pytest.skip("PulseAudio is missing, Firefox's loudspeaker here (apt install pulseaudio)")
    socket = tmp_path / "sound"
    loaded = ("module-null-sink", f"module-native-protocol-unix socket={socket} auth-anonymous=1")
    command = [program, "--daemonize=no", "-n", "--exit-idle-time=-1", "--use-pid-file=no"]
    command += [part for module in loaded for part in ("-L", module)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(
        command, env={**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}, **quiet
    ) as running:
        monkeypatch.setenv("PULSE_SERVER", f"unix:{socket}")
        while not socket.exists() and running.poll() is None:
            time.sleep(0.05)
        yield
        running.terminate()


@pytest.fixture
def address() -> Iterator[str]:
    if firefox() is None:
        pytest.skip("Firefox is missing (apt install firefox-esr)")
    if shutil.which("node") is None or not _has_websocket():
        pytest.skip("a Node of 20.10 or later is missing: it drives Firefox (apt install nodejs)")
    with served(build_site()) as server:
        yield server.address


def test_in_firefox_the_page_sounds_with_the_modules_bits_and_says_whether_it_has_serial(
    address: str, loudspeaker: None, host_library: ctypes.CDLL, tmp_path: Path
) -> None:
    blob, audio = blob_of("circuits"), loops.loop("guitar")[: SECONDS * 48000]
    audio = audio[: len(audio) // 48 * 48]
    script = moving_panel(len(audio) // 48)
    (tmp_path / "model.grit").write_bytes(blob)
    audio.tofile(tmp_path / "audio.i16")
    (tmp_path / "script.json").write_text(json.dumps(script))
    files = {k: tmp_path / f for k, f in (("model", "model.grit"), ("audio", "audio.i16"), ("script", "script.json"))}
    found = drive_firefox(address, **files, left=tmp_path / "l", right=tmp_path / "r")
    assert found["complaints"] == []
    assert found["level"] > 1e-3
    without = "This browser has no Web Serial: a real module wants Chrome or Edge. All else works."
    assert found["hint"] == (None if found["serial"] else without)
    expected = on_this_computer(host_library, blob, audio, script)
    assert np.ptp(expected.astype(int)) > 10000, "silence would prove nothing"
    for channel, side in enumerate("lr"):
        heard = np.fromfile(tmp_path / side, np.int16)
        assert np.count_nonzero(heard[DELAY:] != expected[channel, : len(heard) - DELAY]) == 0
