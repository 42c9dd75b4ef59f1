"""The commands about presets: to and from a file, and equally loud."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import DryRun, Json, Port
from gritspace.host_tools.inputs import GRIT, JSON, SPACE, Reads
from gritspace.host_tools.outputs import Writes, guarded

presets = typer.Typer(
    help="Presets to and from a JSON file.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@presets.command("get")
@guarded
def presets_get(
    port: Port = None,
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
    from gritspace.host_tools.ports import the_port
    from gritspace.train.output_file import written_whole

    with Module(the_port(port)) as module:
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
    space: Annotated[Path, typer.Argument(help="A space, a .pt file that `gritspace train` wrote."), Reads(SPACE)],
    model: Annotated[Path, typer.Option(help="Its integer model, a .grit file."), Reads(GRIT)],
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
    file: Annotated[
        Path, typer.Argument(help="A file that `gritspace presets get` wrote, edited or not."), Reads(JSON)
    ],
    port: Port = None,
) -> None:
    """Put presets from a JSON file into the module; places that the file does not name stay as they are.

    Example: gritspace presets put --port /dev/ttyACM0 presets.json
    """
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import presets_file
    from gritspace.host_tools.ports import the_port

    values = presets_file.read_file(file)
    with Module(the_port(port)) as module:
        count = presets_file.write_module(module, values, str(file))
    console.say(f"{count} presets are in the module's flash")


@presets.command("match")
@guarded
def presets_match(
    port: Port = None,
    target: Annotated[float, typer.Option(min=-60, max=0, help="How loud, in LUFS.")] = -18.0,
    dry_run: DryRun = False,
    dry: Annotated[bool, typer.Option("--dry", hidden=True)] = False,
    json: Json = False,
) -> None:
    """Set every preset's level so that all are equally loud: each plays the same phrase, measured by ITU-R BS.1770.

    The module is silent meanwhile. Exit code 1 if a preset cannot be brought to the target.

    Example: gritspace presets match --port /dev/ttyACM0
    """
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import presets_match
    from gritspace.host_tools.ports import the_port

    dry = dry or dry_run
    with Module(the_port(port)) as module, console.progress("listening to the presets") as update:
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
