"""The commands that set a module up and watch it: presets, models, calibration, firmware."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.sound import Json
from gritspace.host_tools.outputs import Writes, guarded

Port = Annotated[str, typer.Option(help="The module's serial port; `gritspace doctor` lists them.")]

presets = typer.Typer(
    help="Presets to and from a JSON file.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@presets.command("get")
@guarded
def presets_get(
    port: Port,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The file to write; else standard output."), Writes((".json",))
    ] = None,
) -> None:
    """Write the module's presets as JSON.

    Example: gritspace presets get --port /dev/ttyACM0 -o presets.json
    """
    import json

    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import presets_file
    from gritspace.train.output_file import written_whole

    with Module(port) as module:
        values = presets_file.read_module(module)
    if out is None:
        console.print_json(values)
    else:
        with written_whole(out) as beside:
            beside.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
        console.say(f"{out}: {len(values['presets'])} presets")


@presets.command("choose")
@guarded
def presets_choose(
    space: Annotated[Path, typer.Argument(help="A space, a .pt file that `gritspace train` wrote.")],
    model: Annotated[Path, typer.Option(help="Its integer model, a .grit file.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write."), Writes((".json",))],
    factory: Annotated[bool, typer.Option("--factory", help="The model is the one built into the firmware.")] = False,
) -> None:
    """Choose sixteen presets of a space that lie far apart, with names, all equally loud.

    Example: gritspace presets choose openamp.pt --model openamp.grit -o presets.json
    """
    import json

    from gritspace.host_tools.models.model_files import file_sha256, read_space
    from gritspace.host_tools.spaces import presets as choosing
    from gritspace.host_tools.spaces.evaluation import model_of
    from gritspace.train.output_file import written_whole

    found = choosing.chosen(
        read_space(space), model_of(model, space), None if factory else file_sha256(model), model.stem
    )
    with written_whole(out) as beside:
        beside.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    console.say(f"{out}: " + "; ".join(f"{row['place']} {row['name']}" for row in found["presets"]))


@presets.command("put")
@guarded
def presets_put(
    port: Port, file: Annotated[Path, typer.Argument(help="A file that `gritspace presets get` wrote, edited or not.")]
) -> None:
    """Put presets from a JSON file into the module; places that the file does not name stay as they are.

    Example: gritspace presets put --port /dev/ttyACM0 presets.json
    """
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import presets_file

    values = presets_file.read_file(file)
    with Module(port) as module:
        count = presets_file.write_module(module, values, str(file))
    console.say(f"{count} presets are in the module's flash")


@presets.command("match")
@guarded
def presets_match(
    port: Port,
    target: Annotated[float, typer.Option(min=-60, max=0, help="How loud, in LUFS.")] = -18.0,
    dry: Annotated[bool, typer.Option("--dry", help="Measure and show; store nothing.")] = False,
    json: Json = False,
) -> None:
    """Set every preset's level so that all are equally loud: each plays the same phrase, measured by ITU-R BS.1770.

    The module is silent meanwhile. Exit code 1 if a preset cannot be brought to the target.

    Example: gritspace presets match --port /dev/ttyACM0
    """
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import presets_match

    with Module(port) as module, console.progress("listening to the presets") as update:
        found = presets_match.match(module, target, update, dry)
    values = presets_match.as_values(found, target)
    if json:
        console.print_json(values)
    elif not found:
        console.say("The module has no presets yet.")
    else:
        console.print_table(
            ("preset>", "model", "loudness>", "level>", "matched>", ""),
            [
                (
                    str(one.place),
                    one.model,
                    "silent" if one.loudness_lufs is None else f"{one.loudness_lufs:.1f} LUFS",
                    f"{one.level:.3f}",
                    "" if one.matched_lufs is None else f"{one.matched_lufs:.1f} LUFS",
                    "" if one.good else "out of reach",
                )
                for one in found
            ],
        )
        console.say("Nothing was stored." if dry else "Stored in the module's flash.")
    raise typer.Exit(0 if values["good"] else 1)


def upload(
    port: Port,
    model: Annotated[Path | None, typer.Argument(help="A .grit file; none: only list what is there.")] = None,
    slot: Annotated[
        int | None, typer.Option(min=1, help="Which slot; else where it is, or the first empty one.")
    ] = None,
    delete: Annotated[int | None, typer.Option(min=1, help="Empty this slot first.")] = None,
    select: Annotated[bool, typer.Option("--select", help="Play it, now and after the next power-up.")] = False,
    json: Json = False,
) -> None:
    """Bring a model into the module's bank while it plays. A cut upload goes on where it stood when it is run again.

    Example: gritspace upload --port /dev/ttyACM0 space.grit --select
    """
    from dataclasses import asdict

    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import memory
    from gritspace.quantize.model.grit import read_grit

    if model is not None:
        read_grit(model)  # refuses what the module would refuse, before it is sent
    with Module(port) as module:
        if delete is not None:
            memory.delete(module, delete - 1)
        if model is not None:
            with console.progress(f"uploading {model.name}") as update:
                chosen = memory.upload(
                    module,
                    model.read_bytes(),
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


def calibrate(
    port: Port,
    volts: Annotated[str, typer.Option(help="The voltages that you can patch, with commas between.")] = "1,3,5",
    cv: Annotated[list[int] | None, typer.Option(min=1, help="Only this CV input; repeatable.")] = None,
    knobs: Annotated[bool, typer.Option("--knobs", help="The knobs' ends instead of the CV inputs.")] = False,
    knob: Annotated[list[int] | None, typer.Option(min=1, help="Only this knob; repeatable.")] = None,
    dry: Annotated[bool, typer.Option("--dry", help="Measure and show; store nothing.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Back to the nominal calibration, without measuring.")] = False,
    json: Json = False,
) -> None:
    """Calibrate the CV inputs with known voltages: unplug all, then patch each voltage into each input as you are told.

    With --knobs: turn each knob to its ends as you are told, twice.

    Example: gritspace calibrate --port /dev/ttyACM0 --volts 1,3,5
    """
    from dataclasses import asdict

    from gritspace.host_tools.errors import RigError
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import calibration, memory

    if knobs or knob:
        _calibrate_knobs(port, None if not knob else [place - 1 for place in knob], dry, reset, json)
        return
    try:
        wanted = [float(part) for part in volts.split(",")]
    except ValueError:
        raise RigError(f"--volts {volts}: write numbers with commas between, such as 1,3,5.") from None

    def patch(place: int | None, volt: float) -> None:
        what = "unplug all CV inputs" if place is None else f"patch {volt:g} V into CV input {place + 1}"
        console.err().print(f"{what}, then press Enter ", end="")
        if not sys.stdin.readline():
            raise RigError("calibration asks for what to patch; run it in a terminal.")

    inputs = None if not cv else [place - 1 for place in cv]
    with Module(port) as module:
        if reset:
            for place in range(memory.get_settings(module).cvs) if inputs is None else inputs:
                memory.put_calibration(module, place, 0, 0, measured=False)
            memory.wait_until_saved(module)
            console.say("The calibration is the nominal one again.")
            return
        lines = calibration.calibrate(module, wanted, patch, inputs)
        if not dry:
            calibration.store(module, lines)
    if json:
        console.print_json({str(place + 1): asdict(line) for place, line in lines.items()})
        return
    console.print_table(
        ("CV input>", "offset at the pin>", "gain>", "residual error>", "noise>"),
        [
            (
                str(place + 1),
                f"{line.offset_uv / 1000:.1f} mV",
                f"{line.gain_ppm / 1e6:.6f}",
                f"{line.residual_mv:.2f} mV",
                f"{line.noise_mv:.2f} mV",
            )
            for place, line in lines.items()
        ],
    )
    console.say("Nothing was stored." if dry else "Stored in the module's flash.")


def _calibrate_knobs(port: str, chosen: list[int] | None, dry: bool, reset: bool, json: bool) -> None:
    from dataclasses import asdict

    from gritspace.host_tools.errors import RigError
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import calibration, memory

    def turn(place: int, side: str) -> None:
        console.err().print(f"turn knob {place + 1} fully {side}, let go of it, then press Enter ", end="")
        if not sys.stdin.readline():
            raise RigError("calibration asks for what to turn; run it in a terminal.")

    with Module(port) as module:
        if reset:
            for place in range(memory.get_settings(module).knobs) if chosen is None else chosen:
                memory.put_knob_ends(module, place, 0, 0, measured=False)
            memory.wait_until_saved(module)
            console.say("The knobs' ends are the nominal ones again.")
            return
        found = calibration.calibrate_knobs(module, turn, chosen)
        if not dry:
            calibration.store_ends(module, found)
    if json:
        console.print_json({str(place + 1): asdict(ends) for place, ends in found.items()})
        return
    console.print_table(
        ("knob>", "left>", "right>", "residual error>", "noise>"),
        [
            (str(place + 1), f"{ends.left:,}", f"{ends.right:,}", f"{ends.residual:.2%}", f"{ends.noise:.3%}")
            for place, ends in found.items()
        ],
    )
    console.say("Nothing was stored." if dry else "Stored in the module's flash.")


def flash(
    image: Annotated[
        Path | None, typer.Argument(help="A .bin or .elf; else the Daisy Seed's firmware is built.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="The .grit file to build in.")] = None,
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
    from gritspace.host_tools.module import dfu
    from gritspace.host_tools.module.firmware_image import read_image
    from gritspace.host_tools.module.simulated import build_firmware
    from gritspace.quantize.model.grit import read_grit

    try:
        place = int(address, 0)
    except ValueError:
        raise RigError(f"--address {address}: write it as 0x08000000.") from None
    if image is None:
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


def monitor(
    port: Port,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after so long; else Ctrl-C.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One look, as JSON.")] = False,
) -> None:
    """Watch a module: knobs, voltages, position, load, lost blocks. In a pipe: one look.

    Example: gritspace monitor --port /dev/ttyACM0
    """
    from rich.live import Live

    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import monitor as watching

    with Module(port) as module:
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
