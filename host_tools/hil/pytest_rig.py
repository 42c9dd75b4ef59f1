"""Hardware tests as ordinary pytest: `pytest --rig rig.toml` runs every test that takes `rig_module` on every module.

    def test_it_answers(rig_module):
        with rig_module.open() as module:
            assert module.status().xruns == 0

A rig that is not there ends the run with exit code 2: a hardware test never passes without its hardware.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gritspace.host_tools.errors import RigError

if TYPE_CHECKING:  # every run of pytest loads this file: what is heavy waits until it is used
    from gritspace.host_tools.hil.rig_file import RigModule
    from gritspace.host_tools.link.client import Module

MISSING = 2
"""The exit code of a rig that is not there, as `gritspace` has it."""


@dataclass(frozen=True)
class ReachableModule:
    """A module of the rig that answers. model: the file that the rig says it runs, or None."""

    name: str
    port: str
    model: Path | None

    def open(self) -> Module:
        """Its port, opened; close it, or use it in a `with`."""
        from gritspace.host_tools.link.client import Module

        return Module(self.port)


def pytest_addoption(parser: pytest.Parser) -> None:
    """--rig FILE."""
    parser.getgroup("gritspace").addoption("--rig", type=Path, help="the rig file (TOML) with the modules to test")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `rig_module` is a test for each module of the rig."""
    from gritspace.host_tools.hil.rig_file import read_rig

    if "rig_module" not in metafunc.fixturenames:
        return
    rig = metafunc.config.getoption("--rig")
    if rig is None:
        pytest.exit(f"{metafunc.function.__name__} needs modules: say which with --rig rig.toml", MISSING)
    try:
        modules = read_rig(rig)
    except RigError as error:
        pytest.exit(str(error), MISSING)
    metafunc.parametrize("rig_module", modules, ids=[module.name for module in modules], indirect=True, scope="session")


@pytest.fixture(scope="session")
def rig_module(request: pytest.FixtureRequest) -> Iterator[ReachableModule]:
    """A module of the rig, once it has answered; a simulated one runs as long as its tests do."""
    from gritspace.host_tools.hil.rig_file import reachable

    wanted: RigModule = request.param
    with ExitStack() as stack:
        try:
            port = stack.enter_context(reachable(wanted))
        except Exception as error:
            pytest.exit(str(error), MISSING)
        yield ReachableModule(wanted.name, port, wanted.model)
