"""The program in a terminal as it is: narrow, without colours, closed early, stopped by Ctrl-C; version, completion."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

COMMAND = [sys.executable, "-m", "gritspace"]


def in_terminal(*words: str, columns: int = 80, **environment: str) -> str:
    """What a terminal of this width is sent."""
    keeper, end = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [*COMMAND, *words],
        stdin=end,
        stdout=end,
        stderr=end,
        env={**kept, "TERM": "xterm-256color", "COLUMNS": str(columns), **environment},
    )
    os.close(end)
    said = b""
    while True:
        if select.select([keeper], [], [], 120)[0]:
            try:
                more = os.read(keeper, 65536)
            except OSError:  # the other end is closed
                break
            if not more:
                break
            said += more
    process.wait()
    os.close(keeper)
    return said.decode()


@pytest.mark.parametrize("words", ["effects", "devices", "--help"])
def test_no_table_is_wider_than_a_narrow_terminal(words: str) -> None:
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", in_terminal(words, columns=50)).splitlines()
    assert len(lines) > 10
    sentences = ("and pedalboard.NAME",)  # wrapped by the terminal, so that they can be copied whole
    assert [line for line in lines if len(line.rstrip()) > 50 and not line.startswith(sentences)] == []


def test_no_color_is_heeded() -> None:
    colour = re.compile(r"\x1b\[[0-9;]*3[0-9]")
    words = ("run", "no.grit", "a.wav", "b.wav")
    assert colour.search(in_terminal(*words))
    assert not colour.search(in_terminal(*words, NO_COLOR="1"))


def test_a_reader_who_has_enough_is_no_fault() -> None:
    with subprocess.Popen([*COMMAND, "effects"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() != 2


def test_the_version_is_said_and_the_package_is_the_program() -> None:
    said = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"gritspace \d+\.\d+\.\d+\n", said)


def test_a_shell_completes_commands_and_options() -> None:
    def completed(words: str, count: int) -> str:
        asked = {"_GRITSPACE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(count)}
        return subprocess.run(COMMAND, env={**os.environ, **asked}, capture_output=True, text=True, check=False).stdout

    assert completed("gritspace qua", 1).split() == ["quantize"]
    assert "--minutes" in completed("gritspace fit --mi", 2).split()


@pytest.mark.parametrize("command", ["train", "render", "simulate"])
def test_ctrl_c_ends_it_and_says_how_to_go_on(tmp_path: Path, command: str, model_file: Path) -> None:
    if command == "simulate" and shutil.which("qemu-system-arm") is None:
        pytest.skip("needs qemu-system-arm: run `make setup`")
    soundfile.write(tmp_path / "long.wav", 0.3 * np.sin(np.arange(48000 * 600) / 10), 48000)
    words = {
        "train": ["train", "--quick", "--cache-gigabytes", "0", "-o", "space.pt"],
        "render": ["render", "rat", "long.wav", "wet.wav"],
        "simulate": ["simulate", model_file],
    }[command]
    process = subprocess.Popen([*COMMAND, *map(str, words)], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    busy_for(process.pid, 4.0 if command != "simulate" else 1.0)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".wav"] == ["long.wav"]
    if command == "simulate":
        return
    assert process.returncode == 130
    assert said.strip().splitlines()[-1].startswith("gritspace: stopped; ")


def busy_for(process: int, seconds: float) -> None:
    """Waits until it has used so much of a processor: until then it only loads."""
    ticks = os.sysconf("SC_CLK_TCK")
    while Path(f"/proc/{process}/stat").exists():
        used = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
        if sum(map(int, used)) > seconds * ticks:
            return
        time.sleep(0.05)
    raise AssertionError("it ended by itself")


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("gritspace.host_tools.commands", "stopped; nothing was begun."),
        ("soundfile", "stopped; nothing was written; the same command begins anew."),
        ("gritspace.host_tools.spaces.finding", "stopped; nothing was written; the same command begins anew."),
    ],
)
def test_ctrl_c_while_it_still_loads_is_quiet(tmp_path: Path, module: str, said: str) -> None:
    soundfile.write(tmp_path / "wet.wav", 0.3 * np.sin(np.arange(48000) / 10), 48000)
    program = (
        "import os, signal, sys\n"
        "class Press:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Press())\n"
        "sys.argv = ['gritspace', 'match', 'wet.wav']\n"
        "from gritspace.host_tools.start import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr.strip() == f"gritspace: {said}"
    assert done.stdout == ""
