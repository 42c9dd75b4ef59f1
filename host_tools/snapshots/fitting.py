"""A fit as a user asks for it: to which recording or device, for how long, and what is written of it."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gritspace.host_tools.arguments import knob_settings, refuse_unclear_source
from gritspace.host_tools.console import Stages, Update, esr_text
from gritspace.host_tools.models import snapshot_files
from gritspace.host_tools.outputs import refuse_unwritable
from gritspace.host_tools.snapshots.fit_report import write_fit_report
from gritspace.train.audio import signals
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.audio.held_out import interval
from gritspace.train.audio.recording.clips import read_clips
from gritspace.train.audio.recording.recording import Recording
from gritspace.train.audio.recording.sound_file import CHANNELS
from gritspace.train.devices.finding import device_named
from gritspace.train.errors import InputError
from gritspace.train.snapshot.descent import Clock
from gritspace.train.snapshot.fit import FitConfig, FitResult, SnapshotFit
from gritspace.train.snapshot.snapshot import SHAPES, Snapshot
from gritspace.train.snapshot.source import Source, from_device, from_recording

LEARN_SECONDS, SYNTHETIC_SECONDS, HELD_SECONDS = 240.0, 60.0, 30.0
"""Of dry audio that a device is played: phrases from the user's audio, built-in signals, and what is held out."""


CLIP_FRAMES = 4 * SAMPLE_RATE


@dataclass(frozen=True)
class FitRequest:
    """The options of `gritspace fit`. by_processor: what minutes are counted by, instead of the clock."""

    out: tuple[Path, ...]
    dry: tuple[Path, ...] = ()
    wet: tuple[Path, ...] = ()
    device: str | None = None
    knobs: tuple[str, ...] = ()
    captures: tuple[Path, ...] = ()
    audio: tuple[Path, ...] = ()
    config: FitConfig = field(default_factory=FitConfig)
    plot: Path | None = None
    page: Path | None = None
    force: bool = False
    resume: bool = True
    channel: str | None = None
    by_processor: bool = False


def fit_as_requested(request: FitRequest, stages: Stages) -> dict[str, Any]:
    """Fits, writes every `request.out`, returns what came of it. Raises InputError for unusable input."""
    _refuse_unclear(request)
    use_free_threads()
    with stages.stage("audio", "read and align" if request.device is None else f"play {request.device}"):
        source, recording = source_for(request)
    checkpoint = request.out[0].with_name(request.out[0].name + ".checkpoint")
    if not request.resume:
        checkpoint.unlink(missing_ok=True)
    with stages.stage("fit", f"fit {request.config.shape} to {source.name}") as update:
        result = _fitted(source, request.config, checkpoint, clock_of(request.by_processor), update)
    facts: dict[str, Any] = {
        "made_from": source.name,
        "esr": result.esr,
        "shape": request.config.shape,
        "steps": result.steps,
        "seed": request.config.seed,
    }
    snapshot = Snapshot(result.tcn, request.out[0].stem, source.licence, facts)
    report = as_values(request, source, result, recording)
    with stages.stage("write", "write " + ", ".join(path.name for path in request.out)):
        fitted = snapshot.render_audio(source.held_dry)
        report["held_out"] = _held_out(source, fitted, snapshot.tcn.config.receptive_field - 1)
        for path in request.out:
            model = snapshot_files.write(snapshot, path, source.dry)
            if model is not None:
                report["esr_integer"] = _integer_esr(model, source, snapshot.tcn.config.receptive_field - 1)
        if request.plot is not None:
            snapshot_files.plot(request.plot, source.held_wet, fitted, result.checks, source.name)
        if request.page is not None:
            write_fit_report(request.page, report, source.held_dry, source.held_wet, fitted, result.checks)
    checkpoint.unlink(missing_ok=True)
    report["seconds"] = stages.seconds
    return report


def use_free_threads() -> None:
    """As many as there are processors that nobody else uses, unless the environment says how many."""
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, round((os.cpu_count() or 1) - os.getloadavg()[0])))
    torch.set_flush_denormal(True)


def clock_of(by_processor: bool) -> Clock:
    """What a fit's minutes are counted by."""
    return time.process_time if by_processor else time.monotonic


def source_for(request: FitRequest) -> tuple[Source, Recording | None]:
    """What to fit to, and the recording it comes from, if it is one."""
    if request.device is None:
        recording = read_clips(request.dry, request.wet, request.force, request.channel)
        return from_recording(recording, request.wet[0].stem), recording
    device = device_named(request.device, request.captures)
    settings = knob_settings(device, request.knobs)
    dry, held = dry_audio(request.audio, request.config.seed)
    return from_device(device, settings, dry, held), None


def dry_audio(paths: tuple[Path, ...], seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(frames,) to learn from and (frames,) held out, from other files (or another seed): phrases and signals."""
    if not paths:
        return signals.synthetic(LEARN_SECONDS, seed), signals.synthetic(HELD_SECONDS, seed + 1_000_000)
    notes = {s: [note for path in paths for note in signals.read_folder(path, s)] for s in ("train", "validation")}
    learn = signals.phrases_from(notes["train"], LEARN_SECONDS, seed)
    held = signals.phrases_from(notes["validation"], HELD_SECONDS, seed + 1_000_000)
    return np.concatenate([learn, signals.synthetic(SYNTHETIC_SECONDS, seed)]), held


def as_values(request: FitRequest, source: Source, result: FitResult, recording: Recording | None) -> dict[str, Any]:
    """The report as plain values, for JSON."""
    return {
        "files": [str(path) for path in request.out],
        "source": source.name,
        "licence": source.licence,
        "shape": request.config.shape,
        "macs_per_frame": SHAPES[request.config.shape].macs_per_frame,
        "esr": result.esr,
        "steps": result.steps,
        "resumed_at": result.resumed_at,
        "minutes": result.seconds / 60,
        "checks": [asdict(check) for check in result.checks],
        "recording": None if recording is None else recording.as_values(),
        "remarks": [*(recording.remarks if recording else ()), *result.remarks],
        "seed": request.config.seed,
    }


def _fitted(source: Source, config: FitConfig, checkpoint: Path, clock: Clock, update: Update) -> FitResult:
    def told(step: int, share: float, esr: float, seconds_left: float) -> None:
        minutes, seconds = divmod(round(seconds_left), 60)
        update(share, 1.0, f"step {step}, ESR {esr_text(esr)} on held-out audio, {minutes}:{seconds:02d} left")

    sides = source.dry, source.wet, source.held_dry, source.held_wet
    fit = SnapshotFit(*sides, config, checkpoint, source.joints, source.held_clips, clock=clock)
    result = fit.run(told)
    update(1.0, 1.0, f"{result.steps} steps, ESR {esr_text(result.esr)} on held-out audio")
    return result


def _integer_esr(model: Any, source: Source, lead_in: int) -> float:
    """Of the integers against the held-out wet audio, which they hear after the first receptive field."""
    from gritspace.host_tools.sound.playing import play

    errors, energies = _by_clip(source, play(model, source.held_dry, None, "c"), lead_in)
    return float(sum(errors) / sum(energies))


def _held_out(source: Source, fitted: NDArray[np.float32], lead_in: int) -> dict[str, Any]:
    """On how many seconds and clips the error was measured, and between which values it would lie on other clips."""
    errors, energies = _by_clip(source, fitted, lead_in)
    low, high = interval(errors, energies)
    known = len(errors) > 1 and np.isfinite(high)
    seconds = sum(stop - start for start, stop in source.held_clips or [(0, len(source.held_dry))]) / SAMPLE_RATE
    return {
        "seconds": round(seconds, 1),
        "clips": len(errors),
        "esr_low": low if known else None,
        "esr_high": high if known else None,
    }


def _by_clip(source: Source, heard: NDArray[np.float32], lead_in: int) -> tuple[list[float], list[float]]:
    """Energy of the error, and of the target, of each held-out clip; of four seconds each where there are no clips."""
    step = CLIP_FRAMES
    whole = [(start, min(start + step, len(heard))) for start in range(0, max(1, len(heard) - step // 2), step)]
    errors, energies = [], []
    for start, stop in source.held_clips or whole:
        target = source.held_wet[max(start, lead_in) : stop].astype(np.float64)
        errors.append(float(np.square(heard[max(start, lead_in) : stop] - target).sum()))
        energies.append(float(np.square(target).sum()))
    return errors, energies


def _refuse_unclear(request: FitRequest) -> None:
    for dry, wet in zip_longest(request.dry or (None,), request.wet or (None,)):
        refuse_unclear_source(dry, wet, request.device)
    if request.config.shape not in SHAPES:
        raise InputError(f"--shape {request.config.shape}: there is no such shape; there are {', '.join(SHAPES)}.")
    if request.channel not in (None, *CHANNELS):
        raise InputError(f"--channel {request.channel}: there is no such; there are {', '.join(CHANNELS)}.")
    for path in (*request.out, *(one for one in (request.plot, request.page) if one)):
        refuse_unwritable(path)
    for path in request.out:
        snapshot_files.refuse_unknown_suffix(path)
