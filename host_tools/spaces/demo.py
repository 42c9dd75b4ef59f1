"""All of Gritspace once, small, on built-in circuits: from their equations to a module's measured output."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from gritspace.host_tools.audio_sources import calibration_audio, riff
from gritspace.host_tools.console import Stages
from gritspace.host_tools.hil import measure, plan, session
from gritspace.host_tools.models.model_files import model_from_space
from gritspace.host_tools.module import simulated
from gritspace.host_tools.sound.level_trim import trimmed
from gritspace.host_tools.spaces.training import TrainRequest, dry_audio, train_with_progress, with_idle_threads
from gritspace.quantize.export.c_array import write_c_array
from gritspace.quantize.model.grit import write_grit
from gritspace.train.audio.audio_file import write_audio
from gritspace.train.devices.finding import find_devices
from gritspace.train.space.config import Presets, TrainConfig
from gritspace.train.space.data.pairs import grid
from gritspace.train.space.space import load_space

CIRCUITS = ("diode_clipper", "tube_screamer", "rat", "big_muff", "buchla_folder")
"""Of the built-in ones, what three minutes are enough for."""


def run_demo(
    out: Path, train_seconds: float, audio_seconds: float, device_seconds: float, seed: int, stages: Stages
) -> dict[str, Any]:
    """Makes space.pt, space.grit, model.c, riff.wav, report.html, report.json, WAV files in `out`; returns the report.

    Raises RigError, LinkError or InputError when a tool is missing, the module fails, or nothing can be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    space_file, model_file = out / "space.pt", out / "space.grit"
    config = with_idle_threads(sized(replace(Presets().demo, seed=seed), train_seconds))
    circuits = [device for device in find_devices() if device.name in CIRCUITS]
    settings = sum(len(grid(circuit)) for circuit in circuits)
    with stages.stage("train", f"train a space on {len(circuits)} circuits at {settings} settings") as update:
        dry, validation = dry_audio((), settings, config)
        request = TrainRequest(space_file, resume=False, log_dir=out / "logs")
        training = train_with_progress(circuits, dry, validation, config, request, update)
    with stages.stage("quantize", "quantize it: int8 weights, int16 activations") as update:
        space = load_space(space_file)
        model, _ = trimmed(model_from_space(space, space_file, calibration_audio(()), "demo"))
        write_grit(model, model_file)
        update(1, 1, f"{model_file.stat().st_size:,} bytes, {model.macs_per_frame:,} multiplications a frame")
    with stages.stage("export", "export it as a C array") as update:
        write_c_array(model, out / "model.c", made_from=f"the space of `gritspace demo`, seed {seed}")
        update(1, 1, str(out / "model.c"))
    with stages.stage("build", "build the firmware with PlatformIO") as update:
        image = simulated.build_firmware(model, "sim", update)
    with stages.stage("devices", "render the circuits to compare with") as update:
        audio = riff(audio_seconds, seed=seed)
        write_audio(out / "riff.wav", audio)
        takes = plan.plan(model, audio, space=space, devices=circuits, device_seconds=device_seconds, update=update)
    with stages.stage("hil", "boot it in QEMU and play through it") as update, simulated.booted(image) as port:
        measured = measure.measure(port, model, takes, plan.player(space), update)
    extra = {
        "training": {
            "steps": training.steps,
            "held_out_esr": dict(training.held_out.devices),
            "frames_per_second": round(training.frames_per_second),
        },
        "seed": seed,
    }
    return session.write_down(measured, out / "report.html", stages, "Gritspace: the demo", extra)


def sized(config: TrainConfig, seconds: float) -> TrainConfig:
    """The demo's training in another time: in less, with less audio to render first."""
    share = min(1.0, seconds / config.seconds)
    return replace(
        config,
        seconds=seconds,
        seconds_per_setting=max(0.5, config.seconds_per_setting * share),
        validation_seconds=max(0.5, config.validation_seconds * share),
    )
