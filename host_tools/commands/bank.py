"""The command that fills a module's bank."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import Json, Port
from gritspace.host_tools.inputs import GRIT, RECORDING, Reads


def upload(
    model: Annotated[
        Path | None, typer.Argument(help="A .grit file; none: only list what is there."), Reads(GRIT)
    ] = None,
    port: Port = None,
    slot: Annotated[
        int | None, typer.Option(min=1, help="Which slot; else where it is, or the first empty one.")
    ] = None,
    delete: Annotated[int | None, typer.Option(min=1, help="Empty this slot first.")] = None,
    ir: Annotated[
        Path | None, typer.Option(help="An impulse response (a cabinet) to put behind it on the way."), Reads(RECORDING)
    ] = None,
    select: Annotated[bool, typer.Option("--select", help="Play it, now and after the next power-up.")] = False,
    json: Json = False,
) -> None:
    """Bring a model into the module's bank while it plays. A cut upload goes on where it stood when it is run again.

    Example: gritspace upload --port /dev/ttyACM0 space.grit --select
    """
    from dataclasses import asdict

    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import memory
    from gritspace.host_tools.ports import the_port
    from gritspace.quantize.model.grit import read_grit, to_bytes

    if ir is not None and model is None:
        raise typer.BadParameter("an impulse response stands behind a model: say which.", param_hint="--ir")
    blob = b""
    if model is not None:
        integers = read_grit(model)  # refuses what the module would refuse, before it is sent
        blob = model.read_bytes()
        if ir is not None:
            from gritspace.host_tools.sound.impulse import with_impulse

            blob = to_bytes(with_impulse(integers, ir))
    with Module(the_port(port)) as module:
        if delete is not None:
            memory.delete(module, delete - 1)
        if model is not None:
            with console.progress(f"uploading {model.name}") as update:
                chosen = memory.upload(
                    module,
                    blob,
                    None if slot is None else slot - 1,
                    lambda done, of: update(done, of, ""),
                )
            if select:
                memory.select(module, chosen.slot + 1)
        slots = [one for one in memory.get_slots(module) if one.state != "empty"]
    if json:
        console.print_json([asdict(one) for one in slots])
    elif not slots:
        console.say("The bank is empty; the factory model plays.")
    else:
        console.print_table(
            ("slot>", "model", "bytes>", "state", "sha256"),
            [
                (str(one.slot + 1), one.name, f"{one.bytes:,}", "plays" if one.playing else one.state, one.sha256[:12])
                for one in slots
            ],
        )
