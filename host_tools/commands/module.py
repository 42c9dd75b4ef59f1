"""The commands about a module: its firmware, a simulated one, and the test of what it does."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.model import Position
from gritspace.host_tools.commands.options import Bend, BendKind, Captures, Gate, Json
from gritspace.host_tools.inputs import AUDIO, CSV, GRIT, IMAGE, JSON, SPACE, TOML, Reads
from gritspace.host_tools.outputs import Writes


class Board(StrEnum):
    """What firmware can be built for."""

    sim = "sim"
    daisy_seed = "daisy_seed"
    daisy_patch_sm = "daisy_patch_sm"


class EmulatedBoard(StrEnum):
    """What stands around the emulated processor: as gritspace.host_tools.module.emulator.BOARDS."""

    seed_1_0 = "seed_1_0"
    seed_1_1 = "seed_1_1"
    seed_2_dfm = "seed_2_dfm"
    seed_3 = "seed_3"
    patch_sm = "patch_sm"


def build(
    board: Annotated[
        Board, typer.Argument(help="sim: simulated; daisy_seed: ours; daisy_patch_sm: a Patch.Init().")
    ] = Board.sim,
    model: Annotated[
        Path | None, typer.Option(help="The .grit file to build in; else the factory model."), Reads(GRIT)
    ] = None,
    frames: Annotated[
        int, typer.Option(help="Audio frames at a time, 48 or 16: less delay, more work. The sound is the same.")
    ] = 48,
    json: Json = False,
) -> None:
    """Build the firmware with PlatformIO. `pio run -d firmware -e BOARD` does the same by itself.

    Example: gritspace build sim --model space.grit
    """
    from gritspace.host_tools.errors import RigError

    if frames not in (48, 16):
        raise RigError(f"--frames {frames}: the firmware is built for 48 or 16 frames at a time.")
    from gritspace.host_tools.module.simulated import build_firmware
    from gritspace.quantize.model.grit import read_grit

    environment = board.value if frames == 48 else f"{board.value}_16"
    integers = None if model is None else read_grit(model)
    with console.progress(f"building the firmware for {board.value}") as update:
        image = build_firmware(integers, environment, update)
    if json:
        console.print_json(
            {"board": board.value, "frames": frames, "firmware": str(image), "bytes": image.stat().st_size}
        )
    else:
        console.say(str(image))


def simulate(
    model: Annotated[Path | None, typer.Argument(help="A .grit file."), Reads(GRIT)] = None,
    image: Annotated[
        Path | None,
        typer.Option(help="Instead: a Daisy's firmware.elf, as it is shipped, on an emulated board."),
        Reads(IMAGE),
    ] = None,
    board: Annotated[EmulatedBoard | None, typer.Option(help="With --image: which board is emulated.")] = None,
    port_file: Annotated[
        Path | None, typer.Option(help="Write the port's name here once the module answers (for scripts)."), Writes()
    ] = None,
    flash: Annotated[
        Path | None,
        typer.Option(help="A file to keep the module's flash in: presets, uploaded models."),
        Writes(),
    ] = None,
    bad_line: Annotated[
        float, typer.Option(min=0, max=0.1, help="Share of the link's bytes that are lost, damaged or come twice.")
    ] = 0.0,
) -> None:
    """Start a simulated module that runs a model, or a Daisy's image; print its port; go on until Ctrl-C.

    Example: gritspace simulate space.grit
    Example: gritspace simulate --image firmware.elf --flash chip.bin
    """
    from gritspace.host_tools.errors import RigError

    if (model is None) == (image is None):
        raise RigError("name what is to run: a model, MODEL.grit, or a Daisy's image, --image firmware.elf.")
    if image is not None:
        if bad_line:
            raise RigError("--bad-line is the simulated module's; the emulated board's USB is a good line.")
        from gritspace.host_tools.module import emulated

        def runs(port: str) -> None:
            console.say(f"{image.name} runs on an emulated board; its port:")
            console.say(port)

        emulated.until_stopped(image, runs, None if board is None else board.value, port_file, flash)
        return
    from gritspace.host_tools.module.simulated import until_stopped
    from gritspace.host_tools.ports import VARIABLE
    from gritspace.quantize.model.grit import read_grit

    assert model is not None
    integers = read_grit(model)

    def ready(port: str) -> None:
        console.say(f"{integers.name} runs on a simulated module; its port:")
        console.say(port)
        console.err().print(
            f"Try: gritspace hil --port {port} --model {model} --audio FILE   (Ctrl-C stops the module)\n"
            f"or, for every command in another terminal: export {VARIABLE}={port}",
            soft_wrap=True,
        )

    until_stopped(integers, ready, port_file, flash, bad_line)


def hil(
    audio: Annotated[Path, typer.Option(help="Audio file to play through the module: mono, any rate."), Reads(AUDIO)],
    port: Annotated[
        str | None,
        typer.Option(help="The module's port; sim, emulated start one; else GRITSPACE_PORT or the one plugged in."),
    ] = None,
    rig: Annotated[
        Path | None, typer.Option(help="A rig file (TOML): test all its modules instead of one."), Reads(TOML)
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="The .grit file that the module runs; else looked for beside the audio and here."),
        Reads(GRIT),
    ] = None,
    space: Annotated[
        Path | None,
        typer.Option(help="The space the model was made from; else looked for beside the model."),
        Reads(SPACE),
    ] = None,
    device: Annotated[
        list[str] | None, typer.Option(help="Compare with this device; repeatable. Else with all that can be found.")
    ] = None,
    captures: Captures = None,
    position: Position = None,
    bend: Bend = BendKind.none,
    gate: Gate = None,
    device_seconds: Annotated[float, typer.Option(min=0.1, help="Seconds of audio for every device.")] = 4.0,
    settings: Annotated[int, typer.Option(min=1, help="Knob settings to compare per device.")] = 1,
    automation: Annotated[
        Path | None,
        typer.Option(help="Move controls as this CSV says (time,control,value) instead of the sweep."),
        Reads(CSV),
    ] = None,
    minutes: Annotated[float, typer.Option(min=0, help="Then play on for so long, and compare every sample.")] = 0.0,
    all_models: Annotated[bool, typer.Option("--all-models", help="Test every model of the module's bank.")] = False,
    junit: Annotated[Path | None, typer.Option(help="Also write the result as JUnit XML."), Writes((".xml",))] = None,
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="The HTML report; .json and -wav/ go beside it."),
        Writes((".html", ".htm"), (".json",)),
    ] = Path("report.html"),
    json: Json = False,
) -> None:
    """Test a module: play audio through it and compare with the integer model, the float model and the devices.

    Exit code 0 if the module does, to the bit, what the integer model does, else 1; 2 if it is missing.

    Example: gritspace hil --port sim --model space.grit --audio guitar.wav -o report.html
    """
    from gritspace.host_tools.errors import RigError
    from gritspace.host_tools.ports import STARTED, refuse_no_model, the_port

    if port is not None and rig is not None:
        raise RigError("name what to test: --port PORT for one module, or --rig FILE for all that stand on a bench.")
    found = None if rig is not None else the_port(port, also=STARTED)
    refuse_no_model(found, model)
    from gritspace.host_tools.hil.session import Request, run_test

    request = Request(
        port=found,
        audio=audio,
        model=model,
        space=space,
        devices=tuple(device or ()),
        captures=tuple(captures or ()),
        position=position,
        bend=bend.value,
        gate=-(gate or 0),
        device_seconds=device_seconds,
        settings_each=settings,
        out=out,
        automation=automation,
        minutes=minutes,
        all_models=all_models,
        rig=rig,
        junit=junit,
    )
    report = run_test(request, console.Stages(quiet=json))
    if json:
        console.print_json(report)
    else:
        for one in report.get("modules", [report]):
            console.print_report(one)
    raise typer.Exit(0 if report["good"] else 1)


def accept(
    serial: Annotated[str, typer.Argument(help="The board's serial number.")],
    hil_report: Annotated[Path, typer.Option("--hil", help="The .json of this board's `gritspace hil`."), Reads(JSON)],
    loop_report: Annotated[
        Path, typer.Option("--loop", help="What `gritspace loop module --json` printed of it."), Reads(JSON)
    ],
    revision: Annotated[str, typer.Option(help="Of the hardware, as it stands on panel and board.")] = "B",
    date: Annotated[str | None, typer.Option(help="Of the measurement; else today.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The page; else SERIAL.html. .json goes beside it."),
        Writes((".html", ".htm"), (".json",)),
    ] = None,
    json: Json = False,
) -> None:
    """Put what was measured of one board on one page under its serial number, with limits.

    Exit code 0 if the board passes, else 1.

    Example: gritspace accept GS-0001 --hil report.json --loop loop.json
    """
    from dataclasses import asdict
    from datetime import UTC, datetime

    from gritspace.host_tools.hil import acceptance

    day = date or datetime.now(UTC).date().isoformat()
    made = acceptance.card(serial, revision, day, hil_report, loop_report)
    page = out or Path(f"{serial}.html")
    acceptance.write(made, page)
    if json:
        console.print_json(asdict(made) | {"good": made.good, "page": str(page)})
    else:
        rows = [(check.what, check.value, check.limit, "good" if check.good else "NOT GOOD") for check in made.checks]
        console.print_table(("", "measured", "limit", ""), rows)
        console.say(f"{page}: {serial} {'passes' if made.good else 'does not pass'}")
    raise typer.Exit(0 if made.good else 1)
