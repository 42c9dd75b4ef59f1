"""A `.nam` capture is quantized, priced for a Cortex-M7, and played as the module would play it, to the bit."""

from __future__ import annotations

import argparse
from pathlib import Path

from gritspace.host_tools.audio_sources import calibration_audio, riff
from gritspace.host_tools.models.nam_files import model_from_nam
from gritspace.host_tools.models.verdict import price_remark
from gritspace.host_tools.sound.playing import play
from gritspace.quantize.model.grit import write_grit
from gritspace.train.audio.audio_file import read_audio, write_audio

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("capture", type=Path, help="a .nam file")
parser.add_argument("wet", type=Path, help="the WAV file to write")
parser.add_argument("--dry", type=Path, help="what to play through it; without it a riff")
arguments = parser.parse_args()

choice = model_from_nam(arguments.capture, calibration_audio(()), name=arguments.capture.stem)
for remark in choice.remarks:
    print(remark)
print(f"submodel {choice.submodel}: {choice.model.macs_per_frame:,} multiplications; {price_remark(choice.price)}")
write_grit(choice.model, arguments.wet.with_suffix(".grit"))

dry = riff(3.0) if arguments.dry is None else read_audio(arguments.dry)
write_audio(arguments.wet, play(choice.model, dry, None, engine="c"))
print(f"{arguments.wet}: {len(dry) / 48000:.1f} s")
