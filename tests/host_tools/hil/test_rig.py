"""Rigs, automation, soak, the bank's other models and JUnit: the bench's outer parts, some on the simulated module."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.console import Stages
from gritspace.host_tools.errors import RigError
from gritspace.host_tools.hil import junit, session, takes
from gritspace.host_tools.hil.automation_file import read_automation
from gritspace.host_tools.hil.rig_file import read_rig
from gritspace.train.audio.audio_file import write_audio
from gritspace.train.errors import InputError
from tests.conftest import Cli

with_emulator = pytest.mark.skipif(
    not (shutil.which("qemu-system-arm") and shutil.which("arm-none-eabi-gcc")),
    reason="needs qemu-system-arm and gcc-arm-none-eabi: run `make setup`",
)


def test_automation_moves_each_control_at_its_time_and_leaves_the_others(tmp_path: Path) -> None:
    file = tmp_path / "moves.csv"
    file.write_text(
        "time,control,value\n0.010, drive, 0.5\n# a remark\n\n0.002,z6,-1\n0.010,TONE,1\n0.02,drive,-0.25\n"
    )
    take = takes.automated(np.zeros(48 * 30, np.float32), [0, 0, 7, 0, 0, 99], read_automation(file, 6))
    positions = take.positions
    assert positions.shape == (30, 6)
    assert positions[:, 0].tolist() == [0] * 10 + [16384] * 10 + [-8192] * 10
    assert positions[:, 1].tolist() == [0] * 10 + [32767] * 20
    assert positions[:, 5].tolist() == [99] * 2 + [-32768] * 28
    assert set(positions[:, 2]) == {7}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "first line must be time,control,value"),
        ("when,what,much\n", "first line must be"),
        ("time,control,value\n1,drive\n", "line 2: three columns"),
        ("time,control,value\n1,drive,2\n", "line 2: .*from -1 to 1"),
        ("time,control,value\n-1,drive,0\n", "line 2: times begin at 0"),
        ("time,control,value\n0,drive,0\nsoon,drive,0\n", "line 3: time is a number, not 'soon'"),
        ("time,control,value\n0,drive,nan\n", "value is a number"),
        ("time,control,value\n0,volume,0\n", "'volume' is no control; there is drive, tone, symmetry, dynamics, z1"),
        ("time,control,value\n0,z5,0\n", "'z5' is no control"),
        ("time,control,value\n0,mix,-0.1\n", "values of mix lie from 0 to 1"),
    ],
)
def test_an_automation_file_with_nonsense_is_refused_by_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "moves.csv").write_text(text)
    with pytest.raises(InputError, match=r"moves\.csv.*" + words):
        read_automation(tmp_path / "moves.csv", 4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "at least one"),
        ("[[module]]\n", r"the key 'module\[0\].name' is missing"),
        ("[[module]]\nname='a'\n", r"the key 'module\[0\].port' is missing"),
        ("[[module]]\nname='a'\nport='x'\ncolour=1\n", "colour' is unknown"),
        ("[[module]]\nname='a'\nport='x'\n[[module]]\nname='a'\nport='y'\n", "two modules are called 'a'"),
        ("[[module]]\nname='a'\nport='sim'\n", "must know what it runs"),
        ("[[module]]\nname='a'\nport=''\n", r"module\[0\].port is '', and should"),
        ("module = 3", "module is 3, and should be a valid list"),
        ("[[module", "no TOML"),
    ],
)
def test_a_rig_file_with_nonsense_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "rig.toml").write_text(text)
    with pytest.raises(RigError, match=words):
        read_rig(tmp_path / "rig.toml")


REPORT = {
    "model_name": "a & b\x00",
    "takes": [
        {"name": "sweep", "seconds_of_audio": 1.5, "differing_samples": 0},
        {"name": "rat <1>", "seconds_of_audio": 0.5, "differing_samples": 3},
    ],
    "models": [
        {"model_name": "c", "takes": [{"name": "sweep", "seconds_of_audio": 1.0, "differing_samples": 0}], "xruns": 0}
    ],
    "soak": {"minutes": 2.0, "differing_samples": 0, "xruns": 4},
    "xruns": 0,
}


def test_a_report_as_junit_has_every_take_and_says_what_failed() -> None:
    root = ElementTree.fromstring(junit.junit_xml(REPORT))
    suite = root[0]
    assert (suite.get("tests"), suite.get("failures")) == ("5", "2")
    failed = {case.get("name"): case[0].get("message") for case in suite if len(case)}
    assert failed == {
        "rat <1>": "3 samples differ from the integer model",
        "no block comes late": "4 blocks came late",
    }
    assert suite[0].get("classname") == "gritspace hil.a & b?"


def test_a_rigs_report_as_junit_tells_its_modules_apart() -> None:
    rig = {"modules": [{**REPORT, "rig_module": "left"}, {**REPORT, "rig_module": "right"}]}
    suite = ElementTree.fromstring(junit.junit_xml(rig))[0]
    assert suite.get("tests") == "10"
    assert {case.get("classname", "").split(".")[1] for case in suite} == {"left", "right"}


@pytest.fixture
def folder(tmp_path: Path, space_file: Path, model_file: Path) -> Path:
    for file in (space_file, model_file):
        shutil.copy(file, tmp_path)
    write_audio(tmp_path / "riff.wav", riff(0.4))
    return tmp_path


def test_a_missing_module_or_rig_is_exit_code_2_and_no_report(gritspace: Cli, folder: Path) -> None:
    (folder / "rig.toml").write_text("[[module]]\nname='left'\nport='/dev/ttyNOTHING'\n")
    result = gritspace("hil", "--rig", "rig.toml", "--audio", "riff.wav", cwd=folder)
    assert result.returncode == 2
    assert "the rig's module 'left' is missing" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / "report.html").exists()
    request = session.Request(None, folder / "riff.wav", folder / "report.html")
    with pytest.raises(RigError, match="--port PORT for one module, or --rig"):
        session.run_test(request, Stages(quiet=True))
    with pytest.raises(RigError, match=r"none\.toml: there is no such file"):
        session.run_test(replace(request, rig=folder / "none.toml"), Stages(quiet=True))
    with pytest.raises(RigError, match="does not exist; make it"):
        session.run_test(replace(request, junit=folder / "no" / "junit.xml"), Stages(quiet=True))


TEST_FILE = """
def test_it_answers(rig_module):
    with rig_module.open() as module:
        assert module.info().model_status == 0
"""


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_hardware.py").write_text(TEST_FILE)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "-q", "--rootdir", str(folder), "test_hardware.py", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_hardware_tests_without_their_hardware_end_with_exit_code_2(folder: Path) -> None:
    result = run_pytest(folder)
    assert result.returncode == 2
    assert "needs modules: say which with --rig" in result.stdout + result.stderr
    (folder / "rig.toml").write_text("[[module]]\nname='left'\nport='/dev/ttyNOTHING'\n")
    result = run_pytest(folder, "--rig", "rig.toml")
    assert result.returncode == 2
    assert "the rig's module 'left' is missing" in result.stdout + result.stderr


@with_emulator
def test_a_rig_of_two_simulated_modules_with_automation_a_soak_and_junit(
    gritspace: Cli, folder: Path, model_file: Path
) -> None:
    rows = [f"[[module]]\nname='{name}'\nport='sim'\nmodel='{model_file.name}'\n" for name in ("left", "right")]
    (folder / "rig.toml").write_text("".join(rows))
    (folder / "moves.csv").write_text("time,control,value\n0.05,drive,0.9\n0.1,tone,-0.5\n0.11,z4,1\n0.3,drive,-1\n")
    result = gritspace(
        *("hil", "--rig", "rig.toml", "--audio", "riff.wav", "--automation", "moves.csv", "--device", "rat"),
        *("--device-seconds", 0.2, "--minutes", 0.001, "--junit", "junit.xml", "--json"),
        cwd=folder,
    )
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["good"]
    assert report["differing_samples"] == 0
    assert [one["rig_module"] for one in report["modules"]] == ["left", "right"]
    one = report["modules"][0]
    assert {"differing_samples", "frames", "esr", "load", "xruns", "link"} <= one.keys()
    assert one["esr"].keys() == {"integer", "float", "target"}
    assert one["esr"]["integer"] == 0
    assert 0 < one["esr"]["float"] < 1e-3
    assert one["esr"]["target"] > 0
    assert 0 < one["load"]["p50"] <= one["load"]["p99"] <= one["load"]["max"]
    assert one["link"].keys() >= {"retries", "crc_errors"}
    assert one["soak"]["rounds"] >= 1
    played = sum(round(take["seconds_of_audio"] * 48000) for take in one["takes"])
    assert one["frames"] == played + one["soak"]["frames"]
    assert one["takes"][0]["name"] == "automation"
    assert (folder / "report-left.html").is_file()
    assert json.loads((folder / "report.json").read_text()) == report
    suite = ElementTree.fromstring((folder / "junit.xml").read_text())[0]
    assert (suite.get("tests"), suite.get("failures")) == ("8", "0")
    (folder / "rig.toml").write_text(rows[0])
    assert run_pytest(folder, "--rig", "rig.toml").returncode == 0


@with_emulator
def test_all_models_of_the_bank_are_tested_and_the_one_that_played_plays_again(
    gritspace: Cli, folder: Path, model_file: Path
) -> None:
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import memory
    from gritspace.host_tools.module.simulated import simulated_module
    from gritspace.quantize.model.grit import read_grit, write_grit

    model = read_grit(model_file)
    with simulated_module(model) as port:
        for name in ("second", "third"):
            write_grit(replace(model, name=name), folder / f"{name}.grit")
            with Module(port) as module:
                memory.upload(module, (folder / f"{name}.grit").read_bytes())
        command = ("hil", "--port", port, "--audio", "riff.wav", "--all-models", "--device-seconds", 0.1, "--json")
        result = gritspace(*command, cwd=folder)
        assert result.returncode == 0, result.stderr
        report = json.loads(result.stdout)
        assert [(one["model_name"], one["differing_samples"]) for one in report["models"]] == [
            ("second", 0),
            ("third", 0),
        ]
        with Module(port) as module:
            assert module.info().model_name == model.name
        (folder / "third.grit").unlink()
        missing = gritspace(*command, cwd=folder)
        assert missing.returncode == 2
        assert "no .grit file in" in missing.stderr
