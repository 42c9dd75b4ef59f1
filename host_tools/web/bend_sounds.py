"""What bends sound like, for docs/knobs.md: the page's own loops through the factory space while a bend's first knob
goes from one end to the other and back.

    python -m gritspace.host_tools.web.bend_sounds docs/sounds      # make sounds
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from gritspace.host_tools.models.places import place
from gritspace.host_tools.sound import bent
from gritspace.host_tools.web.loops import loop
from gritspace.host_tools.web.sounds import equally_loud
from gritspace.quantize.firmware_sources import SPACES
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import read_grit, to_bytes
from gritspace.train.audio.audio_file import SAMPLE_RATE

BLOCK_FRAMES = 48
SPACE = "circuits"


@dataclass(frozen=True)
class BendExample:
    """A loop at a device's place; others: the bend's other three knobs, -1 to 1."""

    bend: str
    loop: str
    device: str
    others: tuple[float, float, float] = (0.0, 0.0, 0.0)


EXAMPLES = (
    BendExample("slope", "guitar", "rat"),
    BendExample("hold", "drums", "rat", (-0.3, 0.0, 0.3)),
    BendExample("feedback", "synth", "tube_screamer", (-0.2, -0.3, 0.0)),
    BendExample("rate", "drums", "big_muff"),
)


def played(example: BendExample) -> NDArray[np.float64]:
    """(frames,), from the middle to the right end, to the left one and back."""
    path = SPACES / f"{SPACE}.grit"
    model = read_grit(path)
    dry = np.tile(loop(example.loop), 2)
    blocks = -(-len(dry) // BLOCK_FRAMES)
    turns = np.tile(np.array([0.0, *example.others]), (blocks, 1))
    turns[:, 0] = np.interp(np.linspace(0, 4, blocks), (0, 1, 3, 4), (0, 1, -1, 0))
    places = np.clip(np.round(turns * 32768), -32768, 32767).astype(np.int16)
    network = Engine(to_bytes(model), place(None, example.device, model, path))
    wet = bent.play(model, dry, places, example.bend, network) / 32768 * 2.0**model.output_shift
    return equally_loud(wet)[0]


def main() -> None:
    """Writes bend-NAME.mp3 into the folder that is named."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for example in EXAMPLES:
        path = out / f"bend-{example.bend}.mp3"
        soundfile.write(path, played(example), SAMPLE_RATE, format="MP3", subtype="MPEG_LAYER_III")


if __name__ == "__main__":
    main()
