"""A rig: the modules that stand on a bench, in a TOML file.

[[module]]
name = "left"                  # as reports and tests call it
port = "/dev/ttyACM0"          # or "sim", "emulated": a module that is started for the test; it needs `model`
model = "space.grit"           # what it runs; else looked for by its SHA-256. Beside the rig file
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.link.frames import LinkError
from gritspace.host_tools.ports import STARTED
from gritspace.train.errors import InputError
from gritspace.train.records import Record, read_record
from gritspace.train.text_file import read_toml

if TYPE_CHECKING:
    from gritspace.quantize.model.model import IntegerModel

SIMULATED, EMULATED = STARTED
"""Ports that are no ports: modules that a test starts for itself."""


@dataclass(frozen=True)
class RigModule:
    """One module of a rig."""

    name: str
    port: str
    model: Path | None = None


class ModuleRecord(Record):
    """A [[module]]. model: a file's name."""

    name: Annotated[str, Field(min_length=1)]
    port: Annotated[str, Field(min_length=1)]
    model: str | None = None


class FileRecord(Record):
    """A rig's file."""

    module: list[ModuleRecord] = Field(default_factory=list)


def read_rig(path: Path) -> list[RigModule]:
    """The modules of a rig file. Raises RigError, one sentence, for a file that is missing, wrong or empty."""
    try:
        file = read_record(FileRecord, read_toml(path), str(path), "mend it")
    except InputError as error:
        raise RigError(str(error)) from error
    if not file.module:
        raise RigError(f"{path}: a rig has at least one [[module]] with a name and a port.")
    modules = [_module(row, path) for row in file.module]
    names = [module.name for module in modules]
    for name in names:
        if names.count(name) > 1:
            raise RigError(f"{path}: two modules are called {name!r}; give each a name of its own.")
    return modules


def _module(row: ModuleRecord, path: Path) -> RigModule:
    if row.port in STARTED and row.model is None:
        raise RigError(f'{path}: {row.name!r} is started here and must know what it runs: add model = "FILE.grit".')
    return RigModule(row.name, row.port, None if row.model is None else path.parent / row.model)


@contextmanager
def started(kind: str, model: IntegerModel) -> Iterator[str]:
    """A module that exists for this test only, simulated or emulated, running a model; gives its port."""
    if kind == EMULATED:
        from gritspace.host_tools.module.emulated import emulated_module as module
    else:
        from gritspace.host_tools.module.simulated import simulated_module as module
    with module(model) as port:
        yield port


@contextmanager
def reachable(module: RigModule) -> Iterator[str]:
    """A rig module's port, once it answers; a simulated one runs for as long. Raises RigError if it does not."""
    if module.port in STARTED:
        from gritspace.quantize.model.grit import read_grit

        assert module.model is not None
        with started(module.port, read_grit(module.model)) as port:
            yield port
        return
    try:
        with Module(module.port, patience_seconds=2.0) as client:
            client.info()
    except LinkError as error:
        raise RigError(f"the rig's module {module.name!r} is missing: {error}") from error
    yield module.port
