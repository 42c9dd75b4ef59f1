"""`simulate` and `hil` as two processes, as a user runs them: in two terminals, with a port between."""

import contextlib
import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gritspace.host_tools.audio_sources import riff
from gritspace.train.audio.audio_file import write_audio

pytestmark = pytest.mark.skipif(
    not (shutil.which("qemu-system-arm") and shutil.which("arm-none-eabi-gcc")),
    reason="needs qemu-system-arm and gcc-arm-none-eabi: run `make setup`",
)


@pytest.fixture
def folder(tmp_path, space_file, model_file):
    for file in (space_file, model_file):
        shutil.copy(file, tmp_path)
    write_audio(tmp_path / "riff.wav", riff(1.0))
    write_audio(tmp_path / "long.wav", riff(60.0))
    return tmp_path


@pytest.fixture
def simulated(folder, model_file):
    """A running `gritspace simulate`: (process, port)."""
    command = [sys.executable, "-m", "gritspace.host_tools.cli", "simulate", model_file.name, "--port-file", "port"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 90
    while not (folder / "port").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "the simulated module did not start"
        time.sleep(0.1)
    yield process, (folder / "port").read_text().strip()
    process.terminate()  # killed, it would leave its emulator behind
    process.communicate(timeout=30)


def test_a_module_in_one_terminal_is_measured_from_another_and_ends_with_ctrl_c(gritspace, folder, simulated):
    process, port = simulated
    result = gritspace(
        "hil", "--port", port, "--audio", "riff.wav", "--device", "rat", "--device-seconds", 0.3, "--json", cwd=folder
    )
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["differing_samples"] == 0
    assert report["esr_integer_vs_float"] < 1e-3
    assert report["esr_vs_device"].keys() == {"rat"}
    assert report["cycles_unit"] == "cycles"
    assert report == json.loads((folder / "report.json").read_text())
    again = gritspace("hil", "--port", port, "--audio", "riff.wav", "--position", "1,-1,0.5,0", "--json", cwd=folder)
    assert json.loads(again.stdout)["differing_samples"] == 0
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert port in out
    assert "Traceback" not in err
    assert not (folder / "port").exists()


def test_a_port_that_vanishes_in_mid_stream_is_one_sentence_and_no_report(gritspace, folder, simulated):
    process, port = simulated
    command = [sys.executable, "-m", "gritspace.host_tools.cli", "hil", "--port", port, "--audio", "long.wav"]
    hil = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(6)  # by now it streams, or will find no module: both must end well
    process.terminate()
    process.wait(timeout=20)
    _, err = hil.communicate(timeout=60)
    assert hil.returncode == 2
    assert err.startswith("gritspace: ")
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err
    assert not (folder / "report.html").exists()
    assert not (folder / "report.json").exists()


def test_another_model_than_the_modules_is_refused(gritspace, folder, simulated, space_file):
    made = gritspace("quantize", space_file, "-o", folder / "other.grit", "--name", "other")
    assert made.returncode == 0
    result = gritspace("hil", "--port", simulated[1], "--audio", "riff.wav", "--model", "other.grit", cwd=folder)
    assert result.returncode == 2
    assert "other" in result.stderr
    assert "Traceback" not in result.stderr


def test_port_sim_needs_no_second_terminal(gritspace, folder, model_file):
    result = gritspace(
        "hil", "--port", "sim", "--model", model_file.name, "--audio", "riff.wav", "--device-seconds", 0.3, cwd=folder
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert "0 of" in result.stdout
    assert "diode_clipper" in result.stdout
    assert (folder / "report.html").is_file()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_no_emulator_is_left_running_when_a_test_is_interrupted(folder, model_file, how):
    image = hashlib.sha256(model_file.read_bytes()).hexdigest()[:16]
    command = [sys.executable, "-m", "gritspace.host_tools.cli", "hil", "--port", "sim", "--model", model_file.name]
    hil = subprocess.Popen(
        [*command, "--audio", "long.wav"],
        cwd=folder,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )
    try:
        until = time.monotonic() + 120
        while not (own := emulators_of(image, hil.pid)) and time.monotonic() < until:
            assert hil.poll() is None
            time.sleep(0.1)
        assert own
        hil.send_signal(how)
        hil.wait(timeout=60)
        assert not [pid for pid in own if runs(pid)]
    finally:
        hil.kill()


def runs(pid):
    """Whether a process is there and no zombie."""
    try:
        return "qemu-system-arm" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def emulators_of(image, parent):
    """Process ids of the QEMUs that run firmware around this model and were started by this process: another test may
    run its own at the same time.
    """
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes()
            of = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if b"qemu-system-arm" in words and image.encode() in words and of == parent:
                found.append(int(folder.name))
    return found
