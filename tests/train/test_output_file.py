"""Files appear whole, on the disk, and two writers of one name do not meet."""

import os
import threading

import pytest

from gritspace.train.output_file import write_whole, written_whole


def test_file_and_folder_are_on_the_disk_before_and_after_the_rename(tmp_path, monkeypatch):
    done = []
    real = {"fsync": os.fsync, "replace": os.replace}

    def fsync(handle):
        done.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")
        real["fsync"](handle)

    def replace(source, target):
        done.append("rename")
        real["replace"](source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write_whole(tmp_path / "a.grit", b"one")
    assert done == ["file", "rename", "folder"]


def test_two_writers_of_one_name_do_not_meet(tmp_path):
    path, started, go_on = tmp_path / "a.grit", threading.Event(), threading.Event()

    def slow():
        with written_whole(path) as beside:
            beside.write_bytes(b"slow")
            started.set()
            go_on.wait(10)

    other = threading.Thread(target=slow)
    other.start()
    assert started.wait(10)
    write_whole(path, b"fast and longer")
    assert path.read_bytes() == b"fast and longer"
    go_on.set()
    other.join(10)
    assert path.read_bytes() == b"slow"
    assert list(tmp_path.iterdir()) == [path]


def test_a_stranger_s_part_file_is_not_touched(tmp_path):
    (tmp_path / "a.grit.part").write_bytes(b"mine")
    write_whole(tmp_path / "a.grit", b"one")
    assert (tmp_path / "a.grit.part").read_bytes() == b"mine"


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    write_whole(tmp_path / "a.grit", b"old")

    def interrupted():
        with written_whole(tmp_path / "a.grit") as beside:
            beside.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a.grit", b"old")]
