"""The commands that ask what a space is worth, and find new places in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import Captures, DryAudio, Json
from gritspace.host_tools.inputs import AUDIO, GRIT, RECORDING, SPACE, Reads
from gritspace.host_tools.outputs import Writes, refuse_overwriting


def evaluate(
    space: Annotated[Path, typer.Argument(help="A space, a .pt file that `gritspace train` wrote."), Reads(SPACE)],
    captures: Captures = None,
    audio: DryAudio = None,
    model: Annotated[
        Path | None, typer.Option(help="The space's .grit file; else its integers are made anew."), Reads(GRIT)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Where to write a report, a .html file."), Writes()
    ] = None,
    seconds: Annotated[
        float, typer.Option("--device-seconds", "--seconds", min=0.2, help="Seconds of audio for every setting.")
    ] = 4.0,
    enroll_seconds: Annotated[
        float, typer.Option(min=0, help="Of audio to enroll each test device from; 0 leaves test devices out.")
    ] = 20.0,
    foreign: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of other dry audio, for known devices and enrolled ones; repeatable, told by its name."
        ),
        Reads(AUDIO, folder=True),
    ] = None,
    json: Json = False,
) -> None:
    """Measure a space: its devices, settings between, test devices it has never heard, and its whole box.

    Example: gritspace evaluate space.pt --captures ~/captures --audio ~/guitar --foreign ~/synth -o report.html
    """
    from gritspace.host_tools.spaces.evaluation import as_report, evaluate_space
    from gritspace.host_tools.spaces.report import print_examination, refuse_unwritable_report, write_examination

    refuse_unwritable_report(out)
    with console.progress("evaluate") as update:
        found = evaluate_space(
            space, captures or [], audio or [], seconds, enroll_seconds, update, model, foreign or []
        )
    report = as_report(found)
    if out is not None:
        write_examination(found, report, out)
    if json:
        console.print_json(report)
    else:
        print_examination(report, out)


def enroll(
    space: Annotated[Path, typer.Argument(help="A space, a .pt file that `gritspace train` wrote."), Reads(SPACE)],
    wet: Annotated[
        Path,
        typer.Option(help="What the device made of the dry audio: mono, any rate."),
        Reads(RECORDING, sounding=True),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Where to write the preset, a .json file."), Writes((".json",))
    ],
    dry: Annotated[
        Path | None,
        typer.Option(help="What was played. Without it the encoder can only guess."),
        Reads(RECORDING, sounding=True),
    ] = None,
    refine: Annotated[
        bool, typer.Option("--refine", help="Bend the decoder to this device too; writes a .pt beside the preset.")
    ] = False,
    model: Annotated[
        Path | None,
        typer.Option(help="The .grit file the preset belongs to; else the module's factory model."),
        Reads(GRIT),
    ] = None,
    place: Annotated[int, typer.Option(min=1, max=16, help="Which of the module's presets it becomes.")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Take a recording that is clipped or in doubt.")] = False,
    channel: Annotated[
        str | None, typer.Option(help="Of a stereo recording whose channels differ: left, right or mix.")
    ] = None,
    seed: Annotated[int, typer.Option(help="For everything random.")] = 0,
    json: Json = False,
) -> None:
    """Find the position of a device that a space has never heard, from seconds to minutes of its sound.

    Example: gritspace enroll space.pt --dry played.wav --wet pedal.wav -o preset.json
    """
    from gritspace.train.audio.audio_file import SHORTEST_TO_ENROLL_SECONDS, refuse_short
    from gritspace.train.errors import InputError

    if refine and dry is None:
        raise InputError("--refine: the dry audio is needed to bend the decoder by; give --dry too.")
    for recording in (wet,) if dry is None else (dry, wet):
        refuse_short(recording, SHORTEST_TO_ENROLL_SECONDS)
    from gritspace.host_tools.spaces.enrolling import EnrollRequest, enroll_as_requested

    if refine:
        refuse_overwriting(out.with_suffix(".pt"), [space])
    request = EnrollRequest(space, wet, out, dry, refine, model, place, force, seed, channel)
    with console.progress("enroll") as update:
        report = enroll_as_requested(request, update)
    if json:
        console.print_json(report)
        return
    for remark in report["remarks"]:
        console.say(remark)
    console.say(f"position {', '.join(f'{x:+.3f}' for x in report['position'])}, level {report['level']:.2f}")
    if report["esr"] is not None:
        console.say(
            f"ESR {console.esr_text(report['esr'])} on {report['checked_seconds']:.1f} s from all over, which it "
            f"did not learn from; position alone {console.esr_text(report['esr_of_position'])}, "
            f"the encoder's guess {console.esr_text(report['esr_of_guess'])}"
        )
    console.say(", ".join(report["files"]))


def even(
    space: Annotated[Path, typer.Argument(help="A space, a .pt file that `gritspace train` wrote."), Reads(SPACE)],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Where to write the evened space.", show_default=False), Writes((".pt",))
    ],
    audio: DryAudio = None,
    steps: Annotated[
        int, typer.Option(min=0, help="Of training; 0: only loudness, by the head's own gain, in seconds.")
    ] = 800,
    silence: Annotated[
        bool, typer.Option("--silence", help="Ask for silence in silence alone; the sound changes least.")
    ] = False,
    seed: Annotated[int, typer.Option(help="For everything random.")] = 0,
) -> None:
    """Make a trained space's whole box playable, without its devices: silence, level, what each knob is named for.

    Example: gritspace even space.pt --audio ~/guitar -o even.pt
    """
    import numpy as np

    from gritspace.host_tools.audio_sources import calibration_audio, level_phrases
    from gritspace.host_tools.models.model_files import read_space
    from gritspace.train.audio.levels import at_all_levels
    from gritspace.train.audio.tones import bright
    from gritspace.train.space import checkpoint
    from gritspace.train.space.senses import head_row
    from gritspace.train.space.senses.even import EvenConfig, evened, silence_only
    from gritspace.train.space.space import save_space

    old = read_space(space)
    if steps == 0:
        save_space(head_row.held(old, level_phrases(), seed), out)
        console.say(f"{out}: equally loud all over the box; make integers with `gritspace quantize`")
        return
    heard = at_all_levels(calibration_audio(audio or [], 120.0, seed), seed)
    dry = np.concatenate([heard, bright(60.0, seed)])
    with console.progress("even") as update:
        new = evened(
            old,
            dry,
            silence_only(seed, steps) if silence else EvenConfig(seed=seed, steps=steps),
            lambda step, count, told: update(step, count, f"ESR {told['esr']:.3f}"),
            checkpoint.path_for(out),
        )
    save_space(new, out)
    checkpoint.path_for(out).unlink(missing_ok=True)
    console.say(f"{out}: measure it with `gritspace evaluate`, make integers with `gritspace quantize`")
