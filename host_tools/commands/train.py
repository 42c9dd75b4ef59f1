"""The command that makes a space."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import Captures, DryAudio, Json
from gritspace.host_tools.inputs import CAPTURE, CHAIN, SPACE, TOML, Reads
from gritspace.host_tools.outputs import Writes


def train(
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Where to write the space, a .pt file."), Writes((".pt", ".pth"))
    ],
    quick: Annotated[bool, typer.Option("--quick", help="A small space in a few minutes.")] = False,
    captures: Captures = None,
    audio: DryAudio = None,
    device: Annotated[
        list[str] | None,
        typer.Option(help="Train on this device; repeatable. Else captures, or without any, circuits."),
        Reads(CAPTURE, CHAIN, any_name=True),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file with the training's settings."), Reads(TOML)] = None,
    minutes: Annotated[float | None, typer.Option(min=0.02, help="Stop training after this much time.")] = None,
    seconds: Annotated[float | None, typer.Option(min=1, hidden=True)] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="So many steps, in place of the configuration's; more later go on.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="For everything random.")] = None,
    log_dir: Annotated[Path | None, typer.Option(help="Where to write TensorBoard logs."), Writes(folder=True)] = None,
    resume: Annotated[bool, typer.Option(help="Go on with an interrupted training of the same name.")] = True,
    hold_out: Annotated[
        bool, typer.Option("--hold-out", help="Leave out the test devices that `gritspace devices` lists.")
    ] = False,
    cache_gigabytes: Annotated[
        float, typer.Option(min=0, help="Disk for the devices' renders, kept for the next training; 0: none.")
    ] = 8.0,
    start_from: Annotated[
        Path | None, typer.Option("--from", help="Begin at this space, trained with the same networks."), Reads(SPACE)
    ] = None,
    json: Json = False,
) -> None:
    """Train a space on circuits and captures.

    Example: gritspace train --quick --captures ~/captures --audio ~/guitar -o space.pt
    """
    from gritspace.host_tools.spaces.training import TrainRequest, train_as_requested

    request = TrainRequest(
        out=out,
        quick=quick,
        captures=tuple(captures or ()),
        audio=tuple(audio or ()),
        devices=tuple(device or ()),
        config=config,
        seconds=seconds if minutes is None else 60 * minutes,
        steps=steps,
        seed=seed,
        log_dir=log_dir,
        resume=resume,
        hold_out=hold_out,
        cache_gigabytes=cache_gigabytes,
        start_from=start_from,
    )
    report = train_as_requested(request, console.Stages(quiet=json))
    if json:
        console.print_json(report)
    else:
        console.print_training(report)
