"""Which port is meant where none is named: ports as pyserial itself describes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.ports import DAISY_DFU, DAISY_SERIAL, STARTED, VARIABLE, the_port


def plugged(device: str, usb: tuple[int, int]) -> ListPortInfo:
    port = ListPortInfo(device)
    port.vid, port.pid = usb
    return port


ONE, OTHER = plugged("/dev/ttyACM0", DAISY_SERIAL), plugged("/dev/ttyACM1", DAISY_SERIAL)
STRANGER = plugged("/dev/ttyUSB0", (0x1A86, 0x7523))


@pytest.fixture(autouse=True)
def _no_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_the_only_module_is_meant_whatever_else_is_plugged_in() -> None:
    assert the_port(None, [STRANGER, ONE, plugged("/dev/x", DAISY_DFU)]) == "/dev/ttyACM0"


def test_several_are_named_and_none_says_what_to_do() -> None:
    with pytest.raises(RigError, match=r"--port /dev/ttyACM0 or /dev/ttyACM1\."):
        the_port(None, [OTHER, ONE])
    with pytest.raises(RigError, match="or --port sim"):
        the_port(None, [STRANGER], also=STARTED)


def test_a_port_that_is_named_is_taken_if_it_is_there(tmp_path: Path) -> None:
    there = tmp_path / "ttyX"
    there.touch()
    assert the_port("sim", [ONE, OTHER], also=STARTED) == "sim"
    with pytest.raises(RigError, match="only `gritspace hil` starts a module for itself"):
        the_port("emulated", [ONE])
    for name in (str(there), "COM3", "socket://127.0.0.1:7000"):
        assert the_port(name, [ONE, OTHER]) == name
    with pytest.raises(RigError, match="ttyNO: there is no such port"):
        the_port(str(tmp_path / "ttyNO"), [])


def test_the_environment_names_a_port_for_commands_that_are_given_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "socket://127.0.0.1:7000")
    assert the_port(None, [ONE]) == "socket://127.0.0.1:7000"
    assert the_port("COM3", [ONE]) == "COM3"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "ttyNO"))
    with pytest.raises(RigError, match="ttyNO: there is no such port"):
        the_port(None, [ONE])
