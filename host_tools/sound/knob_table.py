"""What the four knobs of snapshots do: the table of docs/knobs.md.

    python -m gritspace.host_tools.sound.knob_table SNAPSHOT.grit ...

Each knob goes over its whole turn in nine places while the others stand in their middles; all is heard in integers.
Spearman: of the place with the attribute that the knob is named for, as for a space's dimensions; symmetry's is signed
here (the skewness of a sine), because to either side of its middle the wave leans the other way. LU: between the
loudest and the quietest place, of the riff's second half, which the knobs were not fitted to. Prints Markdown.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import SAMPLE_RATE, riff
from gritspace.host_tools.sound import snapshot_knobs
from gritspace.host_tools.sound.knob_fit import PHRASE_SECONDS, fitted
from gritspace.host_tools.sound.loudness import lufs
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import read_grit, to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.train.space import attributes
from gritspace.train.space.measures.monotony import spearman

PLACES = 9
KNOBS = ("drive", "tone", "symmetry", "dynamics")


@dataclass(frozen=True)
class Row:
    """One snapshot: by knob, Spearman along its turn and the spread of loudness; even harmonics over odd, in dB, with
    symmetry in its middle and at its two ends."""

    name: str
    spearman: tuple[float, ...]
    loudness_lu: tuple[float, ...]
    even_db: tuple[float, float, float]


class Device:
    """A snapshot with its knobs, as the module plays it: what `attributes.measure` renders. Settings are turns."""

    kind, licence = "capture", "NOASSERTION"
    knobs = KNOBS

    def __init__(self, model: IntegerModel) -> None:
        self.name = model.name
        self.model = model
        self._engine = Engine(to_bytes(model))
        self.heard: list[NDArray[np.float32]] = []

    def _network(self, heard: NDArray[np.int16]) -> NDArray[np.int16]:
        self._engine.reset(None)
        return self._engine.process(heard)

    def play(self, dry: NDArray[np.float32], turns: NDArray[np.floating]) -> NDArray[np.float32]:
        """dry (frames,), turns (4,) from -1 to 1 -> (frames,) of the output's full scale."""
        samples = np.clip(np.round(dry * 32768), -32768, 32767).astype(np.int16)
        place = np.clip(np.round(np.asarray(turns, np.float64) * 32768), -32768, 32767).astype(np.int16)
        played = snapshot_knobs.play(self.model.knobs, samples, place[None], self._network)
        return (played / 32768).astype(np.float32)

    def render(self, dry: NDArray[np.float32], settings: NDArray[np.float32]) -> NDArray[np.float32]:
        """dry (batch, frames), settings (batch, 4) in [0, 1] -> (batch, frames)."""
        self.heard = [self.play(row, 2 * turns - 1) for row, turns in zip(dry, settings, strict=True)]
        return np.stack(self.heard)


def measured(model: IntegerModel) -> Row:
    """One snapshot; some twenty seconds."""
    device = Device(fitted(model))
    phrase = riff(2 * PHRASE_SECONDS)[int(PHRASE_SECONDS * SAMPLE_RATE) :]
    sine_at = slice(attributes.SETTLING_FRAMES, attributes.SETTLING_FRAMES + attributes.SINE_FRAMES)
    rho, spread, even = [], [], (0.0, 0.0, 0.0)
    places = np.linspace(-1, 1, PLACES)
    for knob in range(len(KNOBS)):
        settings = np.full((PLACES, len(KNOBS)), 0.5, np.float32)
        settings[:, knob] = (places + 1) / 2
        found = np.array([one.as_list() for one in attributes.measure(device, settings)])[:, knob]
        if KNOBS[knob] == "symmetry":
            even = (float(found[0]), float(found[PLACES // 2]), float(found[-1]))
            found = np.array([skewness(heard[sine_at].astype(np.float64)) for heard in device.heard])
        rho.append(spearman(places, found))
        spread.append(float(np.ptp([lufs(device.play(phrase, 2 * turns - 1)) for turns in settings])))
    return Row(model.name, tuple(rho), tuple(spread), even)


def skewness(wave: NDArray[np.float64]) -> float:
    """Third moment about the mean, over the cube of the deviation: 0 for a wave whose halves are alike."""
    still = wave - wave.mean()
    return float(np.mean(still**3) / max(np.mean(still**2) ** 1.5, 1e-30))


def main() -> None:
    """Prints the table, row by row, and what is worst."""
    print("| snapshot | " + " | ".join(f"{knob}: Spearman, LU" for knob in KNOBS) + " | even over odd, dB |")
    print("|---|" + "---|" * (len(KNOBS) + 1))
    rows = []
    for name in sys.argv[1:]:
        row = measured(read_grit(Path(name)))
        rows.append(row)
        cells = [f"{rho:.2f}, {lu:.1f}" for rho, lu in zip(row.spearman, row.loudness_lu, strict=True)]
        even = ", ".join(f"{value:.0f}" for value in row.even_db)
        print(f"| {row.name} | {' | '.join(cells)} | {even} |", flush=True)
    for knob, name in enumerate(KNOBS):
        good = sum(row.spearman[knob] >= 0.95 for row in rows)
        print(f"{name}: {good} of {len(rows)} at .95 or more; at most {max(r.loudness_lu[knob] for r in rows):.1f} LU")


if __name__ == "__main__":
    main()
