"""What a seed makes is the same to the byte whenever, wherever and by whomever it is made."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from gritspace.train.audio.audio_file import write_audio
from tests.conftest import tones

ROOT = Path(__file__).resolve().parents[2]


def made(folder: Path, hash_seed: int) -> dict[str, bytes]:
    """Each kind of file, by its name, written by a process of its own in a home of its own."""
    home = folder / "home"
    home.mkdir(parents=True)
    out = folder / "written"
    out.mkdir()
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))  # compiled cores only: they need no seed
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "HOME": str(home), "XDG_CACHE_HOME": cache}
    environment |= {"PYTHONPATH": str(ROOT), "TMPDIR": str(home), "OMP_NUM_THREADS": "1"}
    called = [sys.executable, "-m", "tests.end_to_end.each_kind", str(out), f"the-host-{hash_seed}"]
    subprocess.run(called, env=environment, check=True, timeout=300, cwd=home)
    files = {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    for name, data in files.items():
        for trace in (str(folder), "the-host-"):
            assert trace.encode() not in data, f"{name} says {trace}"
    return files


def test_what_a_seed_makes_holds_no_time_no_path_and_no_host(tmp_path: Path) -> None:
    first = made(tmp_path / "here", 1)
    second = made(tmp_path / "there_and_longer", 2)  # starting a process takes more than the second that a clock needs
    assert len(first) >= 20
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_a_wav_is_the_same_a_second_later(tmp_path: Path) -> None:
    audio = 0.5 * tones(480)
    write_audio(tmp_path / "now.wav", audio)
    time.sleep(1.1)
    write_audio(tmp_path / "later.wav", audio)
    assert (tmp_path / "now.wav").read_bytes() == (tmp_path / "later.wav").read_bytes()
