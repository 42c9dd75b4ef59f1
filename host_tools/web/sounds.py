"""What Gritspace sounds like: the page's own loops, dry and through the shipped spaces, for README.

    python -m gritspace.host_tools.web.sounds docs/sounds      # make sounds

Each pair is played by the engine's own C code, as the module would play it, and both are brought to one loudness.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from gritspace.host_tools.models.places import place
from gritspace.host_tools.sound.loudness import lufs
from gritspace.host_tools.web.loops import loop
from gritspace.quantize.firmware_sources import SPACES
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import read_grit, to_bytes
from gritspace.train.audio.audio_file import SAMPLE_RATE

LOUDNESS_LUFS = -20.0
BLOCK_FRAMES = 48


@dataclass(frozen=True)
class Example:
    """A loop, twice through, at a device's place in a space. sweep: which dimension moves from end to end meanwhile."""

    name: str
    loop: str
    space: str
    device: str
    sweep: int | None = None


EXAMPLES = (
    Example("guitar-high-gain", "guitar", "openamp", "MesaMiniRec_HighGain_DirectOut"),
    Example("synth-muff", "synth", "circuits", "big_muff"),
    Example("drums-drive-turned", "drums", "circuits", "rat", sweep=0),
)


def played(example: Example) -> tuple[NDArray[np.float64], ...]:
    """Dry and wet (frames,), equally loud."""
    path = SPACES / f"{example.space}.grit"
    model = read_grit(path)
    position = place(None, example.device, model, path)
    assert position is not None
    dry = np.tile(loop(example.loop), 2)
    engine, parts = Engine(to_bytes(model), position), []
    for at in range(0, len(dry), BLOCK_FRAMES):
        if example.sweep is not None:
            position[example.sweep] = round(-32767 + 65534 * at / len(dry))
            engine.set_position(position)
        parts.append(engine.process(dry[at : at + BLOCK_FRAMES]))
    wet = np.concatenate(parts) / 32768 * 2.0**model.output_shift
    return equally_loud(dry / 32768, wet)


def equally_loud(*sounds: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """All at LOUDNESS_LUFS, or, where one's peaks would leave full scale, all as loud as that one can be."""
    loudness = [lufs(sound) for sound in sounds]
    reach = [of_one + 20 * np.log10(0.98 / np.abs(sound).max()) for of_one, sound in zip(loudness, sounds, strict=True)]
    target = min(LOUDNESS_LUFS, *reach)
    return tuple(sound * 10 ** ((target - of_one) / 20) for of_one, sound in zip(loudness, sounds, strict=True))


def main() -> None:
    """Writes NAME-dry.mp3 and NAME-wet.mp3 into the folder that is named."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for example in EXAMPLES:
        for which, sound in zip(("dry", "wet"), played(example), strict=True):
            path = out / f"{example.name}-{which}.mp3"
            soundfile.write(path, sound, SAMPLE_RATE, format="MP3", subtype="MPEG_LAYER_III")
            print(f"{path}: {path.stat().st_size} bytes, {lufs(sound):.1f} LUFS")


if __name__ == "__main__":
    main()
