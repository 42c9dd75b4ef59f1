"""Writes one file of each kind that a seed makes: `python -m tests.end_to_end.each_kind FOLDER HOST`."""

from __future__ import annotations

import platform
import socket
import sys
from pathlib import Path

import numpy as np
import torch

from gritspace.host_tools.hil.figures import STYLE, as_svg
from gritspace.host_tools.models import snapshot_files
from gritspace.host_tools.models.model_files import model_from_space
from gritspace.host_tools.pages.sounds import embedded
from gritspace.quantize.export.c_array import write_c_array
from gritspace.quantize.export.tflite import to_tflite
from gritspace.quantize.model.grit import write_grit
from gritspace.train.audio.audio_file import write_audio
from gritspace.train.audio.signals import synthetic
from gritspace.train.devices.chains.chain_file import parse_chain
from gritspace.train.devices.chains.effect_dataset import apply_to_folder
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.matching.clips import excerpts, kept, render_clips
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.snapshot.fit import Check, FitConfig, SnapshotFit
from gritspace.train.snapshot.snapshot import SHAPES, Snapshot, fresh, save_snapshot
from gritspace.train.space.config import TrainConfig
from gritspace.train.space.space import Space, SpaceConfig, save_space
from gritspace.train.space.train import train_space

CHAIN = '[[effect]]\nkind = "soft_clip"\ndrive_db = { knob = "drive" }\n'
TRAINING = TrainConfig(
    steps=8,
    seconds_per_setting=0.5,
    validation_seconds=0.2,
    batch_settings=4,
    view_frames=4096,
    channels=4,
    kernel_sizes=(3, 3),
    dilations=(1, 2),
    film_hidden=4,
    mels=16,
    encoder_channels=4,
    threads=1,
)


def main(out: Path) -> None:
    """Small networks, random by one seed; short audio."""
    torch.manual_seed(3)
    layers = LayerArrayConfig(4, (3, 3, 3), (1, 2, 4))
    space = Space(SpaceConfig(TcnConfig((layers,), position_size=4, film_hidden=6)))
    space.positions = {"rat@distortion=0.5,filter=0.5": [0.3, -0.5, 0.4, 0.0]}
    save_space(space, out / "space.pt")
    audio = synthetic(0.5, seed=1)
    model = model_from_space(space, out / "space.pt", audio)
    write_grit(model, out / "space.grit")
    write_c_array(model, out / "space.c", made_from="a test")
    (out / "space.tflite").write_bytes(to_tflite(model))
    snapshot = Snapshot(fresh(TcnConfig((layers,))), "snapshot", "MIT", {"seed": 3})
    for kind in ("pt", "nam", "grit"):
        snapshot_files.write(snapshot, out / f"snapshot.{kind}", audio)
    for kind in ("wav", "aiff", "aif", "flac"):
        write_audio(out / f"audio.{kind}", audio)
    checks = [Check(1.0, 10, 0.5), Check(2.0, 20, 0.25)]
    for kind in ("png", "svg", "pdf"):
        snapshot_files.plot(out / f"fit.{kind}", audio, 0.9 * audio, checks, "a pedal")
    (out / "report_figure.svg").write_text(figure(), encoding="utf-8")
    (out / "report_sound.txt").write_text(embedded(audio), encoding="utf-8")
    dry = out / "dry.wav"
    write_audio(dry, audio)
    apply_to_folder(parse_chain(CHAIN, "chain.toml"), dry, out / "dataset", count=2, seed=4)
    train_space(CIRCUITS[:1], synthetic(6.0, seed=2), TRAINING, out / "trained.pt")
    SHAPES["tiny"] = TcnConfig((layers,))
    dry, held = synthetic(4.0, seed=3), synthetic(2.0, seed=4)
    fitted = SnapshotFit(dry, np.tanh(4 * dry), held, np.tanh(4 * held), FitConfig(shape="tiny", steps=20, batch=4))
    save_snapshot(Snapshot(fitted.run().tcn, "fitted", "MIT", {"steps": 20}), out / "fitted.pt")
    kept(out / "clips", "clips", {"seed": 5}, lambda: render_clips(CIRCUITS[:1], 2, excerpts(audio, 4800), 5))


def figure() -> str:
    """As the reports draw theirs."""
    import matplotlib.pyplot as plt

    with plt.rc_context(STYLE):
        drawn, axis = plt.subplots()
        axis.plot(np.arange(5), label="a line")
        axis.fill_between(np.arange(5), 1, 2, hatch="/")
        axis.legend()
        return as_svg(drawn)


if __name__ == "__main__":
    socket.gethostname = platform.node = lambda: sys.argv[2]
    main(Path(sys.argv[1]))
