"""`gritspace evaluate`: a space examined on audio it was not trained on, in float and in the engine's integers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gritspace.host_tools import audio_sources
from gritspace.host_tools.hil.takes import BLOCK_FRAMES, excerpt
from gritspace.host_tools.models.made_from import file_sha256
from gritspace.host_tools.models.model_files import model_from_space, read_space, rest_position
from gritspace.host_tools.sound.level_trim import trimmed
from gritspace.host_tools.spaces import box, foreign, purity
from gritspace.host_tools.spaces.playing import IntegerPlayer
from gritspace.quantize.model import grit
from gritspace.quantize.model.model import IntegerModel
from gritspace.train.audio import signals
from gritspace.train.devices.finding import find_devices
from gritspace.train.errors import InputError
from gritspace.train.network.metrics import pooled_esr
from gritspace.train.space.measures import clips, evaluate, monotony, smoothness
from gritspace.train.space.measures.clips import SPLITS, Clip
from gritspace.train.space.space import PLAYED, Space

Audio = NDArray[np.float32]
Tell = Callable[[float, float, str], None]

TEST_SEED = 2_000_000
CLIPS_OF_DIFFERENT_AUDIO = 60
"""Settings hear audio of their own until this many; then they share."""
SWEPT_DEVICES = 12
SWEEP_SECONDS, SWEEP_PLACES, ROUGH_PLACES = 1.5, 9, 3


@dataclass(frozen=True)
class ClipScore:
    """One clip's errors against its device, in integers and in float, and the integers' against the float's."""

    clip: Clip
    in_float: evaluate.SettingEsr
    in_integers: evaluate.SettingEsr
    esr_integer_vs_float: float
    sound: Audio = field(repr=False)  # of the integers


@dataclass
class Sweep:
    """One played dimension from -1 to 1, as the engine plays it, and how rough that is."""

    dimension: str
    start: str
    sound: Audio
    roughness: dict[str, float]


@dataclass
class Examination:
    """Everything that was found."""

    space: Space
    path: Path
    scores: list[ClipScore]
    shuffled_esr: list[float]
    spearman_seen: dict[str, NDArray[np.float64]]  # by label, (dimension turned, attribute)
    spearman_unseen: dict[str, NDArray[np.float64]]
    spearman_positions: NDArray[np.float64]
    separation: float
    separation_scores: NDArray[np.float64]
    sweeps: list[Sweep]
    clip_seconds: float
    enroll_seconds: float
    box: box.Box
    aliasing: list[purity.Aliasing]
    grain_db: float
    foreign: dict[str, foreign.Foreign]
    seconds: float = 0.0

    def of(self, split: str) -> list[ClipScore]:
        """The scores of one split."""
        return [score for score in self.scores if score.clip.split == split]


def evaluate_space(
    path: Path,
    captures: Sequence[Path],
    audio: Sequence[Path],
    seconds: float,
    enroll_seconds: float,
    tell: Tell,
    grit_path: Path | None = None,
    foreign_audio: Sequence[Path] = (),
) -> Examination:
    """Reads, renders, plays and measures. enroll_seconds 0: without test devices. grit_path: the space's integer model,
    else one is made.

    Raises InputError for unusable files, or if no device is the space's.
    """
    started = time.monotonic()
    space = read_space(path)
    model = None if grit_path is None else model_of(grit_path, path)
    devices = find_devices(captures)
    tell(0, 0, "rendering the devices")
    dry, learn_from = test_audio(audio, seconds * CLIPS_OF_DIFFERENT_AUDIO, enroll_seconds)
    found = clips.seen_clips(space, devices, dry, seconds)
    found += clips.between_clips(space, devices, dry, seconds)
    if enroll_seconds:
        found += clips.stranger_clips(space, devices, dry, seconds, learn_from, told(tell, "enrolling "))
    tell(0, 0, "making integers")
    player = IntegerPlayer(model or trimmed(model_from_space(space, path, audio_sources.calibration_audio(audio)))[0])
    scores = [scored(space, player, clip, tell, i, len(found)) for i, clip in enumerate(found)]
    shuffled = shuffled_esr(space, [score.clip for score in scores if score.clip.split == "seen"])
    tell(0, 0, "sweeping the played dimensions")
    positions, measured = of_positions(space)
    tell(0, 0, "turning every knob all over the box")
    whole_box = box.examined(space, player)
    tell(0, 0, "playing pure tones, quiet notes and foreign material")
    foreign_scores = {
        name.name: foreign.examined(space, player, devices, found, name, seconds) for name in foreign_audio
    }
    separation, table = monotony.separated_attribute_predictability(positions, measured)
    return Examination(
        space=space,
        path=path,
        scores=scores,
        shuffled_esr=shuffled,
        spearman_seen=swept_at(space, one_each(found, "seen")),
        spearman_unseen=swept_at(space, one_each(found, "held_out_devices")),
        spearman_positions=monotony.position_correlations(positions, measured),
        separation=separation,
        separation_scores=table,
        sweeps=swept(space, player, excerpt(dry, SWEEP_SECONDS) if audio else audio_sources.riff(SWEEP_SECONDS)),
        clip_seconds=seconds,
        box=whole_box,
        aliasing=purity.of_clips(player, devices, found),
        grain_db=purity.grain_db(space, player, rest_position(space)),
        foreign=foreign_scores,
        enroll_seconds=enroll_seconds,
        seconds=time.monotonic() - started,
    )


def model_of(grit_path: Path, space_path: Path) -> IntegerModel:
    """The integer model in a file. Raises InputError if it was not made from this very space."""
    model = grit.read_grit(grit_path)
    if model.metadata.get("made_from_sha256") != file_sha256(space_path):
        raise InputError(f"{grit_path}: it was not made from {space_path}; make it with: gritspace quantize.")
    return model


def test_audio(paths: Sequence[Path], seconds: float, enroll_seconds: float) -> tuple[Audio, Audio]:
    """(frames,) to measure on, from files that training leaves out; (frames,) to enroll from, from those it uses."""
    enroll_seconds = max(enroll_seconds, 0.1)
    if not paths:
        return signals.synthetic(seconds, TEST_SEED), signals.synthetic(enroll_seconds, TEST_SEED + 1)
    held_out = [note for path in paths for note in signals.read_folder(path, "validation")]
    train = [note for path in paths for note in signals.read_folder(path, "train")]
    return (
        signals.phrases_from(held_out, seconds, TEST_SEED),
        signals.phrases_from(train, enroll_seconds, TEST_SEED + 1),
    )


def scored(space: Space, player: IntegerPlayer, clip: Clip, tell: Tell, index: int, count: int) -> ClipScore:
    """One clip, played both ways."""
    tell(index, count, clip.label)
    in_float = evaluate.played(space, clip)
    in_integers = clip.level * player.at_rest(clip.dry, clip.position)
    target, of_float = evaluate.settled(space, clip.wet, in_float)
    _, of_integers = evaluate.settled(space, clip.wet, in_integers)
    return ClipScore(
        clip,
        evaluate.scored(clip.label, clip.device, target, of_float),
        evaluate.scored(clip.label, clip.device, target, of_integers),
        pooled_esr([(of_float, of_integers)]) if of_float.any() else 0.0,
        in_integers,
    )


def shuffled_esr(space: Space, seen: Sequence[Clip]) -> list[float]:
    """The control: every clip at the position of a clip of another device. Errors that stay low would mean that
    positions do not matter."""
    found = []
    for i, clip in enumerate(seen):
        others = [other for other in (*seen[i + 1 :], *seen[:i]) if other.device != clip.device]
        if others:
            other = others[len(others) // 2]
            pair = evaluate.settled(space, clip.wet, evaluate.played(space, clip, other.position))
            found.append(pooled_esr([pair]))
    return found


def swept_at(space: Space, some: Sequence[Clip]) -> dict[str, NDArray[np.float64]]:
    """By label, Spearman of each played dimension (row) with each attribute (column) as it is swept there."""
    positions = torch.from_numpy(np.array([clip.position for clip in some], np.float32))
    return dict(zip((clip.label for clip in some), monotony.sweep_correlations(space, positions), strict=True))


def one_each(found: Sequence[Clip], split: str, most: int = SWEPT_DEVICES) -> list[Clip]:
    """Up to `most` devices' middle settings."""
    by_device: dict[str, list[Clip]] = {}
    for clip in found:
        if clip.split == split:
            by_device.setdefault(clip.device, []).append(clip)
    chosen = [of_one[len(of_one) // 2] for of_one in by_device.values()]
    picked = np.linspace(0, max(len(chosen) - 1, 0), min(most, len(chosen))).round().astype(int)
    return [chosen[i] for i in picked]


def of_positions(space: Space) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions (n, size) and attributes (n, 4) of the settings that the space has both of."""
    labels = [name for name in space.positions if name in space.attributes]
    size = space.config.decoder.position_size
    return (
        np.array([space.positions[name] for name in labels]).reshape(-1, size),
        np.array([space.attributes[name] for name in labels]).reshape(-1, len(PLAYED)),
    )


def swept(space: Space, player: IntegerPlayer, audio: Audio) -> list[Sweep]:
    """Every played dimension from -1 to 1 through the engine, from the middle of the space and from two devices."""
    labels = list(space.positions)
    starts = {"the middle": rest_position(space)}
    for i in np.linspace(0, len(labels) - 1, ROUGH_PLACES - 1).round().astype(int):
        starts[labels[i]] = np.array(space.positions[labels[i]])
    blocks = len(audio) // BLOCK_FRAMES
    audio = audio[: blocks * BLOCK_FRAMES]
    found = []
    for name, start in starts.items():
        for d, dimension in enumerate(PLAYED):
            way = np.tile(start, (blocks, 1))
            way[:, d] = np.linspace(-1, 1, blocks)
            sound = player.moving(audio, way)
            along = way[np.linspace(0, blocks - 1, SWEEP_PLACES).round().astype(int)]
            resting = np.stack([player.at_rest(audio, place) for place in along])
            found.append(Sweep(dimension, name, sound, smoothness.roughness(sound, resting)))
    return found


def told(tell: Tell, before: str) -> Tell:
    """tell, with a few words before its words."""
    return lambda done, total, words: tell(done, total, before + words)


def as_report(found: Examination) -> dict[str, Any]:
    """Plain values for JSON; a split without clips has null for every quantile."""
    return {
        "space": str(found.path),
        "space_sha256": file_sha256(found.path),
        "macs_per_frame": found.space.config.decoder.macs_per_frame,
        "position_size": found.space.config.decoder.position_size,
        "clip_seconds": found.clip_seconds,
        "enroll_seconds": found.enroll_seconds,
        "splits": {split: of_split(found.of(split)) for split in SPLITS},
        "held_out_settings_over_seen": over_seen(found),
        "shuffled_positions": {"esr": quantiles(found.shuffled_esr)},
        "integer_vs_float": quantiles([score.esr_integer_vs_float for score in found.scores]),
        "integer_adds": quantiles([s.in_integers.esr / max(s.in_float.esr, 1e-9) - 1 for s in found.of("seen")]),
        "played": {
            name: {
                "spearman": median_of([table[d, d] for table in found.spearman_seen.values()]),
                "spearman_unseen": median_of([table[d, d] for table in found.spearman_unseen.values()]),
                "spearman_positions": float(found.spearman_positions[d]),
                "over_devices": quantiles([table[d, d] for table in found.spearman_seen.values()]),
                "moves": {
                    label: dict(zip(PLAYED, table[d].tolist(), strict=True))
                    for label, table in {**found.spearman_seen, **found.spearman_unseen}.items()
                },
            }
            for d, name in enumerate(PLAYED)
        },
        "separation": {"sap": found.separation, "scores": found.separation_scores.tolist()},
        "smoothness": {
            "step": max(sweep.roughness["step"] for sweep in found.sweeps),
            "click": max(sweep.roughness["click"] for sweep in found.sweeps),
            "sweeps": [{"dimension": s.dimension, "from": s.start, **s.roughness} for s in found.sweeps],
        },
        "box": box.as_values(found.box),
        "aliasing": purity.as_values(found.aliasing),
        "grain_db": found.grain_db,
        "foreign": {name: foreign.as_values(one) for name, one in found.foreign.items()},
        "devices": by_device(found),
        "settings": [of_clip(score) for score in found.scores],
        "seconds": round(found.seconds, 1),
    }


def of_split(scores: Sequence[ClipScore]) -> dict[str, Any]:
    """Over settings. esr and mrsl: the integers against the devices; beside them the float model's."""
    return {
        "settings": len(scores),
        "devices": len({score.clip.device for score in scores}),
        "esr": quantiles([score.in_integers.esr for score in scores]),
        "mrsl": quantiles([score.in_integers.mrsl for score in scores]),
        "float": {
            "esr": quantiles([score.in_float.esr for score in scores]),
            "mrsl": quantiles([score.in_float.mrsl for score in scores]),
        },
    }


def over_seen(found: Examination) -> float | None:
    """Median ESR at held-out settings over that at seen settings of the same devices; None without such."""
    held = found.of("held_out_settings")
    devices = {score.clip.device for score in held}
    seen = [score.in_integers.esr for score in found.of("seen") if score.clip.device in devices]
    if not held or not seen:
        return None
    return float(np.median([score.in_integers.esr for score in held]) / max(float(np.median(seen)), 1e-9))


def by_device(found: Examination) -> dict[str, dict[str, Any]]:
    """ESR pooled over each device's settings, by split."""
    rows: dict[str, dict[str, Any]] = {}
    for split in SPLITS:
        for device in dict.fromkeys(score.clip.device for score in found.of(split)):
            mine = [score for score in found.of(split) if score.clip.device == device]
            error = sum(float(np.sum(np.square(s.clip.wet, dtype=np.float64))) * s.in_integers.esr for s in mine)
            signal = sum(float(np.sum(np.square(s.clip.wet, dtype=np.float64))) for s in mine)
            rows.setdefault(device, {})[split] = {
                "esr": error / signal,
                "mrsl": float(np.mean([score.in_integers.mrsl for score in mine])),
                "settings": len(mine),
            }
    return rows


def of_clip(score: ClipScore) -> dict[str, Any]:
    """One setting's row."""
    row = {
        "split": score.clip.split,
        "label": score.clip.label,
        "esr": score.in_integers.esr,
        "mrsl": score.in_integers.mrsl,
        "esr_float": score.in_float.esr,
        "mrsl_float": score.in_float.mrsl,
        "esr_integer_vs_float": score.esr_integer_vs_float,
        "position": [float(x) for x in score.clip.position],
    }
    if score.clip.enrolment is not None:
        row["esr_of_guess"] = score.clip.enrolment.esr_of_guess
    return row


def quantiles(values: Sequence[float]) -> dict[str, float | None]:
    """min, q25, median, q75, max; all None of nothing."""
    known = evaluate.quantiles(values)
    return dict.fromkeys(("min", "q25", "median", "q75", "max")) if known is None else dict(known)


def median_of(values: Sequence[float]) -> float | None:
    """None of nothing."""
    return float(np.median(values)) if values else None
