"""What morphs do, over pairs of captures of one shape: the table of docs/knobs.md.

    python -m gritspace.host_tools.hil.morph_table A.grit,B.grit C.nam,D.nam ...

Each pair is made as `gritspace pair --as morph` makes it. Errors are the integers' against each capture's own floats;
loudness is the module's, of the riff's second half; steps are heard of a low sine while the first knob goes from end to
end in a quarter of a second, beside the same two captures crossfaded.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import SAMPLE_RATE, riff
from gritspace.host_tools.hil.live_path import live
from gritspace.host_tools.hil.takes import LIVE_REST
from gritspace.host_tools.models.float_network import float_network
from gritspace.host_tools.models.pairing import morph_of, pair_of
from gritspace.host_tools.models.ready_model import ready_model
from gritspace.host_tools.models.verdict import price_of
from gritspace.host_tools.sound import pair, playing
from gritspace.host_tools.sound.loudness import lufs
from gritspace.host_tools.sound.snapshot_knobs import BLOCK_FRAMES, turn_of
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.network import Network
from gritspace.quantize.network.run import run_float

PLACES = 17
SWEEP_SECONDS, SINE_HZ, SINE_PEAK = 0.25, 100.0, 8192
HIGH_HZ = 8000.0
SILENCE_KNOWN_FRAMES = 9600


@dataclass(frozen=True)
class Row:
    """esr: at t = 0 and 1; lu: between the loudest and the quietest place; peak: of full scale; cycles: of the morph,
    whole interrupt, pessimistic; high_db: above HIGH_HZ while the knob moves over the loudest place at rest, of
    morph and crossfade; grain_db: of the morph, below the whole sound; silent_db: what comes out while it moves over
    silence."""

    name: str
    esr: tuple[float, float]
    lu: float
    peak: float
    cycles: int | None
    high_db: tuple[float, float]
    grain_db: float
    silent_db: float


def measured(first: Path, second: Path) -> Row:
    """A pair's row."""
    models = ready_model(first), ready_model(second)
    floats = float_network(first, models[0]), float_network(second, models[1])
    model = morph_of(*models, floats)
    price = price_of(model)
    heard = np.round(riff(4.8)[115200:] * 32767).astype(np.int16)
    places = [turn_of(way) for way in np.linspace(-1, 1, PLACES)]
    sounds = [_at(model, heard, turn) for turn in places]
    loud = [lufs((sound - sound.mean()) / 32768) for sound in sounds]
    moving = _moving_over_resting(model)
    faded = pair_of(*models, "crossfade")
    return Row(
        name=f"{first.stem} to {second.stem}",
        esr=(_esr(model, floats[0], 0, heard), _esr(model, floats[1], 256, heard)),
        lu=max(loud) - min(loud),
        peak=max(float(np.abs(sound).max()) / 32768 for sound in sounds),
        cycles=None if price is None else round(price.whole.pessimistic),
        high_db=(moving[0], _moving_over_resting(faded)[0]),
        grain_db=moving[1],
        silent_db=_over_silence(model),
    )


def _at(model: IntegerModel, heard: NDArray[np.int16], turn: int) -> NDArray[np.float64]:
    turns = np.array([[turn, 0, 0, 0]], np.int16)
    return _played(model, heard, turns)


def _played(model: IntegerModel, heard: NDArray[np.int16], turns: NDArray[np.int16]) -> NDArray[np.float64]:
    both = [Engine(to_bytes(one)) for one in (model, pair.second_of(model))]

    def alone(engine: Engine, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        engine.reset(None)
        return engine.process(samples)

    network = pair.morphed(model, turns, "c") if pair.level_only(model) else lambda x: alone(both[0], x)
    return playing.around(model, heard, turns, network, lambda x: alone(both[1], x)).astype(np.float64)


def _esr(model: IntegerModel, network: Network, way: int, heard: NDArray[np.int16]) -> float:
    engine = pair.morph_engine(model, 0)
    engine.place(way)
    played = engine.process(heard) / 32768 * 2.0**model.output_shift
    wanted = run_float(network, (heard / 32768).astype(np.float32))
    if (played * wanted).sum() < 0:
        wanted = -wanted  # turned over to be more like the first
    return float(np.square(played - wanted).sum() / np.square(wanted - wanted.mean()).sum())


def _moving_over_resting(model: IntegerModel) -> tuple[float, float]:
    """While the first knob moves, what is above HIGH_HZ: over the loudest place at rest, and over all of the sound."""
    blocks = int(SWEEP_SECONDS * SAMPLE_RATE) // BLOCK_FRAMES
    still = 60
    frames = (blocks + 2 * still) * BLOCK_FRAMES
    sine = np.round(SINE_PEAK * np.sin(2 * np.pi * SINE_HZ / SAMPLE_RATE * np.arange(frames))).astype(np.int16)
    ways = np.concatenate([np.full(still, -1.0), np.linspace(-1, 1, blocks), np.ones(still)])
    turns = np.array([[turn_of(way), 0, 0, 0] for way in ways], np.int16)
    part = slice(still * BLOCK_FRAMES, (still + blocks) * BLOCK_FRAMES)
    resting = [_high(_at(model, sine, turn_of(way))[part]) for way in np.linspace(-1, 1, PLACES)]
    moving = _played(model, sine, turns)[part]
    grain = _high(moving)
    return 10 * float(np.log10(grain / max(resting))), 10 * float(np.log10(grain / _high(moving, 20.0)))


def _high(sound: NDArray[np.float64], above_hz: float = HIGH_HZ) -> float:
    """Power above a frequency, by a window without steps at its ends."""
    power = np.abs(np.fft.rfft(sound * np.blackman(len(sound)))) ** 2
    hz = np.arange(len(power)) * SAMPLE_RATE / len(sound)
    return float(power[hz > above_hz].sum()) + 1e-9


def _over_silence(model: IntegerModel) -> float:
    """The loudest sample that leaves the module while the first knob turns up and down over silence, dBFS, from when
    the module knows that it is silence."""
    blocks = 500
    ways = np.sin(2 * np.pi * 2.0 * np.arange(blocks) * BLOCK_FRAMES / SAMPLE_RATE)
    turns = np.array([[turn_of(way), 0, 0, 0] for way in ways], np.int16)
    knobs = np.tile(np.array(LIVE_REST, np.uint16), (blocks, 1))
    out = live(model, np.zeros(blocks * BLOCK_FRAMES, np.int16), turns, knobs, 0)
    out = out[SILENCE_KNOWN_FRAMES:]
    return 20 * float(np.log10(max(int(np.abs(out.astype(int)).max()), 1) / 32768))


def table(rows: Sequence[Row]) -> str:
    """As Markdown."""
    lines = [
        "| pair | cycles | ESR at t = 0, 1 | LU along the knob | peak "
        "| above 8 kHz, moving over resting: morph, crossfade | the morph's, below its sound | over silence |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cycles = "" if row.cycles is None else f"{row.cycles:,}"
        lines.append(
            f"| {row.name} | {cycles} | {row.esr[0]:.1e}, {row.esr[1]:.1e} | {row.lu:.1f} | {row.peak:.2f} "
            f"| {row.high_db[0]:+.1f}, {row.high_db[1]:+.1f} dB | {row.grain_db:.0f} dB "
            f"| {row.silent_db:.0f} dBFS |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table([measured(*(Path(name) for name in both.split(","))) for both in sys.argv[1:]]))
