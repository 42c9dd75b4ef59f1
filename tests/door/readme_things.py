"""What README takes to be there: your guitar, a recording of a pedal, captures, a rig. All of it is made here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import soundfile

from gritspace.host_tools.audio_sources import riff
from tests.places import ROOT


def pedal(dry: np.ndarray) -> np.ndarray:
    """Nobody's pedal."""
    return (np.tanh(4 * dry) / 2).astype(np.float32)


def lay_out(folder: Path) -> None:
    """Into an empty folder."""
    for name, seconds in (("guitar.wav", 3.0), ("played.wav", 20.0)):
        soundfile.write(folder / name, riff(seconds), 48000)
    soundfile.write(folder / "pedal.wav", pedal(riff(20.0)), 48000)
    soundfile.write(folder / "wet.wav", big_muff(riff(6.0)), 48000)
    (folder / "audio").mkdir()
    for i in range(4):
        soundfile.write(folder / "audio" / f"riff{i}.wav", riff(6.0, seed=i), 48000)
    (folder / "captures").mkdir()
    captures(folder)
    shutil.copy(ROOT / "spaces" / "circuits.grit", folder / "model.grit")
    (folder / "rig.toml").write_text('[[module]]\nname = "one"\nport = "sim"\nmodel = "space.grit"\n', encoding="utf-8")
    (folder / "moves.csv").write_text("time,control,value\n0,drive,-1\n1,drive,1\n2,mix,0.5\n", encoding="utf-8")


def big_muff(dry: np.ndarray) -> np.ndarray:
    """What `gritspace match` is to find."""
    from gritspace.train.devices.finding import device_named

    device = device_named("big_muff", [])
    settings = np.full((1, len(device.knobs)), 0.7, np.float32)
    return device.render(dry[None], settings)[0]


def captures(folder: Path) -> None:
    """amp.nam and captures/amp.json: a snapshot and a small recurrent network of nobody's amplifier."""
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
