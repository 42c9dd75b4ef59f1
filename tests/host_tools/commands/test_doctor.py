import json
import shutil

import pytest

from gritspace.host_tools import doctor
from gritspace.host_tools.errors import RigError


def test_a_missing_tool_that_is_needed_makes_the_rig_not_ready_and_says_what_to_install(monkeypatch):
    real = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "qemu-system-arm" else real(name))
    checks = doctor.examine()
    qemu = next(check for check in checks if check.name == "qemu-system-arm")
    assert not qemu.good
    assert "install" in qemu.advice
    assert not doctor.ready(checks)


def test_a_missing_tool_that_is_only_useful_leaves_the_rig_ready():
    checks = [doctor.Check("a", True, True, "1"), doctor.Check("b", False, False, "missing", "install b")]
    assert doctor.ready(checks)
    assert not doctor.ready([*checks, doctor.Check("c", False, True, "missing", "install c")])


def test_a_tool_that_is_asked_for_and_missing_is_one_sentence_with_the_package(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(RigError, match=r"qemu-system-arm was not found; run: .*install qemu"):
        doctor.tool("qemu-system-arm")


def test_the_report_for_programs_is_json_with_every_check(gritspace):
    result = gritspace("doctor", "--json")
    report = json.loads(result.stdout)
    assert {"torch", "arm-none-eabi-gcc", "qemu-system-arm"} <= {check["name"] for check in report["checks"]}
    assert result.returncode == (0 if report["ready"] else 2)


def test_without_a_path_to_the_tools_the_command_says_so_and_exits_2(gritspace, tmp_path):
    result = gritspace("doctor", PATH=str(tmp_path))
    assert result.returncode == 2
    assert "Something that is needed is missing" in result.stdout
    assert "Traceback" not in result.stderr
