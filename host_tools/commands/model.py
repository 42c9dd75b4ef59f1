"""The commands that need no module: a space becomes an integer model, which is exported, or run on this machine."""

from __future__ import annotations

import statistics
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gritspace.host_tools import console
from gritspace.host_tools.commands.options import Bend, BendKind, Gate, Json
from gritspace.host_tools.inputs import AUDIO, CAPTURE, GRIT, RECORDING, SNAPSHOT, SPACE, Numbers, Reads
from gritspace.host_tools.outputs import AUDIO_ENDINGS, Writes, refuse_ending

Position = Annotated[
    str | None,
    typer.Option(
        help="drive,tone,symmetry,dynamics from -1 to 1, or a number for every dimension; the rest is the model's own. "
        "A device's own knobs by name, from 0 to 1: gain=0.7,tone=0.2."
    ),
    Numbers("--position", -1, 1, "0,0,0,0", named=True),
]
Known = Annotated[
    str | None, typer.Option("--device", help="A device that the space knows: its place, or with --position the rest.")
]


class ExportKind(StrEnum):
    """What an integer model can be exported as."""

    c = "c"
    tflite = "tflite"
    nam = "nam"


class Activations(StrEnum):
    """How many bits pass between the layers."""

    int16 = "int16"
    int8 = "int8"


class Trim(StrEnum):
    """Where a model's level trim comes from."""

    measured = "measured"
    stated = "stated"
    none = "none"


class EngineKind(StrEnum):
    """Which implementation of the one arithmetic runs a model."""

    c = "c"
    numpy = "numpy"
    tflite = "tflite"
    m7 = "m7"


def quantize(
    source: Annotated[
        Path,
        typer.Argument(help="A space or a snapshot (.pt), a capture (.nam, .json, .aidax), or a folder of captures."),
        Reads(SPACE, SNAPSHOT, CAPTURE, folder=True),
    ],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="Where to write the .grit file; of a folder, a folder."),
        Writes(or_folder=True),
    ],
    audio: Annotated[
        list[Path] | None,
        typer.Option(help="Audio (a file or a folder) like what it will hear; else built-in signals."),
        Reads(AUDIO, folder=True),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The model's name on the module; else the file's.")] = None,
    submodel: Annotated[
        str | None, typer.Option(help="Of a slimmable .nam: which one; else the largest that runs in real time.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Take what is too slow for a module.")] = False,
    finetune: Annotated[
        bool, typer.Option("--finetune", help="Then let the rounded weights learn; for what loses by rounding alone.")
    ] = False,
    trim: Annotated[
        Trim,
        typer.Option(help="measured: as loud as other models; stated: by the loudness in the .nam; none: level 1."),
    ] = Trim.measured,
    exact: Annotated[
        bool, typer.Option("--exact", help="Refuse what is too slow, or no network of ours, instead of making it fit.")
    ] = False,
    minutes: Annotated[
        float, typer.Option(min=0.05, help="How long to train what has to be made to fit; for nothing else.")
    ] = 5.0,
    by_processor: Annotated[
        bool,
        typer.Option(
            "--by-processor", help="Count --minutes by the processor: on a busy machine as good as on a free."
        ),
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Of a folder: how many captures at once.")] = 1,
    cluster: Annotated[
        str | None, typer.Option(help="Of a folder: a Dask scheduler's address, whose workers do it instead.")
    ] = None,
    ir: Annotated[
        Path | None,
        typer.Option(help="An impulse response (a cabinet) behind it: 1,024 frames of it at 48 kHz."),
        Reads(RECORDING),
    ] = None,
    json: Json = False,
) -> None:
    """Turn a space or a capture into an integer model: int8 weights, int16 activations.

    A capture that a module cannot play as it is, is made to fit: a smaller network of the same sound, in minutes.
    A folder's captures are all done, what was done before is not done again, and what fails stops nothing.

    Example: gritspace quantize space.pt -o space.grit
    """
    if not source.is_dir():
        refuse_ending(out, (".grit",))
    from gritspace.host_tools.spaces.quantizing import QuantizeRequest, quantized
    from gritspace.host_tools.spaces.quantizing_folder import quantize_folder
    from gritspace.train.output_file import write_whole

    request = QuantizeRequest(
        tuple(audio or ()), name, submodel, force, finetune, trim.value, exact, minutes, ir, by_processor
    )
    if source.is_dir():
        with console.progress("quantizing") as update:
            rows = quantize_folder(source, out, request, jobs, cluster, update)
        if json:
            console.print_json([row.fields() for row in rows])
        else:
            console.print_table(
                ("capture", "ESR>", "cycles>", "admitted", "made to fit", "remarks"), [r.words() for r in rows]
            )
            good = sum(row.file is not None for row in rows)
            fits = [row.facts["made_to_fit"]["esr"] for row in rows if row.facts.get("made_to_fit")]
            if fits:
                console.say(f"made to fit: {len(fits)}, ESR median {console.esr_text(statistics.median(fits))}")
            console.say(f"{out}: {good} of {len(rows)} captures; the table is in {out / 'table.json'}")
        return
    with console.progress("quantizing") as update:
        made = quantized(source, name or out.stem, request, update)
    write_whole(out, made.blob)
    facts = {"file": str(out), "bytes": len(made.blob), **made.facts}
    if json:
        console.print_json(facts)
        return
    console.say(
        f"{out}: {facts['bytes']:,} bytes, {facts['macs_per_frame']:,} multiplications a frame, "
        f"{facts['position_size']} dimensions, level {facts['trim_db']:+.1f} dB, sha256 {facts['sha256']}"
    )
    for remark in made.remarks:
        console.say(f"{source}: {remark}")
    console.say(f"{out}: {made.verdict}.")


def export(
    model: Annotated[
        Path,
        typer.Argument(help="A .grit file; for --to nam also a space or a snapshot (.pt)."),
        Reads(GRIT, SPACE, SNAPSHOT),
    ],
    to: Annotated[
        ExportKind,
        typer.Option(help="c: an array for the firmware. tflite: TensorFlow Lite. nam: Neural Amp Modeler."),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write."), Writes()],
    position: Position = None,
    activations: Annotated[
        Activations,
        typer.Option(help="For --to tflite: int16, as the module has them, or int8, to hear what those would cost."),
    ] = Activations.int16,
) -> None:
    """Write a model as a C array, or, at one position, for TensorFlow Lite or Neural Amp Modeler.

    Example: gritspace export space.grit --to c -o model.c
    """
    from gritspace.host_tools.arguments import network_position_q15
    from gritspace.host_tools.errors import RigError
    from gritspace.quantize.model.grit import read_grit

    if activations is Activations.int8 and to is not ExportKind.tflite:
        raise RigError("--activations int8 is for --to tflite only: everything else has the module's int16.")
    refuse_ending(out, {"c": (".c", ".h"), "tflite": (".tflite",), "nam": (".nam",)}[to.value])
    if to is ExportKind.nam:
        from gritspace.host_tools.models.nam_files import nam_text
        from gritspace.train.output_file import write_whole

        with console.progress("exporting"):
            text = nam_text(model, position)
        write_whole(out, text.encode())
        console.say(f"{out}: {out.stat().st_size:,} bytes")
        return
    if model.suffix.lower() != ".grit":
        raise RigError(f"--to {to.value}: an integer model is needed: gritspace quantize {model} -o {model.stem}.grit")
    integers = read_grit(model)
    if to is ExportKind.c:
        from gritspace.host_tools.models.model_files import model_sha256
        from gritspace.host_tools.module.presets_file import first_presets
        from gritspace.quantize.export.c_array import write_c_array

        if position is not None:
            raise RigError("--position has no meaning with --to c: a C array keeps every position; leave it out.")
        write_c_array(integers, out, model.name, first_presets(model_sha256(integers)))
    else:
        from gritspace.quantize.export.tflite import write_tflite
        from gritspace.quantize.export.tflite_graph import INT8, INT16

        kind = INT8 if activations is Activations.int8 else INT16
        write_tflite(integers, out, network_position_q15(position, integers), kind)
    console.say(f"{out}: {integers.name}, {out.stat().st_size:,} bytes")


def run(
    model: Annotated[
        Path,
        typer.Argument(help="A .grit file; a space, snapshot or capture is quantized on the way."),
        Reads(GRIT, SPACE, SNAPSHOT, CAPTURE),
    ],
    dry: Annotated[Path, typer.Argument(help="Audio file to play through it: mono, any rate."), Reads(AUDIO)],
    wet: Annotated[
        Path, typer.Argument(help="Where to write the result: .wav or .flac, 48 kHz."), Writes(AUDIO_ENDINGS)
    ],
    position: Position = None,
    device: Known = None,
    bend: Bend = BendKind.none,
    gate: Gate = None,
    engine: Annotated[EngineKind, typer.Option(help="Who computes; all give the same bits.")] = EngineKind.c,
) -> None:
    """Play an audio file through an integer model on this machine, just as a module would.

    Example: gritspace run space.grit guitar.wav out.wav --position 0.5,0,0,0
    """
    from gritspace.host_tools.models.places import place_under, refuse_unknown

    if device is not None:
        refuse_unknown(device, model)
    from gritspace.host_tools.models.ready_model import ready_model
    from gritspace.train.audio.audio_file import read_audio, write_audio

    sound = read_audio(dry)
    with console.progress("quantizing"):
        integers = ready_model(model, console.tell)
    at = place_under(bend.value, position, device, integers, model)
    from gritspace.host_tools.sound.playing import play  # loads SciPy

    with console.progress(f"running {integers.name}"):
        audio = play(integers, sound, at, engine.value, bend.value, -(gate or 0))
    write_audio(wet, audio)
    console.say(f"{wet}: {len(audio) / 48000:.2f} s through {integers.name} ({engine.value})")


def cycles(
    model: Annotated[Path, typer.Argument(help="A .grit file."), Reads(GRIT)],
    block: Annotated[int, typer.Option(min=1, max=256, help="Frames per block.")] = 48,
    clock: Annotated[float, typer.Option(min=1e6, help="The processor's clock in Hz.")] = 480e6,
    bend: Bend = BendKind.none,
    gate: Gate = None,
    json: Json = False,
) -> None:
    """Estimate what a model costs on a Cortex-M7: cycles and instructions a frame, memory, per layer and per kernel.

    Example: gritspace cycles space.grit
    """
    from gritspace.host_tools.sound.bends import KINDS
    from gritspace.quantize.cycles.estimate import estimate_cycles, far_beyond
    from gritspace.quantize.model.grit import read_grit

    beyond = far_beyond(read_grit(model))
    if beyond is not None:
        if json:
            console.print_json(asdict(beyond))
            return
        console.say(
            f"A module does not play it: its {beyond.mac_per_frame:,} multiplications a frame alone take "
            f"{beyond.cycles_at_least:,} cycles, and there are {beyond.limit:,}."
        )
        return
    with console.progress("counting"):
        around = KINDS.index(bend.value), -(gate or 0)
        report = estimate_cycles(read_grit(model), block, clock, True, *around)
    if json:
        console.print_json(asdict(report))
        return
    budget = clock / 48000
    facts = [
        ("cycles a frame, mean", f"{report.cycles_per_frame:,.0f} of {budget:,.0f} ({report.load:.0%})"),
        ("cycles a frame, dearest block", f"{report.worst_cycles_per_frame:,.0f}"),
        ("instructions a frame", f"{report.instructions_per_frame:,.0f}"),
        ("multiplications a frame", f"{report.mac_per_frame:,}"),
        ("multiplications a cycle", f"{report.mac_per_cycle:.2f}"),
        ("state, RAM", f"{report.state_bytes:,} bytes"),
        ("model, flash", f"{report.model_bytes:,} bytes, {report.weight_bytes:,} of them weights"),
        ("code", f"{report.code_bytes:,} bytes"),
        ("stack", f"{report.stack_bytes:,} bytes"),
    ]
    facts += [(f"state in {memory} memory", f"{size:,} bytes") for memory, size in report.regions.items()]
    if report.moving_cycles_per_frame is not None:
        facts.insert(2, ("more while the position moves", f"{report.moving_cycles_per_frame:,.0f}"))
    console.print_table((report.name, f"block of {report.block}>"), facts)
    console.say("")
    prices = [("engine, moving", report.engine), *((f"whole interrupt, {n}", p) for n, p in report.builds.items())]
    rows = [(n, *(f"{p[k]:,.0f}" if p else "no room" for k in ("optimistic", "pessimistic"))) for n, p in prices]
    console.print_table(("cycles a frame", "optimistic>", "pessimistic>"), rows)
    console.say(f"A module {'plays' if report.admitted else 'does not play'} it: at most {report.limit:,} cycles.")
    for title, costs in (("per layer", report.per_layer), ("per kernel", report.per_kernel)):
        console.say("")
        console.print_table((title, "cycles a frame>"), [(name, f"{value:,.1f}") for name, value in costs.items()])
    console.say("")
    console.say(report.note)
