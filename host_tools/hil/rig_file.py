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
from typing import TYPE_CHECKING

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.link.frames import LinkError
from gritspace.train.errors import InputError
from gritspace.train.text_file import read_toml

if TYPE_CHECKING:
    from gritspace.quantize.model.model import IntegerModel

SIMULATED = "sim"
EMULATED = "emulated"
STARTED = (SIMULATED, EMULATED)
"""Ports that are no ports: modules that a test starts for itself."""


@dataclass(frozen=True)
class RigModule:
    """One module of a rig."""

    name: str
    port: str
    model: Path | None = None


def read_rig(path: Path) -> list[RigModule]:
    """The modules of a rig file. Raises RigError, one sentence, for a file that is missing, wrong or empty."""
    try:
        table = read_toml(path)
    except InputError as error:
        raise RigError(str(error)) from error
    rows = table.get("module")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise RigError(f"{path}: a rig has at least one [[module]] with a name and a port.")
    modules = [_module(row, path) for row in rows]
    names = [module.name for module in modules]
    for name in names:
        if names.count(name) > 1:
            raise RigError(f"{path}: two modules are called {name!r}; give each a name of its own.")
    return modules


def _module(row: dict[str, object], path: Path) -> RigModule:
    for key in row:
        if key not in ("name", "port", "model"):
            raise RigError(f"{path}: {key!r} means nothing in a [[module]]; there is name, port and model.")
    name, port, model = row.get("name"), row.get("port"), row.get("model")
    if not isinstance(name, str) or not isinstance(port, str) or not name or not port:
        raise RigError(f"{path}: every [[module]] has a name and a port.")
    if model is not None and not isinstance(model, str):
        raise RigError(f"{path}: the model of {name!r} is a file's name.")
    if port in STARTED and model is None:
        raise RigError(f'{path}: {name!r} is started here and must know what it runs: add model = "FILE.grit".')
    return RigModule(name, port, None if model is None else path.parent / model)


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
