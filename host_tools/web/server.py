"""The page on loopback, and the bridges of its module: to a pseudo-terminal that gritspace's commands open as a port,
and from a port to the page's editor. Nothing but this machine reaches it."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.web import websocket

HOST = "127.0.0.1"
BRIDGE, EDIT = "/bridge", "/edit"
_TYPES = {".wasm": "application/wasm", ".grit": "application/octet-stream", ".js": "text/javascript"}


class PageServer(ThreadingHTTPServer):
    """Serves a folder. port: the pseudo-terminal behind which the page's module answers, with a bridge; else empty."""

    daemon_threads = True

    def __init__(self, folder: Path, number: int = 0, bridge: bool = False, edit: str | None = None) -> None:
        self.lent = threading.Event()
        """Set once a page has lent its module to the bridge."""
        self.edit = edit
        self.master, self.slave = (-1, -1)
        self.port = ""
        try:
            super().__init__((HOST, number), partial(_Handler, directory=str(folder)))
        except OSError as error:
            raise RigError(
                f"nothing can be served on {HOST}:{number} ({error.strerror}); choose another --port-number"
            ) from None
        if bridge:
            self.master, self.slave = os.openpty()  # our slave keeps the terminal alive between two programs
            tty.setraw(self.slave)
            self.port = os.ttyname(self.slave)

    @property
    def address(self) -> str:
        """What to open in a browser."""
        base = f"http://{HOST}:{self.server_address[1]}/"
        asked = [f"bridge=ws://{HOST}:{self.server_address[1]}{BRIDGE}"] if self.port else []
        asked += [f"edit=ws://{HOST}:{self.server_address[1]}{EDIT}"] if self.edit else []
        return base + ("?" + "&".join(asked) if asked else "")

    def server_close(self) -> None:
        """Lets go of everything."""
        super().server_close()
        for descriptor in (self.master, self.slave):
            if descriptor >= 0:
                os.close(descriptor)
        self.master = self.slave = -1


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: PageServer
    extensions_map = {  # noqa: RUF012
        **SimpleHTTPRequestHandler.extensions_map,
        **_TYPES,
    }

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing: a person listens."""

    def end_headers(self) -> None:
        """The files of one version are never those of another."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def do_GET(self) -> None:
        """A file, or one of the two bridges."""
        if self.headers.get("Upgrade", "").lower() != "websocket":
            super().do_GET()
            return
        own = f"http://{HOST}:{self.server.server_address[1]}"
        key = self.headers.get("Sec-WebSocket-Key")
        if self.headers.get("Origin") != own or key is None:  # no other site's page may reach a module
            self.send_error(403)
            return
        if self.path == BRIDGE and self.server.port:
            self._accept(key)
            self.server.lent.set()
            self._carry(os.dup(self.server.master))
        elif self.path == EDIT and self.server.edit:
            self._accept(key)
            descriptor = os.open(self.server.edit, os.O_RDWR | os.O_NOCTTY)
            if os.isatty(descriptor):
                tty.setraw(descriptor)
            self._carry(descriptor)
        else:
            self.send_error(404)

    def _accept(self, key: str) -> None:
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", websocket.accept_key(key))
        self.end_headers()
        self.wfile.flush()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.close_connection = True

    def _carry(self, descriptor: int) -> None:
        """Bytes both ways until either side has gone."""

        def out() -> None:
            with contextlib.suppress(OSError, ValueError):
                while data := os.read(descriptor, 65536):
                    self.wfile.write(websocket.frame(data))
                    self.wfile.flush()

        threading.Thread(target=out, daemon=True).start()
        with contextlib.suppress(OSError):
            while (data := websocket.read_message(self.rfile, self.wfile)) is not None:  # type: ignore[arg-type]
                while data:
                    data = data[os.write(descriptor, data) :]


@contextmanager
def served(folder: Path, number: int = 0, bridge: bool = False, edit: str | None = None) -> Iterator[PageServer]:
    """Serves while it is open. number: the port's; 0: any. Raises RigError if it is taken."""
    server = PageServer(folder, number, bridge, edit)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
