"""README's commands as they stand, one after the other, in a folder of its own: `make test-readme`.

Nothing of a line is changed; what only makes it shorter is added at its end (SHORTER). What README leaves open (your
guitar, your captures, a pedal) lies in the folder; PORT is a simulated module's. Prints each line and its time; exit 1
with the first that fails.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from gritspace.host_tools.audio_sources import riff
from tests.places import ROOT

GRITSPACE = [sys.executable, "-m", "gritspace"]
LINE = re.compile(r"^ {4}(gritspace [^#\n]*)", re.MULTILINE)
BEGIN, END = "## Put your own sounds in", "## Words"

SHORTER = {
    "gritspace train": "--minutes 0.1 --cache-gigabytes 0",
    "gritspace fit --dry": "--minutes 0.05",
    "gritspace fit --device": "--minutes 0.05",
    "gritspace evaluate": "--device-seconds 0.3 --enroll-seconds 0",
    "gritspace hil": "--device-seconds 0.3",
}
LEFT_OUT = {
    "gritspace simulate": "runs until Ctrl-C: it runs behind all lines that have a port",
    "gritspace calibrate": "asks a person to patch voltages",
    "gritspace hil --rig": "needs a rig of modules",
    "gritspace upload": "a simulated module is no USB device: tested with its port in tests/firmware/sim",
    "gritspace presets put": "the same",
    "gritspace presets get": "the same",
}


def lines() -> list[str]:
    """Every command between the two headings, with what makes it shorter."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = [line.strip() for line in LINE.findall(text[text.index(BEGIN) : text.index(END)])]
    kept = [line for line in found if not line.startswith(tuple(LEFT_OUT))]
    return [f"{line} {next((more for start, more in SHORTER.items() if line.startswith(start)), '')}" for line in kept]


def lay_out(folder: Path) -> None:
    """What README takes to be there."""
    dry = riff(3.0)
    for name in ("guitar.wav", "played.wav"):
        soundfile.write(folder / name, dry, 48000)
    for name in ("pedal.wav", "wet.wav"):
        soundfile.write(folder / name, np.tanh(4 * dry) / 2, 48000)
    (folder / "audio").mkdir()
    for i in range(4):
        soundfile.write(folder / "audio" / f"riff{i}.wav", riff(6.0, seed=i), 48000)
    (folder / "captures").mkdir()


def main() -> int:
    """Runs them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(folder)
        captures(folder)
        for line in lines():
            words = shlex.split(line.replace("PORT", "sim"))[1:]
            began = time.perf_counter()
            done = subprocess.run([*GRITSPACE, *words], cwd=folder, capture_output=True, text=True, check=False)
            print(f"{time.perf_counter() - began:7.1f} s  {done.returncode}  {line}", flush=True)
            good = (0, 1) if line.startswith("gritspace hil") else (0,)
            if done.returncode not in good:
                print(done.stdout + done.stderr)
                return 1
            if line.startswith("gritspace train"):  # so short makes no space: on with a good one
                for suffix in ("pt", "grit"):
                    shutil.copy(ROOT / "spaces" / f"circuits.{suffix}", folder / f"space.{suffix}")
    return 0


def captures(folder: Path) -> None:
    """amp.nam and captures/amp.json: a snapshot and a small recurrent network of nobody's amplifier."""
    import json

    import torch

    from gritspace.host_tools.models.snapshot_files import nam_text_of
    from gritspace.train.snapshot.snapshot import SHAPES, Snapshot, fresh

    torch.manual_seed(3)
    snapshot = Snapshot(fresh(SHAPES["a2-lite"]), "amp", "MIT", {})
    (folder / "amp.nam").write_text(nam_text_of(snapshot), encoding="utf-8")
    about = {"unit_type": "LSTM", "input_size": 1, "hidden_size": 8, "num_layers": 1, "output_size": 1, "skip": 1}
    weights = torch.nn.LSTM(1, 8)
    out = torch.nn.Linear(8, 1)
    state = {f"rec.{key}": value.tolist() for key, value in weights.state_dict().items()}
    state |= {f"lin.{key}": value.tolist() for key, value in out.state_dict().items()}
    (folder / "captures" / "amp.json").write_text(json.dumps({"model_data": about, "state_dict": state}))


if __name__ == "__main__":
    sys.exit(main())
