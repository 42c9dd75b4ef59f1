"""Which pedal, which settings: three ways, over latent sizes, numbers of examples, and how harmonic the source is."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gritspace.train.devices.chains.chain_file import parse_chain
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.devices.device import Audio, Device
from gritspace.train.matching.clips import Clips, harmonic_source, kept, key_of, levelled, render_at, render_clips
from gritspace.train.matching.estimator import WAYS, Estimator, EstimatorConfig, knob_counts, train_estimator
from gritspace.train.matching.mel import MelConfig, log_mel, log_spectral_distance
from gritspace.train.output_file import written_whole
from gritspace.train.research.tables.bench import REVISIONS, Bench
from gritspace.train.research.tables.table import Cell, Table

FRAMES = 16_384
MEL = MelConfig(mels=48, hop_frames=512, fft_frames=1024)
SHARES = (1.0, 0.8, 0.6, 0.4, 0.2)
EXAMPLES, HELD_OUT = 240, 40
FEWER = (30, 60, 120, 240)
LATENTS = (2, 4, 8, 16, 32, 64)
STEPS = 400
CHANNELS, WIDE_CHANNELS = 64, 148  # the wide encoder has about as many weights as four of the others
STANDARD_LATENT = 16
OCTAVE_FUZZ = """
name = "octave_fuzz"
[[effect]]
kind = "octave_up"
amount = { knob = "octave" }
[[effect]]
kind = "fuzz"
drive_db = { knob = "drive", low = 10, high = 50 }
lopsided = { knob = "bias" }
[[effect]]
kind = "low_pass"
cutoff_hz = { knob = "tone", low = 800, high = 12000 }
"""


@cache
def estimated_devices() -> tuple[Device, ...]:
    """Three circuits of two knobs each, which mean different things, and a chain of four."""
    named = {device.name: device for device in CIRCUITS}
    return (named["rat"], named["tube_screamer"], named["big_muff"], parse_chain(OCTAVE_FUZZ, "octave_fuzz"))


@dataclass
class Examples:
    """Training and held-out clips, and their pictures standardised by the training ones."""

    train: Clips
    held_out: Clips
    seen: Tensor
    unseen: Tensor


@dataclass
class Outcome:
    """A way's held-out figures, clip by clip: LSD in dB, mean absolute error of the knobs, device recognised."""

    lsd: NDArray[np.floating]
    knob_error: NDArray[np.floating]
    recognised: NDArray[np.floating] | None


def examples(bench: Bench) -> Examples:
    """Notes of all shares of harmonic power; rendered once."""
    devices = estimated_devices()

    def part(count: int, seed: int) -> Clips:
        options = {"frames": FRAMES, "count": count, "seed": bench.seed + seed, "devices": [d.name for d in devices]}
        source = harmonic_source(FRAMES, SHARES)
        return kept(bench.cache, "estimator", options, lambda: render_clips(devices, count, source, bench.seed + seed))

    train, held_out = part(bench.scaled(EXAMPLES), 300), part(HELD_OUT, 400)
    seen, unseen = (log_mel(torch.from_numpy(levelled(clips.wet)), MEL) for clips in (train, held_out))
    centre = seen.mean((0, 2)).unsqueeze(1)
    scale = (seen - centre).std()
    return Examples(train, held_out, (seen - centre) / scale, (unseen - centre) / scale)


def fewer(data: Examples, per_device: int) -> Examples:
    """The first so many training clips of each device."""
    chosen = np.concatenate(
        [np.flatnonzero(data.train.device == i)[:per_device] for i in range(len(estimated_devices()))]
    )
    return replace(data, train=data.train.part(chosen), seen=data.seen[torch.from_numpy(chosen)])


def trained(bench: Bench, data: Examples, way: str, latent: int, channels: int = CHANNELS) -> Estimator:
    """One estimator."""
    config = EstimatorConfig(knob_counts([d.knobs for d in estimated_devices()]), way, latent, MEL.mels, channels)
    device, settings = torch.from_numpy(data.train.device), torch.from_numpy(data.train.settings)
    return train_estimator(data.seen, device, settings, config, bench.scaled(STEPS), bench.seed)


@torch.no_grad()
def outcome(estimator: Estimator, data: Examples) -> Outcome:
    """On the held-out clips, their devices known; settings as estimated, rendered again, compared."""
    clips = data.held_out
    knobs, logits = estimator(data.unseen, torch.from_numpy(clips.device))
    found = np.clip(knobs.numpy(), 0, 1)
    error = np.nanmean(np.abs(found - clips.settings), axis=1)
    recognised = None if logits is None else (logits.argmax(1).numpy() == clips.device).astype(float)
    return Outcome(distance(clips, found), error, recognised)


def kept_outcome(bench: Bench, data: Examples, way: str, latent: int, channels: int = CHANNELS) -> Outcome:
    """The same outcome serves several tables, and an interrupted table goes on where it was."""
    options = {"way": way, "latent": latent, "clips": len(data.train), "steps": bench.scaled(STEPS), "seed": bench.seed}
    if channels != CHANNELS:
        options["channels"] = channels
    path = bench.cache / f"outcome-{key_of(options | {'revision': REVISIONS['estimator_latent']})}.npz"
    names = [one.name for one in fields(Outcome)]
    try:
        with np.load(path) as file:
            return Outcome(file["lsd"], file["knob_error"], file.get("recognised"))
    except (OSError, KeyError, ValueError):
        pass
    found = outcome(trained(bench, data, way, latent, channels), data)
    with written_whole(path) as beside:
        np.savez(beside, **{name: getattr(found, name) for name in names if getattr(found, name) is not None})
    return found


def distance(clips: Clips, settings: NDArray[np.float32]) -> NDArray[np.floating]:
    """LSD of the clips rendered again at other settings: (n,) dB."""
    again: Audio = render_at(estimated_devices(), clips.dry, clips.device, settings)
    return log_spectral_distance(torch.from_numpy(clips.wet), torch.from_numpy(again)).numpy()


def gain_percent(separate: NDArray[np.floating], joint: NDArray[np.floating]) -> tuple[float, float, float]:
    """By how much the joint encoder's mean LSD is lower, and its 95 % interval from resampled clips."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(separate), size=(2000, len(separate)))
    gains = 100 * (1 - joint[drawn].mean(1) / separate[drawn].mean(1))
    low, high = np.quantile(gains, [0.025, 0.975])
    return float(100 * (1 - joint.mean() / separate.mean())), float(low), float(high)


def compared(bench: Bench, data: Examples, latent: int) -> tuple[list[Cell], dict[str, Outcome]]:
    """The three ways on one set of examples: cells, and the outcomes."""
    outcomes = {way: kept_outcome(bench, data, way, latent) for way in WAYS}
    gain, low, high = gain_percent(outcomes["separate"].lsd, outcomes["joint_separate"].lsd)
    cells: list[Cell] = [float(outcomes[way].lsd.mean()) for way in WAYS]
    cells += [f"{gain:.1f} ({low:.1f} to {high:.1f})"]
    cells += [float(outcomes[way].knob_error.mean()) for way in WAYS]
    recognised = outcomes["joint_separate"].recognised
    cells += [None if recognised is None else float(100 * recognised.mean())]
    return cells, outcomes


COLUMNS = [
    "LSD, separate, dB",
    "joint-separate",
    "joint-joint",
    "joint-separate better by, %",
    "knob error, separate",
    "joint-separate",
    "joint-joint",
    "device right, %",
]


def pooled_gain(outcomes: list[dict[str, Outcome]]) -> dict[str, float]:
    """Over all rows of a table."""
    separate, joint, both = (np.mean([o[way].lsd for o in outcomes], axis=0) for way in WAYS)
    gain, low, high = gain_percent(separate, joint)
    return {
        "joint_separate_better_percent": gain,
        "joint_separate_better_low": low,
        "joint_separate_better_high": high,
        "joint_joint_better_percent": gain_percent(separate, both)[0],
    }


def estimator_latent(bench: Bench) -> Table:
    """Over latent sizes, all examples."""
    data = examples(bench)
    made = [(latent, *compared(bench, data, latent)) for latent in LATENTS]
    wide = kept_outcome(bench, data, "joint_separate", STANDARD_LATENT, WIDE_CHANNELS)
    half = np.full_like(data.held_out.settings, 0.5)
    random = np.random.default_rng(5).random(half.shape).astype(np.float32)
    return Table(
        "estimator_latent",
        f"Does one encoder for all devices help, and how large must the latent space be? ({EXAMPLES} clips a device)",
        ["dimensions", *COLUMNS],
        [[latent, *cells] for latent, cells, _ in made],
        {
            **pooled_gain([outcomes for _, _, outcomes in made]),
            "lsd_wide_joint_separate_db": float(wide.lsd.mean()),
            "lsd_all_knobs_at_half_db": float(distance(data.held_out, half).mean()),
            "lsd_random_knobs_db": float(distance(data.held_out, random).mean()),
            "held_out": len(data.held_out),
        },
    )


def estimator_examples(bench: Bench) -> Table:
    """Over numbers of examples, at 16 dimensions."""
    data = examples(bench)
    made = []
    for n in FEWER:
        made.append((n, *compared(bench, fewer(data, bench.scaled(n)), STANDARD_LATENT)))
    findings = {
        f"better_percent_{n}": pooled_gain([outcomes])["joint_separate_better_percent"] for n, _, outcomes in made
    }
    return Table(
        "estimator_examples",
        "How does that depend on how many clips there are of each device? (16 dimensions)",
        ["clips a device", *COLUMNS],
        [[n, *cells] for n, cells, _ in made],
        findings,
    )


def estimator_harmonic(bench: Bench) -> Table:
    """Held-out clips by how harmonic they are; trained on all kinds."""
    data = examples(bench)
    outcomes = {way: kept_outcome(bench, data, way, STANDARD_LATENT) for way in WAYS}
    rows: list[list[Cell]] = []
    for share in SHARES:
        chosen = np.isclose(data.held_out.share, share)
        row: list[Cell] = [f"{100 * share:.0f} %", int(chosen.sum())]
        row += [float(outcomes[way].lsd[chosen].mean()) for way in WAYS]
        row += [float(outcomes[way].knob_error[chosen].mean()) for way in WAYS]
        rows.append(row)
    ends = [outcomes["joint_separate"].knob_error[np.isclose(data.held_out.share, s)].mean() for s in (1.0, 0.2)]
    return Table(
        "estimator_harmonic",
        "Must the source be harmonic? (16 dimensions)",
        ["harmonic", "clips", *COLUMNS[:3], *COLUMNS[4:7]],
        rows,
        {"knob_error_harmonic_over_noise": float(ends[0] / ends[1])},
    )
