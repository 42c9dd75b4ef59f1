"""The command that brings firmware into a module."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.inputs import GRIT, IMAGE, Reads


def flash(
    image: Annotated[
        Path | None, typer.Argument(help="A .bin or .elf; else the Daisy Seed's firmware is built."), Reads(IMAGE)
    ] = None,
    model: Annotated[Path | None, typer.Option(help="The .grit file to build in."), Reads(GRIT)] = None,
    port: Annotated[str | None, typer.Option(help="The running module: it starts its bootloader by itself.")] = None,
    serial: Annotated[str | None, typer.Option(help="Of several bootloaders, the one with this serial number.")] = None,
    address: Annotated[str, typer.Option(help="Where a .bin belongs.")] = "0x08000000",
) -> None:
    """Flash a module over USB (dfu-util underneath). Refuses an image that this chip could not start from.

    Example: gritspace flash --port /dev/ttyACM0
    """
    from gritspace.host_tools import doctor
    from gritspace.host_tools.errors import RigError
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module.flashing import dfu
    from gritspace.host_tools.module.flashing.firmware_image import read_image

    try:
        place = int(address, 0)
    except ValueError:
        raise RigError(f"--address {address}: write it as 0x08000000.") from None
    if image is None:
        from gritspace.host_tools.module.simulated import build_firmware
        from gritspace.quantize.model.grit import read_grit

        with console.progress("building the firmware for daisy_seed") as update:
            image = build_firmware(None if model is None else read_grit(model), "daisy_seed", update)
    elif model is not None:
        raise RigError("--model goes with a build of its own: leave the image out, or the model.")
    checked = read_image(image, place)
    doctor.tool("dfu-util")
    if port is not None:
        with Module(port) as module:
            module.reboot(dfu=True)
    waiting = dfu.find_bootloader(serial, wait_seconds=0.0 if port is None else 10.0)
    with console.progress("flashing") as update:
        dfu.flash(checked, waiting, update)
    console.say(f"{len(checked.data):,} bytes are in the flash; the module starts.")
