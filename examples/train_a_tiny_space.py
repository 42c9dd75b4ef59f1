"""Devices and dry audio become a space, and the space an integer model that a module runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from gritspace.host_tools.audio_sources import calibration_audio
from gritspace.host_tools.models.model_files import model_from_space
from gritspace.quantize.model.grit import write_grit
from gritspace.train.audio.signals import synthetic
from gritspace.train.devices.finding import find_devices
from gritspace.train.space.config import TrainConfig
from gritspace.train.space.space import load_space
from gritspace.train.space.train import train_space

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("out", type=Path, help="the integer model to write; the space lies beside it as .pt")
parser.add_argument("--seconds", type=float, default=60.0, help="for the whole training")
arguments = parser.parse_args()

circuits = [device for device in find_devices() if device.name in ("rat", "diode_clipper")]
config = TrainConfig(seconds=arguments.seconds, seconds_per_setting=1.0, validation_seconds=0.5, threads=1)
space_file = arguments.out.with_suffix(".pt")
report = train_space(circuits, synthetic(30.0, seed=1), config, space_file)
print(f"{report.steps} steps; ESR on audio it never heard:")
for name, error in report.held_out.devices.items():
    print(f"  {name}: {error:.3f}")

model = model_from_space(load_space(space_file), space_file, calibration_audio(()))
write_grit(model, arguments.out)
print(f"{arguments.out}: {arguments.out.stat().st_size} bytes, {model.macs_per_frame} multiplications a frame")
