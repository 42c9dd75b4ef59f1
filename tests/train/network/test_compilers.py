"""Native libraries in the cache: named by whatever they hang on, so that none is opened where it would stop dead."""

import shutil
import subprocess
import sys

import pytest

from gritspace.quantize.model import c_engine
from gritspace.train.network import compilers, native_build

BUILDS = {"engine": (c_engine.build_library, "CC"), "core": (native_build.build_core, "CXX")}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def compile_nothing(monkeypatch):
    """Libraries are named and not built: names are what is asked for."""
    real = subprocess.run

    def run(command, **how):
        if "-o" in command:
            open(command[command.index("-o") + 1], "wb").close()
            return subprocess.CompletedProcess(command, 0, "", "")
        return real(command, **how)

    monkeypatch.setattr(subprocess, "run", run)


@pytest.mark.usefixtures("compile_nothing")
@pytest.mark.parametrize("kind", BUILDS)
def test_another_processor_compiler_or_version_gets_a_library_of_its_own(kind, monkeypatch):
    build, variable = BUILDS[kind]
    compiler = shutil.which("g++" if kind == "core" else "gcc")
    names = [build().name, build().name]
    assert names[0] == names[1]
    with monkeypatch.context() as other:
        other.setattr(compilers, "processor", lambda: "a machine of next year")
        names.append(build().name)
    with monkeypatch.context() as other:
        other.setattr(compilers, "version", lambda words: "99.0")
        names.append(build().name)
    with monkeypatch.context() as other:
        other.setenv(variable, f"{compiler} -m64")
        names.append(build().name)
    assert len(set(names)) == 4


@pytest.mark.parametrize("kind", BUILDS)
def test_a_compiler_of_several_words_works(kind, monkeypatch, tmp_path):
    build, variable = BUILDS[kind]
    wrapper = tmp_path / "ccache"
    wrapper.write_text('#!/bin/sh\necho "$@" >>"$(dirname "$0")/said"\nexec "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv(variable, f"{wrapper} {shutil.which('g++' if kind == 'core' else 'gcc')} -O0 -g0")
    monkeypatch.setattr(compilers, "tuning", lambda: "-O0")
    monkeypatch.setattr(c_engine, "FLAGS", tuple(one for one in c_engine.FLAGS if one != "-O3"))
    monkeypatch.setattr(native_build, "FLAGS", tuple(one for one in native_build.FLAGS if one != "-O3"))
    assert build().stat().st_size > 10_000
    assert "-O0 -g0" in (tmp_path / "said").read_text()


def test_a_compiler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("CC", "no-such-cc -m64")
    with pytest.raises(c_engine.EngineError, match="CC names no-such-cc, which is not there"):
        c_engine.build_library()
    monkeypatch.setenv("CXX", "no-such-cxx -m64")
    with pytest.raises(native_build.NoCore, match="CXX names no-such-cxx, which is not there"):
        native_build.build_core()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems are told apart by their machine's name only")
def test_a_processor_is_told_from_another_by_its_abilities():
    told = compilers.processor()
    assert "flags" in told or "Features" in told
