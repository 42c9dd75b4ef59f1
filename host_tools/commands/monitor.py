"""The command that watches a module."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import Port


def monitor(
    port: Port = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after so long; else Ctrl-C.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One look, as JSON.")] = False,
) -> None:
    """Watch a module: knobs, voltages, position, load, lost blocks. In a pipe: one look.

    Example: gritspace monitor --port /dev/ttyACM0
    """
    from rich.live import Live

    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import monitor as watching
    from gritspace.host_tools.ports import the_port

    with Module(the_port(port)) as module:
        if json:
            console.print_json(watching.snapshot(module))
        elif not sys.stdout.isatty():
            console.out().print(watching.view(watching.snapshot(module)))
        else:
            with Live(console=console.out(), refresh_per_second=10, transient=False) as live:
                try:
                    watching.watch(module, lambda now: live.update(watching.view(now)), seconds)
                except KeyboardInterrupt:
                    return
