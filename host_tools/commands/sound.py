"""The commands that need only the room train/: which devices there are, and what one sounds like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import Captures, Gate, Json
from gritspace.host_tools.inputs import AUDIO, CAPTURE, CHAIN, ENCODER, Reads
from gritspace.host_tools.outputs import AUDIO_ENDINGS, Writes


def devices(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Captures, or folders to search for them."),
        Reads(CAPTURE, CHAIN, folder=True),
    ] = None,
    similar: Annotated[
        Path | None,
        typer.Option(help="Only those that sound most like this recording, the nearest first."),
        Reads(AUDIO, sounding=True),
    ] = None,
    encoder: Annotated[
        Path | None,
        typer.Option(help="For --similar: an encoder of `gritspace research`, else one of our own."),
        Reads(ENCODER),
    ] = None,
    json: Json = False,
) -> None:
    """List the built-in circuits, and the captures found under PATHS.

    Split says which are test devices: `gritspace train --hold-out` leaves them out, by their names alone.
    Example: gritspace devices ~/captures
    """
    from gritspace.train.devices.finding import find_devices
    from gritspace.train.space.data.splits import held_out_settings, split_of_device

    if similar is not None:
        from gritspace.host_tools.spaces.finding import similar_devices

        with console.progress("listening"):
            near = similar_devices(similar, paths or [], encoder)
        if json:
            console.print_json({"similar": near})
        else:
            lines = [(one["label"], f"{one['likeness']:.3f}") for one in near]
            console.print_table(("device", "likeness>"), lines, f"most like {similar}")
        return
    found = find_devices(paths or [])
    if json:
        rows = [
            {
                "name": d.name,
                "kind": d.kind,
                "knobs": list(d.knobs),
                "licence": d.licence,
                "split": split_of_device(d.name),
                "held_out_settings": held_out_settings(d).tolist(),
            }
            for d in found
        ]
        console.print_json({"devices": rows})
        return
    console.print_table(
        ("device", "kind", "knobs", "licence", "split"),
        [(d.name, d.kind, " ".join(d.knobs) or "-", d.licence, split_of_device(d.name)) for d in found],
    )


def render(
    device: Annotated[
        str,
        typer.Argument(help="A device's name, as `gritspace devices` lists it, or a capture's file."),
        Reads(CAPTURE, CHAIN, any_name=True),
    ],
    dry: Annotated[Path, typer.Argument(help="Audio file to play through it: mono, any rate."), Reads(AUDIO)],
    wet: Annotated[
        Path, typer.Argument(help="Where to write the result: .wav or .flac, 48 kHz."), Writes(AUDIO_ENDINGS)
    ],
    knob: Annotated[list[str] | None, typer.Option(help="NAME=V with V from 0 to 1; others stand at 0.5.")] = None,
    captures: Captures = None,
    gate: Gate = None,
) -> None:
    """Play an audio file through a device.

    Example: gritspace render rat guitar.wav out.wav --knob distortion=0.8
    """
    from gritspace.host_tools.arguments import knob_settings
    from gritspace.host_tools.sound.gate import gated_audio
    from gritspace.train.audio.audio_file import read_audio, write_audio
    from gritspace.train.devices.finding import device_named

    played = device_named(device, captures or [])
    settings = knob_settings(played, knob or [])
    sound = read_audio(dry)
    if gate is not None:
        sound = gated_audio(sound, -gate)
    with console.progress(f"playing {len(sound) / 48000:.0f} s through {played.name}"):
        heard = played.render(sound[None], settings)[0]
    write_audio(wet, heard)
    console.say(
        f"{wet}: {played.name}" + "".join(f", {k} {v:g}" for k, v in zip(played.knobs, settings[0], strict=True))
    )
