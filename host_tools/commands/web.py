"""The commands about the module in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console


def play(
    export: Annotated[
        Path | None, typer.Option(help="Write the page as static files into this folder instead, for any web server.")
    ] = None,
    port_number: Annotated[int, typer.Option(help="The port's number on this machine; 0: any that is free.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open it in the browser.")] = True,
    bridge: Annotated[
        bool, typer.Option(help="Give the page's module a port, so that hil and the others reach it.")
    ] = False,
    edit: Annotated[
        str | None, typer.Option(help="A module's port, real or simulated, for the page's editor to edit.")
    ] = None,
) -> None:
    """Hear and play the module in a browser: its firmware, to the bit. Ctrl-C ends it.

    Example: gritspace play
    """
    import shutil
    import time
    import webbrowser

    from gritspace.host_tools.errors import RigError
    from gritspace.host_tools.web.server import served
    from gritspace.host_tools.web.site import build_site, size_of

    with console.progress("the page") as update:
        folder = build_site(update)
    if export is not None:
        if export.exists() and (not export.is_dir() or any(export.iterdir())):
            raise RigError(f"{export}: there is something already; name a new folder.")
        shutil.copytree(folder, export, dirs_exist_ok=True)
        console.say(f"{export}: {size_of(export):,} bytes; put it on any web server (over https, or on localhost)")
        return
    with served(folder, port_number, bridge, edit) as server:
        console.say(server.address)
        if browser:
            webbrowser.open(server.address)
        if bridge:
            while not server.lent.wait(0.2):
                pass
            console.say(f"the page's module answers at {server.port}; it runs while its page is to be seen")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            console.say("")
