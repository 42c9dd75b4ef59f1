"""The commands about the module in a browser."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import Json
from gritspace.host_tools.inputs import GRIT, JSON, SPACE, Reads
from gritspace.host_tools.outputs import Writes


class Kind(StrEnum):
    """What a listening test asks."""

    abx = "abx"
    mushra = "mushra"
    words = "words"


class Loop(StrEnum):
    """What is played in one."""

    guitar = "guitar"
    bass = "bass"
    drums = "drums"
    synth = "synth"


def play(
    export: Annotated[
        Path | None,
        typer.Option(help="Write the page as static files into this folder instead, for any web server."),
        Writes(folder=True),
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
    from gritspace.host_tools.ports import the_port

    if export is not None and export.exists() and (not export.is_dir() or any(export.iterdir())):
        raise RigError(f"{export}: there is something already; name a new folder.")
    if edit is not None:
        the_port(edit)
    from gritspace.host_tools.web.server import served
    from gritspace.host_tools.web.site import build_site, size_of

    with console.progress("the page") as update:
        folder = build_site(update)
    if export is not None:
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


def listen(
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Where to write the test, a .html file."),
        Writes((".html", ".htm")),
    ] = None,
    kind: Annotated[Kind, typer.Option(help="abx, mushra, or words: what a dimension changes.")] = Kind.mushra,
    space: Annotated[
        Path | None,
        typer.Option(help="A space, for its devices and its float network; else the factory's."),
        Reads(SPACE),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Its integers, a .grit file; else the factory's."), Reads(GRIT)
    ] = None,
    sound: Annotated[
        list[str] | None,
        typer.Option(help="ITEM/SYSTEM=FILE: recordings or a rival's sounds; the system reference is compared with."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="The .json of `gritspace evaluate`, its space beside it: its devices, from best to worst."),
        Reads(JSON),
    ] = None,
    rival: Annotated[
        list[str] | None,
        typer.Option(help="ITEM/NAME=FILE: another answer to an item, a .nam or audio of the same loop; repeatable."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many settings or places.")] = 4,
    loop: Annotated[Loop, typer.Option(help="What is played.")] = Loop.guitar,
    seed: Annotated[int, typer.Option(help="Of the choice and of the order.")] = 0,
    results: Annotated[
        list[Path] | None, typer.Option(help="Answers that pages saved: put them together."), Reads(JSON)
    ] = None,
    json: Json = False,
) -> None:
    """Make a listening test as one offline page, or read its answers.

    Example: gritspace listen --kind abx -o abx.html
    """
    from gritspace.host_tools.errors import RigError
    from gritspace.host_tools.web.listening_results import read_results, together

    if results:
        answers = together(read_results(results), seed)
        if json:
            console.print_json(answers)
        else:
            _print_answers(answers)
        return
    if out is None or out.suffix != ".html":
        raise RigError("name a page to write (-o test.html), or answers to read (--results answers.json).")
    from gritspace.host_tools.web.evaluation_report import read_report

    told = None if report is None else read_report(report)
    from gritspace.host_tools.web import listening, listening_report
    from gritspace.quantize.firmware_sources import SPACES
    from gritspace.train.devices.finding import find_devices

    space, model = space or SPACES / "circuits.pt", model or SPACES / "circuits.grit"
    made_from: dict[str, Any] = {"loop": loop, "count": count}
    with console.progress("sounds"):
        if sound:
            items = listening.file_items(sound)
            made_from["sounds"] = list(sound)
        elif kind == "words":
            items = listening.word_items(model, count, seed, loop)
        else:
            devices: list[str] = []
            if report is not None and told is not None:
                space = listening_report.space_of(report, told)
                here = [device.name for device in find_devices()]
                devices = listening_report.devices_by_error(told, here, count)
                made_from["report"] = str(report)
            items = listening.space_items(space, model, count, seed, loop, devices)
            listening_report.add_rivals(items, rival or (), loop)
        title = {"abx": "Can you tell them apart?", "mushra": "How alike are they?", "words": "What has grown?"}[kind]
        made = listening.ListeningTest(kind, title, listening.for_kind(items, kind), seed, made_from=made_from)
        text = listening.page(made)
    from gritspace.train.output_file import written_whole

    with written_whole(out) as beside:
        beside.write_text(text, encoding="utf-8")
    console.say(f"{out}: {len(items)} items, {len(text):,} bytes; open it in a browser, also without a network")


def _print_answers(report: dict[str, Any]) -> None:
    if report["kind"] == "words":
        answers = sorted({answer for row in report["words"].values() for answer in row})
        rows = [[word, *(str(row.get(answer, 0)) for answer in answers)] for word, row in report["words"].items()]
        console.print_table(["changed", *(f"{answer}>" for answer in answers)], rows)
    elif report["kind"] == "abx":
        rows = [[s, f"{r['right']} of {r['trials']}", f"{r['p']:.4f}"] for s, r in report["systems"].items()]
        console.print_table(["system", "right>", "p, by guessing>"], rows)
    else:
        rows = [[s, f"{r['mean']:.1f}", f"{r['low']:.1f} to {r['high']:.1f}"] for s, r in report["systems"].items()]
        console.print_table(["system", "mean>", "95 %>"], rows)
    console.say(f"{report['listeners']} listeners, {report['models_of_hearing']} models of hearing, who are no persons")
