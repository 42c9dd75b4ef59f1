"""The commands about the analog path: a signal to play, and what came back of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.model import Position
from gritspace.host_tools.commands.options import Json, Port
from gritspace.host_tools.inputs import AUDIO, GRIT, Reads
from gritspace.host_tools.outputs import AUDIO_ENDINGS, Writes, guarded

if TYPE_CHECKING:
    from gritspace.host_tools.module.loop_analysis import LoopReport

loop = typer.Typer(
    help="Measure the analog path: a module's own with a patch cable, or anything between an audio interface's ends.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@loop.command("signal")
@guarded
def loop_signal(
    out: Annotated[Path, typer.Option("-o", "--out", help="The WAV file to write."), Writes(AUDIO_ENDINGS)],
    audio: Annotated[
        Path | None, typer.Option(help="Music for the end of it; else a built-in riff."), Reads(AUDIO)
    ] = None,
) -> None:
    """Write the signal to play: silence, noise, a sine, music.

    Example: gritspace loop signal -o loop.wav
    """
    from gritspace.host_tools.audio_sources import riff
    from gritspace.host_tools.module import loop_analysis
    from gritspace.train.audio.audio_file import read_audio, write_audio

    samples = loop_analysis.signal(riff(4.0) if audio is None else read_audio(audio))
    write_audio(out, samples)
    console.say(
        f"{out}: {len(samples) / loop_analysis.SAMPLE_RATE:.1f} s; play it at full level, record what comes back"
    )


@loop.command("measure")
@guarded
def loop_measure(
    sent: Annotated[
        Path, typer.Argument(help="The signal that was played, from `gritspace loop signal`."), Reads(AUDIO)
    ],
    received: Annotated[Path, typer.Argument(help="What was recorded meanwhile: mono."), Reads(AUDIO, sounding=True)],
    model: Annotated[
        Path | None,
        typer.Option(help="The .grit that the module played; none: a cable, or a module all dry."),
        Reads(GRIT),
    ] = None,
    position: Position = None,
    json: Json = False,
) -> None:
    """Latency, gain, noise floor, THD+N, and the error against the model after alignment.

    Example: gritspace loop measure loop.wav recorded.wav --model space.grit
    """
    from gritspace.host_tools.arguments import position_q15
    from gritspace.host_tools.module import loop_analysis
    from gritspace.host_tools.sound.playing import play
    from gritspace.quantize.model.grit import read_grit
    from gritspace.train.audio.audio_file import read_audio

    out, back = read_audio(sent), read_audio(received)
    expected = None
    if model is not None:
        integers = read_grit(model)
        expected = play(integers, out, position_q15(position, integers), "c")
    _show(loop_analysis.analyse(out, back, expected), json)


@loop.command("module")
@guarded
def loop_module(
    port: Port = None,
    audio: Annotated[
        Path | None, typer.Option(help="Music for the end of the signal; else a built-in riff."), Reads(AUDIO)
    ] = None,
    recorded: Annotated[
        Path | None, typer.Option("-o", "--out", help="Also write what came back, as WAV."), Writes(AUDIO_ENDINGS)
    ] = None,
    json: Json = False,
) -> None:
    """Measure a module's own converters and circuits with one patch cable from its output to its left input.

    Example: gritspace loop module --port /dev/ttyACM0
    """
    import numpy as np

    from gritspace.host_tools.audio_sources import riff
    from gritspace.host_tools.link.client import Module
    from gritspace.host_tools.module import loop_analysis
    from gritspace.host_tools.module.loop import play_and_hear
    from gritspace.host_tools.ports import the_port
    from gritspace.train.audio.audio_file import read_audio, write_audio

    sent = loop_analysis.signal(riff(4.0) if audio is None else read_audio(audio))
    samples = np.clip(np.round(sent * 32768.0), -32768, 32767).astype(np.int16)
    with Module(the_port(port)) as module, console.progress("playing and listening") as update:
        heard = play_and_hear(module, samples, lambda done, of: update(done, of, "")) / np.float32(32768.0)
    if recorded is not None:
        write_audio(recorded, heard)
    _show(loop_analysis.analyse(sent, heard), json)


def _show(report: LoopReport, as_json: bool) -> None:
    if as_json:
        console.print_json(report.as_values())
        return
    console.print_table(
        ("", ">"),
        [
            ("latency", f"{report.latency_ms:.3f} ms ({report.latency_frames:.2f} frames)"),
            ("gain", f"{report.gain_db:+.2f} dB{', inverted' if report.inverted else ''}"),
            ("noise floor", f"{report.noise_floor_dbfs:.1f} dBFS"),
            ("THD+N, 1 kHz", f"{100 * report.thd_n:.4f} % ({report.thd_n_db:.1f} dB)"),
            ("ESR after alignment", console.esr_text(report.esr)),
        ],
    )
