"""Three ways to a meaningful space, by the same measures on the same pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.devices.device import Device
from gritspace.train.matching.clips import Clips, dry_stream, excerpts, kept, render_clips
from gritspace.train.matching.mel import log_spectral_distance
from gritspace.train.network.metrics import pooled_esr
from gritspace.train.research.latent_measures import best_monotony, information_gap, monotony, separated_attributes
from gritspace.train.research.space_matching import FlowMap, RegressorMap, fit_map
from gritspace.train.research.space_ways import VIEW_FRAMES, WAYS, Pairs, train_way
from gritspace.train.research.tables.bench import Bench
from gritspace.train.research.tables.table import Cell, Table
from gritspace.train.space import attributes
from gritspace.train.space.data.pairs import LEVEL_RMS
from gritspace.train.space.space import Space

DEVICES = ("rat", "tube_screamer", "big_muff")
FRAMES = 65_536
SETTINGS, HELD_OUT = 64, 20
STEPS = 700
EXCERPTS = 6
CLOSURE_LIMIT = 0.05


@dataclass
class Data:
    """Training and held-out settings (other audio, too), as pairs, with their knobs and devices."""

    train: Pairs
    held_out: Pairs
    clips: Clips
    held_out_clips: Clips


def matched_devices() -> tuple[Device, ...]:
    """Three circuits of two knobs."""
    return tuple(device for device in CIRCUITS if device.name in DEVICES)


def data_for(bench: Bench) -> Data:
    """Rendered once. Wet audio is multiplied by one gain a device, found on the training settings."""
    devices = matched_devices()

    def part(split: str, count: int, seed: int) -> Clips:
        def render() -> Clips:
            source = excerpts(dry_stream(bench.audio, 120.0, bench.seed + seed, split), FRAMES)
            return render_clips(devices, count, source, bench.seed + seed)

        options = {"frames": FRAMES, "count": count, "audio": [str(p) for p in bench.audio], "seed": bench.seed + seed}
        return kept(bench.cache, f"spaces-{split}", options, render)

    train, held_out = part("train", bench.scaled(SETTINGS), 700), part("validation", HELD_OUT, 800)
    loud = [LEVEL_RMS / float(np.sqrt(np.mean(train.wet[train.device == i] ** 2))) for i in range(len(devices))]
    gains = np.array(loud)
    return Data(_pairs(devices, train, gains), _pairs(devices, held_out, gains), train, held_out)


def _pairs(devices: tuple[Device, ...], clips: Clips, gains: NDArray[np.float64]) -> Pairs:
    measured = np.zeros((len(clips), 4), np.float32)
    for i, device in enumerate(devices):
        chosen = clips.device == i
        measured[chosen] = [one.as_list() for one in attributes.measure(device, clips.settings[chosen])]
    wet = clips.wet * gains[clips.device][:, None].astype(np.float32)
    return Pairs(torch.from_numpy(clips.dry), torch.from_numpy(wet), torch.from_numpy(measured))


@torch.no_grad()
def encoded(space: Space, pairs: Pairs, last: int = FRAMES) -> Tensor:
    """Mean positions of several excerpts of every setting's first `last` frames: (excerpts, n, size)."""
    starts = np.linspace(0, last - VIEW_FRAMES, EXCERPTS).astype(int)
    parts = [
        space.encoder(pairs.dry[:, s : s + VIEW_FRAMES], pairs.wet[:, s : s + VIEW_FRAMES])[0] for s in starts.tolist()
    ]
    return torch.stack(parts)


@dataclass
class Heard:
    """Error-to-signal ratio pooled over all, and mean LSD in dB."""

    esr: float
    lsd: float


@torch.no_grad()
def played(space: Space, pairs: Pairs, positions: Tensor) -> Heard:
    """The decoder at positions (n, size) against the second half of every clip."""
    half = pairs.dry.shape[1] // 2
    wet = space.render(pairs.dry, positions)[:, half:]
    return Heard(
        pooled_esr([(pairs.wet[:, half:], wet)]), float(log_spectral_distance(pairs.wet[:, half:], wet).mean())
    )


@torch.no_grad()
def closure(space: Space, knob_map: FlowMap | RegressorMap, data: Data) -> tuple[NDArray[Any], NDArray[Any]]:
    """knobs -> position -> knobs at the held-out settings, at once and through sound: absolute errors (n, knobs).

    Through sound: the decoder plays the position, the encoder hears it, the map tells the knobs.
    """
    clips = data.held_out_clips
    knobs, device = torch.from_numpy(clips.settings), torch.from_numpy(clips.device)
    positions = knob_map.positions(knobs, device)
    at_once = (knob_map.knobs(positions, device) - knobs).abs().numpy()
    sounding = Pairs(data.held_out.dry, space.render(data.held_out.dry, positions), data.held_out.measured)
    heard = encoded(space, sounding).mean(0)
    return at_once, (knob_map.knobs(heard, device).clamp(0, 1) - knobs).abs().numpy()


def row_of(way: str, map_kind: str, space: Space, data: Data, seed: int) -> tuple[list[Cell], dict[str, float]]:
    """All measures of one space under one map."""
    of_train = encoded(space, data.train)
    knobs, device = torch.from_numpy(data.clips.settings), torch.from_numpy(data.clips.device)
    knob_map = fit_map(map_kind, of_train.flatten(0, 1), knobs.repeat(EXCERPTS, 1), device.repeat(EXCERPTS), seed)
    first_half = encoded(space, data.held_out, FRAMES // 2).mean(0)
    by_encoder = played(space, data.held_out, first_half)
    held_knobs, held_device = (
        torch.from_numpy(data.held_out_clips.settings),
        torch.from_numpy(data.held_out_clips.device),
    )
    by_knobs = played(space, data.held_out, knob_map.positions(held_knobs, held_device))
    told = (knob_map.knobs(first_half, held_device).clamp(0, 1) - held_knobs).abs()
    at_once, through_sound = closure(space, knob_map, data)
    z, measured = of_train.mean(0).numpy(), data.train.measured.numpy()
    findings = {
        "esr": by_encoder.esr,
        "esr_from_knobs": by_knobs.esr,
        "knob_error": float(told.mean()),
        "closure_worst": float(at_once.max()),
        "closure_within_limit": float((at_once.max(1) <= CLOSURE_LIMIT).mean()),
        "closure_through_sound": float(through_sound.mean()),
        "through_sound_within_limit": float((through_sound <= CLOSURE_LIMIT).mean()),
    }
    cells: list[Cell] = [
        way,
        map_kind,
        by_encoder.esr,
        by_encoder.lsd,
        by_knobs.esr,
        float(np.abs(monotony(z, measured)).mean()),
        float(best_monotony(z, measured).mean()),
        float(information_gap(z, measured).mean()),
        float(separated_attributes(z, measured).mean()),
        findings["knob_error"],
        100 * findings["closure_worst"],
        100 * findings["closure_through_sound"],
        knob_map.macs(),
    ]
    return cells, findings


def spaces(bench: Bench) -> Table:
    """Rows: each way with two regressors as its map; then the invertible map on the first two ways' spaces."""
    data = data_for(bench)
    rows: list[list[Cell]] = []
    findings: dict[str, Any] = {"settings": len(data.clips), "held_out_settings": len(data.held_out_clips)}
    later: list[tuple[list[Cell], dict[str, float]]] = []
    for way in WAYS:
        space = train_way(way, data.train, bench.scaled(STEPS), bench.seed)
        cells, _ = row_of(way, "regressors", space, data, bench.seed)
        rows.append(cells)
        cells, found = row_of(f"space matching on {way}", "flow", space, data, bench.seed)
        later.append((cells, found))
        findings |= {f"{name} ({way})": value for name, value in found.items()}
        config = space.config.decoder
        findings["decoder_macs_a_frame"] = config.macs_per_frame
        findings["film_macs_a_move"] = config.film_hidden * (config.position_size + 2 * config.film_rows)
    return Table(
        "spaces",
        "Which way gives a space that sounds right, is in order, and knows the knobs? (settings and audio held out)",
        [
            "way",
            "map to knobs",
            "ESR, position by ear",
            "LSD, dB",
            "ESR, position by knobs",
            "monotony, own dimension",
            "monotony, best dimension",
            "gap (MIG)",
            "SAP",
            "knob error, by ear",
            "closure, worst, %",
            "closure through sound, mean, %",
            "map, MAC a move",
        ],
        rows + [cells for cells, _ in later],
        findings,
    )
