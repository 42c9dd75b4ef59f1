"""Which port is meant where none is named: the one in GRITSPACE_PORT, else of the one module that is plugged in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gritspace.host_tools.errors import RigError

DAISY_SERIAL, DAISY_DFU = (0x0483, 0x5740), (0x0483, 0xDF11)
"""USB vendor and product: the STM32's serial port, and its boot loader waiting for firmware."""


STARTED = ("sim", "emulated")
"""Words for modules that a test starts for itself."""

VARIABLE = "GRITSPACE_PORT"
"""Of the environment: a port for every command that is given none, of a simulated module for example."""


def the_port(named: str | None, plugged_in: Iterable[Any] | None = None, also: Sequence[str] = ()) -> str:
    """The port that was named, here or in VARIABLE, else the only module's.

    plugged_in: as pyserial lists ports, else those of this machine. also: words that stand for a port. Raises RigError
    if the named one is not there, or none or several could be meant.
    """
    named = named or os.environ.get(VARIABLE)
    if named in STARTED and named not in also:
        raise RigError(
            f"--port {named}: only `gritspace hil` starts a module for itself; start one by `gritspace simulate "
            "MODEL`, and name its port."
        )
    if named:
        if "/" in named and "://" not in named and not Path(named).exists():
            raise RigError(f"{named}: there is no such port; `gritspace doctor` lists those that there are.")
        return named
    if plugged_in is None:
        from serial.tools import list_ports

        plugged_in = list_ports.comports()
    found = sorted(port.device for port in plugged_in if (port.vid, port.pid) == DAISY_SERIAL)
    instead = "".join(f", or --port {word}" for word in also)
    if not found:
        raise RigError(
            f"no module is plugged in by USB; plug one in, or name its port: --port PORT{instead} "
            "(gritspace simulate MODEL prints one)."
        )
    if len(found) > 1:
        raise RigError(f"{len(found)} modules are plugged in; say which one is meant: --port {' or '.join(found)}.")
    return found[0]


def refuse_no_model(port: str | None, model: Path | None) -> None:
    """Raises RigError where a module is to be started for a test, and nobody said what it is to run."""
    if port in STARTED and model is None:
        raise RigError(f"--port {port} starts a module of its own, which must be told its model: add --model FILE.")
