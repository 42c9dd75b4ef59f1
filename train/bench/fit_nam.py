"""Neural Amp Modeler's own trainer on the same audio for the same time: a row of bench_fit's table.

It runs in a Python of its own (`pip install neural-amp-modeler` in any virtual environment), with the model and
learning settings that its trainer uses when nothing is asked of it, but looks at the held-out audio every 25 steps:
A2-Lite and A2-Full are trained at once, and A2-Full's ESR counts.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.errors import InputError
from gritspace.train.snapshot.fit import FitConfig
from gritspace.train.snapshot.source import Source

_SCRIPT = """
import json, sys, time
from pathlib import Path
import pytorch_lightning as pl
import torch
from nam.train import core, full

folder, seconds, threads = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
checks, started, steps = [], time.monotonic(), 0


class Watch(pl.Callback):
    def on_train_start(self, trainer, module):
        global started
        started = time.monotonic()

    def on_train_batch_end(self, trainer, *rest):
        if time.monotonic() - started > seconds:
            trainer.should_stop = True

    def on_validation_end(self, trainer, module):
        if trainer.sanity_checking:
            return
        esr = float(trainer.callback_metrics["ESR_packed_1"])
        checks.append({"seconds": time.monotonic() - started, "step": trainer.global_step, "esr": esr})


make = full._create_callbacks
full._create_callbacks = lambda *a, **k: [*make(*a, **k), Watch()]
wav = lambda name: str(folder / name)
part = lambda name, ny: {"x_path": wav(f"{name}-dry.wav"), "y_path": wav(f"{name}-wet.wav"), "ny": ny}
data = {"train": part("learn", 8192), "validation": part("held", None), "common": {"delay": 0}}
learning = {
    "train_dataloader": {"batch_size": 16, "shuffle": True, "drop_last": True, "num_workers": 0},
    "val_dataloader": {},
    "trainer": {
        "max_epochs": 100000,
        "val_check_interval": 25,
        "accelerator": "cpu",
        "devices": 1,
        "enable_progress_bar": False,
    },
}
full.main(data, core._get_packed_model_config(), learning, folder, no_show=True, make_plots=False)
(folder / "checks.json").write_text(json.dumps(checks))
"""


def nam_row(python: Path, source: Source, name: str, config: FitConfig, threads: int) -> dict[str, Any]:
    """As bench_fit.measure gives it. Raises InputError if the trainer does not run, with the last line it said."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        parts = {"learn": (source.dry, source.wet), "held": (source.held_dry, source.held_wet)}
        # Its files are 24 bits, so that they must not clip: both of a device's are made quieter alike.
        loudest = max(float(np.abs(audio).max()) for pair in parts.values() for audio in pair)
        for part, (dry, wet) in parts.items():
            for kind, audio in (("dry", dry), ("wet", wet)):
                scale = 1.0 if kind == "dry" else min(1.0, 0.99 / loudest)
                soundfile.write(folder / f"{part}-{kind}.wav", audio * scale, SAMPLE_RATE, subtype="PCM_24")
        command = [str(python), "-c", _SCRIPT, str(folder), str(60 * config.minutes), str(threads)]
        result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        if not (folder / "checks.json").is_file():
            last = (result.stderr.strip().splitlines() or ["nothing"])[-1]
            raise InputError(f"{python}: neural-amp-modeler's trainer did not run; it said: {last}")
        checks = json.loads((folder / "checks.json").read_text())
    if not checks:
        raise InputError(f"{python}: neural-amp-modeler's trainer finished no epoch; give it more minutes.")
    marks = {}
    for mark in (1, 2, 5, 10):
        until = [check["esr"] for check in checks if check["seconds"] <= 60 * mark]
        if mark <= config.minutes:
            marks[str(mark)] = min(until) if until else None
    return {
        "capture": name,
        "config": asdict(config),
        "threads": threads,
        "esr": min(check["esr"] for check in checks),
        "steps": checks[-1]["step"],
        "seconds": checks[-1]["seconds"],
        "esr_at_minutes": marks,
        "checks": checks,
        "remarks": [],
    }
