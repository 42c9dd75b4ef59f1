"""Building the native core where there is no compiler, a broken one, or a folder that cannot be written."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gritspace.train.network import carried_core
from gritspace.train.network.native_build import compile_core
from tests.places import ROOT

SCRIPT = """
import torch
from gritspace.train.network.native_build import core
from tests.places import ROOT
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
tcn = Tcn(TcnConfig((LayerArrayConfig(2, (3,), (1,)),)))
for _ in range(3):
    tcn(torch.randn(1, 50)).sum().backward()
print("core" if core() else "pytorch")
"""


def run(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )


def test_without_a_compiler_training_runs_in_pytorch_and_says_so_once(tmp_path: Path) -> None:
    result = run(tmp_path, CXX="no-such-compiler")
    assert result.stdout == "pytorch\n"
    assert result.stderr.count("no-such-compiler") == 1
    assert "install" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_compiler_that_fails_is_named_and_leaves_no_library(tmp_path: Path) -> None:
    compiler = tmp_path / "broken"
    compiler.write_text("#!/bin/sh\necho 'fatal error: out of luck' >&2\nexit 1\n", encoding="utf-8")
    compiler.chmod(0o755)
    result = run(tmp_path, CXX=str(compiler))
    assert result.stdout == "pytorch\n"
    assert "out of luck" in result.stderr
    assert not list(tmp_path.rglob("*.so"))


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "gritspace").write_text("in the way", encoding="utf-8")
    result = run(tmp_path)
    assert result.stdout == "pytorch\n"
    assert str(tmp_path / "gritspace") in result.stderr


def test_the_switch_keeps_to_pytorch_without_a_word(tmp_path: Path) -> None:
    result = run(tmp_path, GRITSPACE_NATIVE="0")
    assert (result.stdout, result.stderr) == ("pytorch\n", "")


def test_a_damaged_library_in_the_cache_is_named_and_not_used(tmp_path: Path) -> None:
    from gritspace.train.network.native_build import core

    if core() is None:
        pytest.skip("no C++ compiler; Debian: apt install g++")
    first = run(tmp_path)
    assert (first.stdout, first.stderr) == ("core\n", "")
    (library,) = tmp_path.rglob("*.so")
    library.write_bytes(b"not a library")
    second = run(tmp_path)
    assert second.stdout == "pytorch\n"
    assert str(library) in second.stderr


def test_a_wheels_core_is_taken_where_there_is_no_compiler_and_one_for_another_processor_is_not(tmp_path: Path) -> None:
    levels = carried_core.LEVELS.get(platform.machine(), {})
    able = carried_core.abilities()
    level = next((one for one, needed in reversed(levels.items()) if needed <= able), None)
    if level is None:
        pytest.skip(f"no core is carried for a {platform.machine()} with this processor's abilities")
    package = tmp_path / "gritspace" / "train"
    shutil.copytree(ROOT / "train", package, ignore=shutil.ignore_patterns("__pycache__", "research", "carried"))
    compile_core(carried_core.file_of(level, package / "network" / "carried"), f"-march={level}")
    home = {"CXX": "no-such-compiler", "PYTHONPATH": str(tmp_path)}
    result = run(tmp_path / "cache", **home)
    assert (result.stdout, result.stderr) == ("core\n", "")

    with (package / "network" / "carried_core.py").open("a", encoding="utf-8") as file:
        file.write('LEVELS = {machine: {level: {"of-next-year"} for level in LEVELS[machine]} for machine in LEVELS}\n')
    result = run(tmp_path / "cache", **home)
    assert result.stdout == "pytorch\n"
    assert f"the cores that came along ({level}) are for other processors" in result.stderr
