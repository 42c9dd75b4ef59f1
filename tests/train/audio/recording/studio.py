"""Recordings made up from a seed: circuits through a simulated interface, with one known mishap or none each.

What is true of each is known, so a table of them says what alignment is worth: `python -m
tests.train.audio.recording.studio 200` prints it (make recordings writes it down too).
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import butter, lfilter

from gritspace.train.audio import signals
from gritspace.train.audio.recording.recording import Recording, read_recording
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.errors import InputError

Floats = NDArray[np.float64]
RATE = 48_000
MISHAPS = (
    "none", "none", "none", "lost", "repeated", "pair", "rest", "unplugged", "ran on", "clipped", "other", "tremolo",
    "echo", "knob",
)  # fmt: skip
SECONDS = 24
MOST_APART, CLEARLY = RATE // 1000, 0.5
DOCUMENT = Path(__file__).parents[4] / "docs" / "fitting.md"
BEGIN, END = "<!-- from: make recordings -->", "<!-- end of the table -->"


@dataclass
class Take:
    """One recording and what is true of it. refused: which word a refusal must have, if it must be refused. way: -1 if
    the circuit itself turns what is played over, before any interface (a wave folder may); 0 if that is open.
    """

    seed: int
    circuit: str
    mishap: str
    material: str
    rate: int
    subtype: str
    delay: int
    polarity: int
    ppm: float
    dry: Floats
    wet: Floats
    jumps: list[tuple[float, int]] = field(default_factory=list)
    refused: str = ""
    way: int = 0

    @property
    def delay_48k(self) -> float:
        return self.delay * 48_000 / self.rate


def take(seed: int) -> Take:
    """The recording of this seed."""
    rng = np.random.default_rng([seed, 77])
    circuit = CIRCUITS[int(rng.integers(len(CIRCUITS)))]
    settings = rng.uniform(0, 1, (1, len(circuit.knobs))).astype(np.float32)
    mishap = MISHAPS[seed % len(MISHAPS)]
    material = str(rng.choice(["full", "full", "dark"]))
    dry = signals.synthetic(SECONDS, seed).astype(np.float64)
    if material == "dark":
        dry = lfilter(*butter(2, 1500, fs=RATE), dry)
    if mishap == "rest":
        at = int(rng.uniform(0.2, 0.8) * len(dry))
        dry = np.concatenate([dry[:at], np.zeros(int(rng.uniform(7, 20) * RATE)), dry[at:]])
    wet = circuit.render(dry[None].astype(np.float32), settings)[0].astype(np.float64)
    if mishap == "knob":
        turned = np.where(settings < 0.5, settings + 0.45, settings - 0.45).astype(np.float32)
        half = len(wet) // 2
        wet[half:] = circuit.render(dry[None].astype(np.float32), turned)[0][half:]
    wet *= 0.5 / np.abs(wet).max()
    way = _sign_of(dry, wet, CLEARLY)
    if len({_sign_of(x, y, 0) for x, y in zip(np.array_split(dry, 2), np.array_split(wet, 2), strict=True)}) > 1:
        way = 0  # a knob that was turned turned it over
    time_ = np.arange(len(wet)) / RATE
    if mishap == "tremolo":
        wet *= 1 + 0.6 * np.sin(2 * np.pi * rng.uniform(2, 8) * time_)
    if mishap == "echo":
        lag = int(rng.uniform(0.08, 0.5) * RATE)
        wet[lag:] += 0.5 * wet[:-lag].copy()
    aligned = bool(rng.random() < 0.25)
    delay = 0 if aligned else int(rng.integers(32, 4801))
    ppm = 0.0 if aligned or rng.random() < 0.5 else float(rng.uniform(5, 20) * rng.choice([-1, 1]))
    polarity = 1 if aligned else int(rng.choice([-1, 1]))
    wet *= polarity * 10 ** (rng.uniform(-3, 3) / 20)
    if ppm:
        wet = soxr.resample(wet, RATE, RATE * (1 + ppm * 1e-6), quality="VHQ")
    rate = int(rng.choice([48_000, 48_000, 44_100, 96_000])) if mishap in ("none", "clipped") else 48_000
    if rate != RATE:
        dry, wet = (soxr.resample(x, RATE, rate, quality="VHQ") for x in (dry, wet))
    wet = np.concatenate([np.zeros(delay), wet])[: len(wet)]
    made = Take(seed, circuit.name, mishap, material, rate, "", delay, polarity, ppm, dry, wet, way=way)
    _mishap(made, rng)
    floor = 10 ** (rng.uniform(-90, -60) / 20)
    made.wet = made.wet + floor * rng.normal(size=len(made.wet))
    made.subtype = str(rng.choice(["PCM_16", "PCM_24"]))
    return made


def _sign_of(dry: Floats, wet: Floats, least: float) -> int:
    """Of the correlation of two in line, where it is strongest within a millisecond; 0 where less than `least`."""
    size = next_fast_len(len(dry) + MOST_APART, real=True)
    both = irfft(rfft(wet, size) * np.conj(rfft(dry, size)), size)
    near = np.concatenate([both[-MOST_APART:], both[: MOST_APART + 1]]) / np.sqrt((dry @ dry) * (wet @ wet))
    told = float(near[int(np.abs(near).argmax())])
    return int(np.sign(told)) if abs(told) > least else 0


def _mishap(made: Take, rng: np.random.Generator) -> None:
    wet, frames = made.wet, len(made.wet)
    size = int(rng.choice([64, 128, 256, 512, 1024, 4800]))
    at = int(rng.uniform(0.15, 0.85) * frames)
    if made.mishap == "lost":
        made.wet, made.jumps = np.concatenate([wet[:at], wet[at + size :]]), [(at / RATE, -size)]
    elif made.mishap == "repeated":
        made.wet, made.jumps = np.concatenate([wet[:at], wet[at - size :]]), [(at / RATE, size)]
    elif made.mishap == "pair":
        then = at + int(rng.uniform(0.6, 3.0) * RATE)
        made.wet = np.concatenate([wet[:at], wet[at + size : then], wet[then - size :]])
        made.jumps = [(at / RATE, -size), (then / RATE, size)]
    elif made.mishap == "unplugged":
        made.wet = wet.copy()
        made.wet[at : at + int(rng.uniform(1.5, 3) * RATE)] = 0
    elif made.mishap == "ran on":
        made.wet = np.concatenate([wet, np.zeros(int(rng.uniform(5, 30) * RATE))])
    elif made.mishap == "clipped":
        made.wet, made.refused = np.clip(wet * 4 / np.abs(wet).max(), -1, 1), "clipped"
        if np.mean(np.abs(made.wet) >= 1) < 2e-3:
            made.wet = np.clip(20 * made.wet, -1, 1)
    elif made.mishap == "other":
        other = signals.synthetic(SECONDS, made.seed + 10_000)[: len(made.wet)].astype(np.float64)
        made.wet, made.refused = np.tanh(8 * other) * 0.4, "not seem to be what was played"


def read(made: Take, folder: Path) -> Recording:
    """Through files, as a user would."""
    for name, audio in (("dry", made.dry), ("wet", made.wet)):
        soundfile.write(folder / f"{name}.wav", audio, made.rate, subtype=made.subtype)
    return read_recording(folder / "dry.wav", folder / "wet.wav")


def faults(made: Take, found: Recording | str) -> list[str]:
    """What was not told rightly; found: the recording, or the words of the refusal."""
    if isinstance(found, str):
        right = bool(made.refused) and made.refused in found
        return [] if right else [f"refused: {found}"]
    if made.refused:
        return [f"accepted, and should be refused as {made.refused}"]
    wrong = []
    if abs(found.delay_frames - made.delay_48k) > 2:
        wrong.append(f"delay {found.delay_frames} for {made.delay_48k:.1f}")
    if (made.ppm == 0 and abs(found.drift_ppm) > 1) or abs(found.drift_ppm - made.ppm) > 0.2 * abs(made.ppm) + 0.5:
        wrong.append(f"drift {found.drift_ppm:.1f} for {made.ppm:.1f}")
    late = list(found.jumps)
    if len(late) != len(made.jumps):
        wrong.append(f"jumps {[(j.seconds, j.frames) for j in late]} for {made.jumps}")
    for jump, (seconds, frames) in zip(late, made.jumps, strict=False):
        if abs(jump.frames - frames) > 2 or abs(jump.seconds - seconds) > 1.0:
            wrong.append(f"jump {jump.frames} at {jump.seconds:.2f} for {frames} at {seconds:.2f}")
    over = made.polarity * made.way < 0
    if made.way and found.inverted != over:
        wrong.append("turned over, and was the right way up" if found.inverted else "not told: upside down")
    said = " ".join(found.remarks)
    word = {"rest": "nothing is played", "unplugged": "silent for", "ran on": "longer", "tremolo": "level",
            "echo": "echo", "knob": "(a knob?)"}.get(made.mishap)  # fmt: skip
    if word and word not in said:
        wrong.append(f"not told: {made.mishap}")
    odd = [remark for remark in found.remarks if not (over and "upside down" in remark)]
    if made.mishap == "none" and made.delay == 0 and odd:
        wrong.append(f"remarks on a good one: {odd}")
    return wrong


@dataclass(frozen=True)
class Judged:
    """The take of a seed, what alignment got wrong about it, by how many frames its delay was off where it was taken,
    and how many CPU seconds that took."""

    made: Take
    wrong: list[str]
    off: float | None
    cpu_seconds: float


def judged(seed: int) -> Judged:
    """Makes the take of this seed, and examines it through files, as a user would."""
    made = take(seed)
    started, off = time.process_time(), None
    with tempfile.TemporaryDirectory() as folder:
        try:
            found: Recording | str = read(made, Path(folder))
            off = abs(found.delay_frames - made.delay_48k)
        except InputError as refusal:
            found = str(refusal)
    spent = time.process_time() - started
    return Judged(made, [words.replace(f"{folder}/", "") for words in faults(made, found)], off, spent)


def in_words(one: Judged) -> str:
    """A row of the printed table, without the audio."""
    made = one.made
    row = f"{made.seed:4d} {made.circuit:14s} {made.mishap:10s} {made.material:5s} {made.rate:6d} {made.delay:5d}"
    return f"{row} {made.ppm:6.1f} {one.cpu_seconds:5.1f} s {'; '.join(one.wrong) or 'right'}"


def _of_seed(seed: int) -> tuple[str, str, bool, float | None, float]:
    one = judged(seed)
    return one.made.mishap, in_words(one), not one.wrong, one.off, one.cpu_seconds


def main(count: int, first: int, jobs: int, write: bool) -> None:
    """Prints every row and the table by mishap; write: the table stands in docs/fitting.md then."""
    kinds: dict[str, list[tuple[bool, float | None]]] = {mishap: [] for mishap in MISHAPS}
    missed, spent = [], 0.0
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for mishap, words, right, off, cpu_seconds in pool.map(_of_seed, range(first, first + count)):
            print(words, flush=True)
            kinds[mishap].append((right, off))
            spent += cpu_seconds
            missed += [] if right else [words]
    done = {mishap: rows for mishap, rows in kinds.items() if rows}
    right = sum(right for rows in done.values() for right, _ in rows)
    table = ["| | " + " | ".join(done) + " |", "|---|" + "---|" * len(done)]
    table += ["| right | " + " | ".join(f"{sum(r for r, _ in rows)} of {len(rows)}" for rows in done.values()) + " |"]
    offs = [max((off for _, off in rows if off is not None), default=None) for rows in done.values()]
    table += ["| delay off by at most | " + " | ".join("" if o is None else f"{o:.1f}" for o in offs) + " |"]
    table += [
        "",
        f"{right} of {count} right (seeds {first} to {first + count - 1}); {spent / count:.1f} CPU seconds each.",
    ]
    table += (
        [
            "",
            "Missed (seed, circuit, mishap, material, rate, delay, ppm, CPU seconds):",
            "",
            *(f"- {' '.join(row.split())}" for row in missed),
        ]
        if missed
        else []
    )
    print("\n".join(table))
    if write:
        text = DOCUMENT.read_text()
        before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
        DOCUMENT.write_text("\n".join([before, *table, after]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="the table into docs/fitting.md")
    given = parser.parse_args()
    main(given.count, given.first, given.jobs, given.write)
