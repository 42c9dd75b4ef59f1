"""The effects encoder's tables: devices told by held-out audio, and held-out devices' families."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.devices.device import Audio, Device, label
from gritspace.train.devices.finding import find_devices
from gritspace.train.errors import InputError
from gritspace.train.matching.clips import Clips, dry_stream, excerpts, kept, key_of, levelled, render_at
from gritspace.train.matching.contrastive import (
    PICTURE,
    EffectsEncoder,
    EffectsEncoderConfig,
    save_encoder,
    train_effects_encoder,
)
from gritspace.train.matching.mel import log_mel
from gritspace.train.output_file import written_whole
from gritspace.train.research.families import family
from gritspace.train.research.mfcc import mfcc_statistics, pooled
from gritspace.train.research.probes import (
    nearest_neighbours,
    resampled_interval,
    small_network,
    standardised,
    wilson,
)
from gritspace.train.research.tables.bench import Bench
from gritspace.train.research.tables.table import Cell, Table
from gritspace.train.space.data.pairs import grid

FRAMES = SAMPLE_RATE
TRAIN_CLIPS, TEST_CLIPS = 16, 6
STEPS, STEPS_A_FOLD = 800, 400
PROBE_SEEDS = (0, 1, 2)
"""Small networks begin at random, and differ by some hundredths: what is told is their mean."""
NEIGHBOURS = 5
FEWEST = 6
FOLDS, DEVICES = 3, "devices"


@dataclass
class Heard:
    """Devices at a setting each, and clips of all of them."""

    names: list[str]
    licences: list[str]
    train: Clips
    test: Clips
    seen: Tensor
    unseen: Tensor


def heard(bench: Bench, own: bool = False) -> Heard:
    """The captures with their knob at half; without captures, the built-in circuits at the grid's settings.

    own: every device is trained on dry excerpts of its own, so that the encoder hears as many as there are clips.
    """
    devices: list[tuple[Device, NDArray[np.float32]]]
    if bench.captures:
        captures = [d for d in find_devices(bench.captures) if d.kind == "capture"]
        devices = [(d, np.full(len(d.knobs), 0.5, np.float32)) for d in captures]
    else:
        devices = [(d, setting) for d in CIRCUITS for setting in grid(d)]
    if len(devices) < FEWEST:
        raise InputError(f"--captures: {len(devices)} captures are too few to tell apart; give {FEWEST} or more.")
    names = [d.name if bench.captures else label(d, s.tolist()) for d, s in devices]

    def part(split: str, count: int, seed: int) -> Clips:
        options = {"names": names, "frames": FRAMES, "count": count, "seed": bench.seed + seed}
        options["audio"] = [str(path) for path in bench.audio]
        alone = own and split == "train"
        name = f"encoder-own-{split}" if alone else f"encoder-{split}"
        return kept(bench.cache, name, options, lambda: render(bench, devices, split, count, seed, alone))

    train, test = part("train", bench.scaled(TRAIN_CLIPS), 500), part("validation", TEST_CLIPS, 600)
    seen, unseen = (log_mel(torch.from_numpy(levelled(clips.wet)), PICTURE) for clips in (train, test))
    return Heard(names, [d.licence for d, _ in devices], train, test, seen, unseen)


def render(
    bench: Bench,
    devices: Sequence[tuple[Device, NDArray[np.float32]]],
    split: str,
    count: int,
    seed: int,
    own: bool = False,
) -> Clips:
    """The same dry excerpts through all devices, so that what was played tells nothing; or each device its own."""
    source = excerpts(dry_stream(bench.audio, 120.0, bench.seed + seed, split), FRAMES)
    rng = np.random.default_rng([bench.seed, seed])
    most = max(1, max(len(setting) for _, setting in devices))
    settings = np.full((len(devices), most), np.nan, np.float32)
    for i, (_, setting) in enumerate(devices):
        settings[i, : len(setting)] = setting
    index = np.repeat(np.arange(len(devices)), count)
    dry = np.stack([source(rng)[0] for _ in range(len(index) if own else count)])
    all_dry: Audio = dry if own else np.tile(dry, (len(devices), 1))
    wet = render_at([d for d, _ in devices], all_dry, index, settings[index], rows=32)
    return Clips(all_dry, wet, index, settings[index], np.full(len(index), np.nan, np.float32))


def random_encoder(data: Heard, seed: int) -> EffectsEncoder:
    """The same network, untrained; its normalisations have seen the training clips."""
    torch.manual_seed(seed + 1)
    encoder = EffectsEncoder(EffectsEncoderConfig(data.seen.shape[1]))
    encoder.fit_scale(data.seen)
    with torch.no_grad():
        for start in range(0, len(data.seen), 128):
            encoder(data.seen[start : start + 128])
    return encoder.eval()


def representations(data: Heard, encoder: EffectsEncoder, seed: int) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    """What is compared, for training and test clips."""
    untrained = random_encoder(data, seed)
    return {
        "SimCLR": (encoder.embed(data.seen), encoder.embed(data.unseen)),
        "random encoder": standardised(untrained.embed(data.seen), untrained.embed(data.unseen)),
        "MFCC": standardised(mfcc_statistics(data.seen), mfcc_statistics(data.unseen)),
        "mel mean and deviation": standardised(pooled(data.seen), pooled(data.unseen)),
    }


def encoder_audio(bench: Bench) -> Table:
    """All devices, other audio; the encoder is kept as effects_encoder.pt."""
    data = heard(bench, own=True)
    encoder = train_effects_encoder(data.seen, data.train.device, bench.scaled(STEPS), bench.seed)
    save_encoder(encoder, bench.out / "effects_encoder.pt", data.licences)
    rows: list[list[Cell]] = []
    findings: dict[str, Any] = {
        "devices": len(data.names),
        "clips_held_out": len(data.test),
        "chance": 1 / len(data.names),
    }
    excerpt = np.tile(np.arange(len(data.test) // len(data.names)), len(data.names))
    ahead: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {}
    for name, (train, test) in representations(data, encoder, bench.seed).items():
        near = nearest_neighbours(train, data.train.device, test, NEIGHBOURS) == data.test.device
        network = _network_right(train, data.train.device, test, data.test.device)
        cells: list[Cell] = [name, train.shape[1]]
        for values in (near, network):
            low, high = resampled_interval(values, data.test.device)
            cells += [float(values.mean()), f"{low:.3f} to {high:.3f}"]
        rows.append(cells)
        ahead[name] = near, network
        key = name.split()[0].lower()
        findings[f"{key}_neighbours"], findings[f"{key}_network"] = float(near.mean()), float(network.mean())
        findings[f"{key}_wilson"] = [round(x, 4) for x in wilson(int(near.sum()), len(near))]
        findings[f"{key}_by_excerpt"] = [round(float(near[excerpt == e].mean()), 3) for e in np.unique(excerpt)]
    for probe, which in enumerate(("neighbours", "network")):
        more = ahead["SimCLR"][probe].astype(float) - ahead["MFCC"][probe]
        bounds = resampled_interval(more, data.test.device)
        findings[f"simclr_over_mfcc_{which}"] = [round(float(x), 3) for x in (more.mean(), *bounds)]
    return Table(
        "encoder_audio",
        f"Which of {len(data.names)} devices was this, by audio never heard? (one second, level taken away)",
        [
            "representation",
            "numbers",
            f"{NEIGHBOURS} neighbours, share right",
            "95 %, devices drawn anew",
            f"small network, mean of {len(PROBE_SEEDS)}",
            "95 %",
        ],
        rows,
        findings,
    )


def _network_right(train: NDArray[Any], labels: NDArray[Any], test: NDArray[Any], asked: NDArray[Any]) -> NDArray[Any]:
    """Of how many of the small networks each test row is told right: a share (n,)."""
    right = [small_network(train, labels, test, seed) == asked for seed in PROBE_SEEDS]
    return np.asarray(np.mean(right, axis=0))


def encoder_families(bench: Bench) -> Table:
    """A third of the devices at a time held out of the encoder and of the probe; their family asked."""
    data = heard(bench)
    kinds = np.array([family(name.partition("@")[0]) for name in data.names])
    if not bench.captures:
        kinds = np.array([name.partition("@")[0] for name in data.names])
    folds = _folds(kinds, FOLDS)
    parts_of_folds = [_kept_fold(bench, data, kinds, folds, fold) for fold in range(FOLDS)]
    devices = np.concatenate([found[DEVICES] for found in parts_of_folds])
    names = [name for name in parts_of_folds[0] if name != DEVICES]
    rows: list[list[Cell]] = []
    findings: dict[str, Any] = {"families": {str(k): int((kinds == k).sum()) for k in np.unique(kinds)}}
    for name in names:
        near, network = np.concatenate([found[name] for found in parts_of_folds], axis=1)
        cells: list[Cell] = [name]
        for values in (near, network):
            low, high = resampled_interval(values, devices)
            cells += [float(values.mean()), f"{low:.3f} to {high:.3f}"]
        rows.append(cells)
        findings[f"{name.split()[0].lower()}_neighbours"] = float(near.mean())
    findings["largest_family"] = float(max((kinds == k).mean() for k in np.unique(kinds)))
    return Table(
        "encoder_families",
        "Of which family is a device never heard? (three folds over devices, families from the files' names)",
        ["representation", f"{NEIGHBOURS} neighbours", "95 %, devices drawn anew", "small network", "95 %"],
        rows,
        findings,
    )


def _kept_fold(
    bench: Bench, data: Heard, kinds: NDArray[Any], folds: NDArray[np.int64], fold: int
) -> dict[str, NDArray[Any]]:
    """By representation, which held-out clips each probe got right, (2, clips); and the clips' devices."""
    options = bench.options("encoder_families") | {
        "fold": fold,
        "steps": bench.scaled(STEPS_A_FOLD),
        "kinds": kinds.tolist(),
    }
    path = bench.cache / f"fold-{key_of(options)}.npz"
    try:
        with np.load(path) as file:
            return dict(file)
    except (OSError, ValueError):
        pass
    found = _fold(bench, data, kinds, folds, fold)
    with written_whole(path) as beside:
        np.savez(beside, **found)
    return found


def _fold(
    bench: Bench, data: Heard, kinds: NDArray[Any], folds: NDArray[np.int64], fold: int
) -> dict[str, NDArray[Any]]:
    inside = np.flatnonzero(folds[data.train.device] != fold)
    outside = np.flatnonzero(folds[data.test.device] == fold)
    train, test = data.train.part(inside), data.test.part(outside)
    seen, unseen = data.seen[torch.from_numpy(inside)], data.unseen[torch.from_numpy(outside)]
    part = Heard(data.names, data.licences, train, test, seen, unseen)
    encoder = train_effects_encoder(part.seen, train.device, bench.scaled(STEPS_A_FOLD), bench.seed)
    found: dict[str, NDArray[Any]] = {DEVICES: test.device}
    for name, (of_train, of_test) in representations(part, encoder, bench.seed).items():
        near = nearest_neighbours(of_train, kinds[train.device], of_test, NEIGHBOURS) == kinds[test.device]
        network = small_network(of_train, kinds[train.device], of_test) == kinds[test.device]
        found[name] = np.stack([near, network])
    return found


def _folds(kinds: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Every family spread over the folds."""
    folds = np.zeros(len(kinds), np.int64)
    for kind in np.unique(kinds):
        members = np.flatnonzero(kinds == kind)
        folds[np.random.default_rng(3).permutation(members)] = np.arange(len(members)) % count
    return folds
