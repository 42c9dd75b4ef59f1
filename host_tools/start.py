"""Where the program begins: Ctrl-C ends it quietly from here on, before anything that it needs is loaded.

Until main runs, Ctrl-C is Python's own: this file imports nothing that takes time.
"""

import os
import signal


def main() -> None:
    """Loads the commands, and runs the one on the command line; gritspace.host_tools.stopping takes over on the way."""
    try:  # noqa: SIM105 (contextlib takes time to load)
        signal.signal(signal.SIGINT, _end)
    except ValueError:  # not in the main thread: somebody else's program
        pass
    from gritspace.host_tools.cli import main as commands

    commands()


def _end(number: int, frame: object) -> None:
    os.write(2, b"\ngritspace: stopped; nothing was begun.\n")
    os._exit(128 + number)
