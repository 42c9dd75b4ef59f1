"""A function that answers bytes, behind a port."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def served(answer: Callable[[bytes], bytes | None]) -> Iterator[str]:
    """A TCP port that answers what it hears; None ends the connection."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(65536):
                    reply = answer(data)
                    if reply is None:
                        return
                    connection.sendall(reply)
        except OSError:
            pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"socket://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()
        thread.join(5)
