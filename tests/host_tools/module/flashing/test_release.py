"""A release: what is in it, and that its sums are those of the files."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.module.flashing.release import BOARDS, pack
from gritspace.train.errors import InputError


def images(folder: Path) -> Path:
    """Vectors that a module could start from, and nothing behind them."""
    folder.mkdir()
    vectors = struct.pack("<16I", 0x20020000, *([0x08000101] * 15))
    for board in BOARDS:
        (folder / f"{board}.bin").write_bytes(vectors + bytes(512))
    return folder


def test_sums_hold_and_the_manifest_names_every_board(tmp_path: Path) -> None:
    pack(images(tmp_path / "images"), tmp_path / "release")
    assert shutil.which("sha256sum"), "coreutils"
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=tmp_path / "release", check=True)
    manifest = json.loads((tmp_path / "release" / "manifest.json").read_text())
    assert [entry["board"] for entry in manifest["files"] if entry["kind"] == "firmware"] == list(BOARDS)
    assert {entry["name"] for entry in manifest["files"]} | {"manifest.json", "SHA256SUMS"} == {
        path.name for path in (tmp_path / "release").iterdir()
    }


def test_an_image_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = images(tmp_path / "images")
    (folder / f"{BOARDS[-1]}.bin").unlink()
    with pytest.raises(RigError, match=f"{BOARDS[-1]}.bin"):
        pack(folder, tmp_path / "release")


def test_what_no_module_could_start_from_is_not_released(tmp_path: Path) -> None:
    folder = images(tmp_path / "images")
    (folder / f"{BOARDS[0]}.bin").write_bytes(bytes(600))
    with pytest.raises(InputError, match=BOARDS[0]):
        pack(folder, tmp_path / "release")
