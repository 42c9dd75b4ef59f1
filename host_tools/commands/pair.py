"""The command that puts two captures into one model."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import Json
from gritspace.host_tools.inputs import CAPTURE, GRIT, RECORDING, SNAPSHOT, Reads
from gritspace.host_tools.outputs import Writes


class PairKind(StrEnum):
    """How two captures play together (docs/knobs.md)."""

    series = "series"
    crossfade = "crossfade"
    morph = "morph"


def pair(
    first: Annotated[
        Path,
        typer.Argument(help="A snapshot: a .grit, a .pt or a .nam; of a series the pedal."),
        Reads(GRIT, SNAPSHOT, CAPTURE),
    ],
    second: Annotated[
        Path, typer.Argument(help="Another one; of a series the amplifier."), Reads(GRIT, SNAPSHOT, CAPTURE)
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write the .grit file."), Writes((".grit",))],
    kind: Annotated[
        PairKind,
        typer.Option(
            "--as",
            help="series: one into the other; crossfade: the first knob goes from one to the other; morph: so do their "
            "weights, of two captures of one shape.",
        ),
    ] = PairKind.series,
    level: Annotated[
        float, typer.Option(min=-18, max=18, help="dB more into the second one, or of it beside the first.")
    ] = 0.0,
    ir: Annotated[
        Path | None, typer.Option(help="An impulse response (a cabinet) behind both."), Reads(RECORDING)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write what is too slow for a module, too.")] = False,
    json: Json = False,
) -> None:
    """Put two captures into one model: a pedal into an amplifier, or one faded or morphed into the other by a knob.

    What fits together into a module's time is told.

    Example: gritspace pair pedal.nam amplifier.nam -o both.grit --ir cabinet.wav
    """
    from gritspace.host_tools.models.float_network import float_network
    from gritspace.host_tools.models.pairing import morph_of, pair_of
    from gritspace.host_tools.models.ready_model import ready_model
    from gritspace.host_tools.models.verdict import price_of, price_remark
    from gritspace.host_tools.sound.impulse import with_impulse
    from gritspace.quantize.model.grit import write_grit
    from gritspace.train.errors import InputError

    with console.progress("pairing"):
        one, other = ready_model(first, console.tell), ready_model(second, console.tell)
        if kind is PairKind.morph:
            if level:
                raise InputError("--level: a morph holds its own level; it is for series and crossfade.")
            model = morph_of(one, other, (float_network(first, one), float_network(second, other)))
        else:
            model = pair_of(one, other, kind.value, level)
        if ir is not None:
            model = with_impulse(model, ir)
        price = price_of(model)
    if price is not None and not price.admitted and not force:
        raise InputError(f"{first}, {second}: {price.verdict()}; --force writes it anyway.")
    write_grit(model, out)
    if json:
        assert model.pair is not None
        facts = {"name": model.name, "kind": kind.value, "balance": model.pair.balance_q12 / 4096}
        console.print_json({"file": str(out), **facts, **({} if price is None else price.fields())})
    else:
        console.say(f"{out}: {model.name}, {kind.value}; {price_remark(price)}")
