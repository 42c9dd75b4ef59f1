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
    """Write the module's presets as JSON, with the names of devices where a shipped space knows the place.

    Example: gritspace presets get --port /dev/ttyACM0 -o presets.json
    """
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import presets_file
    from gritspace.host_tools.ports import the_port

    with Module(the_port(port)) as module:
        values = presets_file.read_module(module)
    if out is None:
        console.print_json(values)
    else:
        presets_file.write_file(out, values)
        names = "; ".join(f"{row['place']} {row['name']}" for row in values["presets"] if "name" in row)
        console.say(f"{out}: {len(values['presets'])} presets" + (f": {names}" if names else ""))


@presets.command("list")
@guarded
def presets_list(port: Port = None, json: Json = False) -> None:
    """Show the module's presets, by the names of devices where a shipped space knows the place.

    Example: gritspace presets list --port /dev/ttyACM0
    """
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import presets_file
    from gritspace.host_tools.ports import the_port

    with Module(the_port(port)) as module:
        rows = presets_file.read_module(module)["presets"]
    if json:
        console.print_json(rows)
    elif not rows:
        console.say("The module has no presets yet.")
    else:
        columns = ("preset>", "name", "drive>", "tone>", "symmetry>", "dynamics>", "level>", "model")
        console.print_table(columns, [presets_file.as_words(row) for row in rows])


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
    from gritspace.host_tools.models.made_from import file_sha256
    from gritspace.host_tools.models.model_files import read_space
    from gritspace.host_tools.module import presets_file
    from gritspace.host_tools.spaces import presets as choosing
    from gritspace.host_tools.spaces.evaluation import model_of

    with console.progress("choosing, and making equally loud"):
        known, integers = read_space(space), model_of(model, space)
        found = choosing.chosen(known, integers, None if factory else file_sha256(model), model.stem)
    presets_file.write_file(out, found)
    console.say(f"{out}: " + "; ".join(f"{row['place']} {row['name']}" for row in found["presets"]))


@presets.command("make")
@guarded
def presets_make(
    space: Annotated[Path, typer.Argument(help="A space, a .pt file that `gritspace train` wrote."), Reads(SPACE)],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="The file to write; more than sixteen go on in NAME-2.json, NAME-3.json ..."),
        Writes((".json",)),
    ],
    device: Annotated[
        list[str] | None, typer.Option(help="A device that the space knows, or one of its settings; repeatable.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every device that it knows, from clean to wild.")] = False,
    model: Annotated[
        Path | None, typer.Option(help="Its integer model, a .grit file; else the one beside it."), Reads(GRIT)
    ] = None,
    factory: Annotated[bool, typer.Option("--factory", help="The model is the one built into the firmware.")] = False,
    place: Annotated[int, typer.Option(min=1, max=16, help="The first one's place in the module.")] = 1,
) -> None:
    """Write presets of devices that a space knows, by their names, all equally loud.

    Example: gritspace presets make openamp.pt --device rat --device big_muff -o mine.json
    """
    from gritspace.host_tools.errors import RigError

    if bool(device) == every:
        raise RigError("say which devices: --device NAME, as often as you like, or --all.")
    model = space.with_suffix(".grit") if model is None else model
    if not model.is_file():
        raise RigError(f"{model}: the space's integer model is missing: gritspace quantize {space} -o {model}")
    from gritspace.host_tools.models.places import named, refuse_unknown

    for one in device or ():
        refuse_unknown(one, space)
    from gritspace.host_tools.models.made_from import file_sha256
    from gritspace.host_tools.models.model_files import read_space
    from gritspace.host_tools.module import presets_file
    from gritspace.host_tools.spaces import presets as making
    from gritspace.host_tools.spaces.evaluation import model_of

    known = read_space(space)
    labels = making.by_drive(known) if every else [named(known.positions, one, space.name) for one in device or []]
    sha256 = None if factory else file_sha256(model)
    with console.progress("presets") as update:
        files = making.rows_of(labels, known, model_of(model, space), sha256, model.stem, place, update)
    for number, values in enumerate(files, 1):
        path = out if number == 1 else out.with_stem(f"{out.stem}-{number}")
        presets_file.write_file(path, values)
        console.say(f"{path}: " + "; ".join(f"{row['place']} {row['name']}" for row in values["presets"]))


@presets.command("put")
@guarded
def presets_put(
    file: Annotated[
        Path | None, typer.Argument(help="A file that `gritspace presets get` wrote, edited or not."), Reads(JSON)
    ] = None,
    port: Port = None,
    factory: Annotated[
        bool, typer.Option("--factory", help="Instead: the sixteen that belong to the factory model.")
    ] = False,
) -> None:
    """Put presets from a JSON file into the module; places that the file does not name stay as they are.

    Example: gritspace presets put --port /dev/ttyACM0 presets.json
    """
    from gritspace.host_tools.errors import RigError
    from gritspace.host_tools.ports import the_port

    if (file is None) != factory:
        raise RigError("name a presets file, or the factory's sixteen: --factory.")
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import presets_file

    if file is None:
        file = presets_file.shipped()[0]
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
