"""QEMU's own control line (QMP): holds the machine's clock, and lets it go on.

A machine that is held takes no processor time, and nothing in it happens meanwhile, to the instruction. Messages are
JSON, a line each; beside answers come events, which nobody here asks for. Source: QEMU's docs/interop/qmp-spec.
"""

from __future__ import annotations

import json
import socket
from types import TracebackType
from typing import Any, Self


class MachineControl:
    """`far_end` is the socket that QEMU takes over."""

    def __init__(self) -> None:
        self._near, self.far_end = socket.socketpair()
        self._lines = self._near.makefile("r", encoding="utf-8")
        self._greeted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def hold(self) -> None:
        """The machine's time stands still from here on. Raises OSError if QEMU has gone."""
        self._ask("stop")

    def go_on(self) -> None:
        """It goes on where it stood. Raises OSError if QEMU has gone."""
        self._ask("cont")

    def held(self) -> bool:
        """Whether it stands still. Raises OSError if QEMU has gone."""
        return bool(self._ask("query-status")["status"] == "paused")

    def close(self) -> None:
        """Lets go of the line."""
        self._lines.close()
        self._near.close()
        self.far_end.close()

    def _ask(self, command: str) -> Any:
        if not self._greeted:
            self._greeted = True
            self._ask("qmp_capabilities")
        self._near.sendall(json.dumps({"execute": command}).encode() + b"\n")
        for line in self._lines:
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise OSError(f"QEMU refused {command}: {answer['error']}")
        raise OSError("QEMU has gone")
