"""The render cache: built once, by whoever comes first; what is cut short, old or damaged is made again."""

import fcntl
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from gritspace.train.audio.rows import Rows, stacked
from gritspace.train.audio.signals import synthetic
from gritspace.train.errors import InputError
from gritspace.train.space.data import renders
from gritspace.train.space.data.pairs import render_pairs
from gritspace.train.space.data.renders import RenderCache, Wanted

DRY = synthetic(4.0, 3)


class Counting:
    """A device that says how often it had to render more than a probe."""

    kind, licence, knobs = "circuit", "MIT", ("drive",)

    def __init__(self, name: str = "counting", gain: float = 4.0) -> None:
        self.name, self.gain, self.rendered = name, gain, 0

    def render(self, dry: np.ndarray, settings: np.ndarray) -> np.ndarray:
        self.rendered += dry.shape[1] >= 24_000
        return np.tanh(dry * (1 + self.gain * settings)).astype(np.float32)


def pairs_of(device: Counting, cache: RenderCache | None, dry: np.ndarray = DRY):
    return render_pairs([device], dry, 0.5, with_attributes=False, cache=cache)


def test_a_render_is_made_once_and_is_the_very_sound_of_the_device(tmp_path: Path) -> None:
    device = Counting()
    first = pairs_of(device, RenderCache(tmp_path, 1.0))
    cache = RenderCache(tmp_path, 1.0)
    second, plain = pairs_of(device, cache), pairs_of(Counting(), None)
    assert (device.rendered, cache.found, cache.made) == (1, 1, 0)
    for one in (first, second):
        assert torch.equal(one.wet[:], plain.wet[:])
        assert torch.equal(one.dry[:], plain.dry[:])
        assert one.gains == plain.gains


@pytest.mark.parametrize("change", ["sound", "audio", "name"])
def test_another_sound_audio_or_name_is_another_render(tmp_path: Path, change: str) -> None:
    pairs_of(Counting(), RenderCache(tmp_path, 1.0))
    cache = RenderCache(tmp_path, 1.0)
    device = Counting(name="other" if change == "name" else "counting", gain=5.0 if change == "sound" else 4.0)
    pairs_of(device, cache, DRY * 0.5 if change == "audio" else DRY)
    assert (cache.made, cache.found, cache.remade) == (1, 0, 0)


def damage(path: Path, how: str) -> None:
    note = next(path.glob("*.json"))
    if how == "another version":
        note.write_text(json.dumps({**json.loads(note.read_text()), "version": renders.VERSION + 1}))
    elif how == "torn note":
        note.write_text(note.read_text()[:20])
    else:
        audio = next(path.glob("*.f32"))
        audio.write_bytes(audio.read_bytes()[:-4])


@pytest.mark.parametrize("how", ["another version", "torn note", "short audio"])
def test_a_render_of_another_version_or_a_damaged_one_is_made_anew_and_counted(tmp_path: Path, how: str) -> None:
    whole = pairs_of(Counting(), RenderCache(tmp_path, 1.0)).wet[:].clone()
    damage(tmp_path, how)
    cache = RenderCache(tmp_path, 1.0)
    again = pairs_of(Counting(), cache)
    assert (cache.made, cache.remade) == (1, 1)
    assert torch.equal(again.wet[:], whole)


def test_two_processes_make_a_render_once_and_one_killed_at_it_holds_up_nobody(tmp_path: Path) -> None:
    code = (
        "import sys, time; sys.path.insert(0, '.')\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from gritspace.train.space.data.renders import RenderCache, Wanted\n"
        "def make():\n"
        "    print('making', flush=True); time.sleep(float(sys.argv[2]))\n"
        "    return np.ones((2, 9), np.float32), {'gain': 2.0}\n"
        "cache = RenderCache(Path(sys.argv[1]), 1.0)\n"
        "audio, note = cache.get(Wanted('one', (2, 9)), make)\n"
        "print(cache.made, float(audio.sum()), note['gain'], flush=True)\n"
    )

    def start(seconds: float) -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", code, str(tmp_path), str(seconds)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment)

    killed = start(60)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "making\n"
    both = [start(0.2), start(0.2)]
    time.sleep(0.3)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    said = sorted(process.communicate(timeout=600)[0] for process in both)
    assert said == ["0 18.0 2.0\n", "making\n1 18.0 2.0\n"]


def test_what_others_rename_or_drop_between_a_look_into_the_folder_and_the_next_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two processes one died of it now and then: it saw the other's file, which was renamed before it was asked
    how old it is."""
    kept = RenderCache(tmp_path, 1.0)
    made = np.ones((1, 4096), np.float32)
    for name in ("one", "two", "three"):
        kept.get(Wanted(name, (1, 4096)), lambda: (made, {}))
    (tmp_path / ".four.f32.tmp.f32").touch()
    look = Path.glob

    def look_and_lose(folder: Path, pattern: str) -> list[Path]:
        seen = sorted(look(folder, pattern))
        seen[0].unlink()
        return seen

    monkeypatch.setattr(Path, "glob", look_and_lose)
    cache = RenderCache(tmp_path, 2 * made.nbytes / 1e9)
    cache.make_room([Wanted("five", (1, 4096))])
    audio, _ = cache.get(Wanted("five", (1, 4096)), lambda: (made, {}))
    assert float(audio.sum()) == 4096


def test_a_render_that_another_process_is_at_is_not_dropped(tmp_path: Path) -> None:
    made = np.ones((1, 4096), np.float32)
    RenderCache(tmp_path, 1.0).get(Wanted("one", (1, 4096)), lambda: (made, {}))
    with (tmp_path / "one.lock").open("w") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        RenderCache(tmp_path, made.nbytes / 1e9).make_room([Wanted("two", (1, 4096))])
        assert (tmp_path / "one.f32").exists()
    RenderCache(tmp_path, made.nbytes / 1e9).make_room([Wanted("two", (1, 4096))])
    assert not list(tmp_path.glob("one.*"))


def test_what_is_over_the_limit_is_refused_before_anything_is_rendered(tmp_path: Path) -> None:
    cache, device = RenderCache(tmp_path, 1e-4), Counting()
    wanted = cache.wanted(device, np.zeros((5, 1), np.float32), np.zeros((5, 24_000), np.float32))
    assert wanted.size_bytes == 5 * 24_000 * 4
    with pytest.raises(InputError, match=r"0\.00048 GB of renders are needed and 0\.0001 GB are allowed"):
        cache.make_room([wanted])
    assert device.rendered == 0
    assert list(tmp_path.glob("*.f32")) == []


def test_the_longest_unused_renders_make_room_and_wanted_ones_stay(tmp_path: Path) -> None:
    limit = 3 * 5 * 24_000 * 4 / 1e9  # three renders
    names = ["a", "b", "c"]
    for age, name in enumerate(names):
        pairs_of(Counting(name), RenderCache(tmp_path, limit))
        note = next(tmp_path.glob(f"{name}-*.json"))
        os.utime(note, (1e9 + age, 1e9 + age))
    cache = RenderCache(tmp_path, limit)
    wanted = [
        cache.wanted(device, np.linspace(0, 1, 5, dtype=np.float32)[:, None], np.zeros((5, 24_000), np.float32))
        for device in (Counting("d"),)
    ]
    said = cache.make_room(wanted)
    assert "0.00048 GB of them new" in said
    assert sorted(path.name[0] for path in tmp_path.glob("*.f32")) == ["b", "c"]


def test_a_full_disk_is_told_before_it_is_full(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(renders.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1e6})())
    cache = RenderCache(tmp_path, 1.0)
    with pytest.raises(InputError, match=r"0\.001 GB are free"):
        cache.make_room([renders.Wanted("one", (1, 24_000))])


def test_rows_are_indexed_as_the_tensor_they_stand_for() -> None:
    whole = torch.arange(24.0).view(4, 6)
    rows = Rows(list(whole), [1.0, -2.0, 0.5, 3.0])
    tensor = whole * torch.tensor([1.0, -2.0, 0.5, 3.0])[:, None]
    assert rows.shape == (4, 6)
    for index in (2, (1, slice(2, 5)), slice(1, 3), (slice(None), slice(0, 4)), slice(2, 2)):
        assert torch.equal(rows[index], tensor[index])
    assert torch.allclose(rows.power(), tensor.square().mean(-1))
    assert torch.equal(stacked([rows, rows])[:], torch.cat([tensor, tensor]))
    assert torch.equal(pickle.loads(pickle.dumps(rows))[:], tensor)
    assert rows.digest() == Rows(list(tensor)).digest() != Rows(list(whole)).digest()
    with pytest.raises(ValueError, match="one length"):
        Rows([torch.zeros(3), torch.zeros(4)])
