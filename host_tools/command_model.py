"""The commands that need no module: a space becomes an integer model, which is exported, or run on this machine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.command_sound import Json

Position = Annotated[
    str | None, typer.Option(help="Numbers from -1 to 1 with commas between, one a dimension; else the model's own.")
]


class ExportKind(StrEnum):
    """What an integer model can be exported as."""

    c = "c"
    tflite = "tflite"


class EngineKind(StrEnum):
    """Which implementation of the one arithmetic runs a model."""

    c = "c"
    numpy = "numpy"
    tflite = "tflite"


def quantize(
    source: Annotated[Path, typer.Argument(help="A space: the .pt file that `gritspace train` wrote.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write the .grit file.")],
    audio: Annotated[
        list[Path] | None,
        typer.Option(help="Audio (a file or a folder) like what it will hear; else built-in signals."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The model's name on the module; else the file's.")] = None,
    json: Json = False,
) -> None:
    """Turn a space into an integer model: int8 weights, int16 activations.

    Example: gritspace quantize space.pt -o space.grit
    """
    from gritspace.host_tools.audio_sources import calibration_audio
    from gritspace.host_tools.model_files import model_from_space, model_sha256, read_space
    from gritspace.quantize.grit import write_grit

    space = read_space(source)
    with console.progress("quantizing"):
        model = model_from_space(space, source, calibration_audio(audio or []), name or out.stem)
    write_grit(model, out)
    facts = {
        "file": str(out),
        "sha256": model_sha256(model),
        "bytes": out.stat().st_size,
        "macs_per_frame": model.macs_per_frame,
        "position_size": model.position_count,
        "output_full_scale": 2.0**model.output_shift,
    }
    if json:
        console.print_json(facts)
    else:
        console.say(
            f"{out}: {facts['bytes']:,} bytes, {model.macs_per_frame:,} multiplications a frame, "
            f"{model.position_count} dimensions, sha256 {facts['sha256']}"
        )


def export(
    model: Annotated[Path, typer.Argument(help="A .grit file.")],
    to: Annotated[ExportKind, typer.Option(help="c: a C array for the firmware. tflite: for TensorFlow Lite.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write.")],
    position: Position = None,
) -> None:
    """Write an integer model as a C array, or as a TensorFlow Lite file at one position.

    Example: gritspace export space.grit --to c -o model.c
    """
    from gritspace.host_tools.arguments import position_q15
    from gritspace.host_tools.errors import RigError
    from gritspace.quantize.grit import read_grit

    integers = read_grit(model)
    if to is ExportKind.c:
        from gritspace.quantize.c_array import write_c_array

        if position is not None:
            raise RigError("--position has no meaning with --to c: a C array keeps every position; leave it out.")
        write_c_array(integers, out, made_from=model.name)
    else:
        from gritspace.quantize.tflite import write_tflite

        write_tflite(integers, out, position_q15(position, integers))
    console.say(f"{out}: {integers.name}, {out.stat().st_size:,} bytes")


def run(
    model: Annotated[Path, typer.Argument(help="A .grit file.")],
    dry: Annotated[Path, typer.Argument(help="Audio file to play through it: mono, any rate.")],
    wet: Annotated[Path, typer.Argument(help="Where to write the result: .wav or .flac, 48 kHz.")],
    position: Position = None,
    engine: Annotated[EngineKind, typer.Option(help="Who computes; all give the same bits.")] = EngineKind.c,
) -> None:
    """Play an audio file through an integer model on this machine, just as a module would.

    Example: gritspace run space.grit guitar.wav out.wav --position 0.5,0,0,0
    """
    from gritspace.host_tools.arguments import position_q15
    from gritspace.host_tools.play_model import play
    from gritspace.quantize.grit import read_grit
    from gritspace.train.audio_file import read_audio, write_audio

    integers = read_grit(model)
    with console.progress(f"running {integers.name}"):
        audio = play(integers, read_audio(dry), position_q15(position, integers), engine.value)
    write_audio(wet, audio)
    console.say(f"{wet}: {len(audio) / 48000:.2f} s through {integers.name} ({engine.value})")
