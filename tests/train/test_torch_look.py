"""What is seen of a `.pt` file without PyTorch is what PyTorch reads, and of a damaged one nothing."""

from __future__ import annotations

import io
import pickle
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gritspace.train.space.space import load_space
from gritspace.train.torch_look import format_of, positions_of
from tests.places import ROOT
from tests.train.test_torch_file import a_snapshot

SPACES = [ROOT / "spaces" / f"{name}.pt" for name in ("circuits", "openamp")]


def zipped(pickled: bytes, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
    return path


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.stem)
def test_a_spaces_positions_are_those_that_pytorch_reads(path: Path) -> None:
    assert format_of(path) == "gritspace space"
    assert positions_of(path) == load_space(path).positions


def test_a_file_says_what_it_is(tmp_path: Path) -> None:
    a_snapshot(tmp_path / "x.pt")
    assert format_of(tmp_path / "x.pt") == "gritspace snapshot"
    assert positions_of(tmp_path / "x.pt") is None
    assert format_of(ROOT / "spaces" / "matcher.pt") == "gritspace matcher"


@pytest.mark.filterwarnings("ignore:invalid escape sequence")  # in a text of a pickle
def test_a_mutated_pickle_says_something_or_nothing_and_raises_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(SPACES[1]) as archive:
        name = next(one for one in archive.namelist() if one.endswith("data.pkl"))
        good = archive.read(name)[:4000]
    rng = random.Random(0)
    for _ in range(150):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path = zipped(bytes(data), tmp_path / "x.pt")
        assert isinstance(format_of(path), str | None)
        assert isinstance(positions_of(path), dict | None)


def test_nothing_that_a_file_names_is_called_and_nothing_nested_is_built(tmp_path: Path) -> None:
    class Calls:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return open, (str(tmp_path / "called"),)

    for pickled in (pickle.dumps({"format": Calls(), "positions": Calls()}), b"\x80\x02)" + b"\x85" * 2_000_000 + b"."):
        path = zipped(pickled, tmp_path / "x.pt")
        assert format_of(path) in (None, open.__module__)  # what it names: a word, and no more
        assert positions_of(path) is None
    assert not (tmp_path / "called").exists()


def test_what_is_no_archive_or_far_too_large_is_left_to_its_reader(tmp_path: Path) -> None:
    whole = SPACES[0].read_bytes()
    for data in (b"", b"PK\x03\x04", whole[:3000], whole[:-500]):
        (tmp_path / "x.pt").write_bytes(data)
        assert format_of(tmp_path / "x.pt") is None
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(20 << 20))
    (tmp_path / "x.pt").write_bytes(buffer.getvalue())
    assert format_of(tmp_path / "x.pt") is None


def test_pytorch_is_not_loaded_for_it() -> None:
    code = "import sys, gritspace.train.torch_look, gritspace.train.sealed_file; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
