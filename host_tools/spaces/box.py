"""Whether the whole box of a space can be played: what its corners, edges and turns do to silence, level and sound.

Everything is heard through the engine's own C code, in integers. A place has the played dimensions anywhere in
[-1, 1] and the stored ones at the middle of those that are known, as the module starts, unless it is said otherwise.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from gritspace.host_tools.audio_sources import SAMPLE_RATE, riff
from gritspace.host_tools.hil.expected import moves_of
from gritspace.host_tools.hil.hush import UNITY, hush_gains
from gritspace.host_tools.hil.takes import BLOCK_FRAMES
from gritspace.host_tools.models.model_files import rest_position
from gritspace.host_tools.sound.loudness import LEVEL_UNITY, lufs
from gritspace.host_tools.spaces.playing import IntegerPlayer
from gritspace.quantize.model.q15 import to_q15
from gritspace.train.devices.device import Settings
from gritspace.train.space import attributes
from gritspace.train.space.measures.monotony import spearman
from gritspace.train.space.space import PLAYED, Space

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

RANDOM_PLACES, PLACES_SEED = 1_000, 18
SILENT_FRAMES = 64
PHRASE_SECONDS = 2.4
"""The first half of the riff, peaks at -6 dBFS."""
TURNS_FROM, TURN_PLACES, EDGE_PLACES = 6, 9, 9
SPREAD_PLACES = 128
RISES_DB = 0.25
"""An edge is monotone if no step of it falls by more than this: sixteen bits move a quiet harmonic by as much."""
THUMP_SECONDS, THUMP_HZ = 2.0, 2.0
BLOCKER_HZ = 7.5
"""The module's high-pass behind each engine."""
FLOOR_DBFS = -120.0


@dataclass(frozen=True)
class Box:
    """What was found, in the module's own levels unless a field says otherwise.

    dc: (places,) of full scale, random places first, then the 16 corners. corners_lufs: (16,), after the trim.
    corners_peak: (16,) of full scale, after the trim. turns: (turns, places) LUFS. drives: (8, places) dB along the
    edges. cross: (4, 4) Spearman of the dimension turned (row) with each attribute (column), mean over the turns: what
    comes along always, not what wanders. spread: the same over random places of the whole played box.
    thumps: (4,) of full scale, after the trim and the module's high-pass; heard_thumps: behind its hush too, as it is
    heard.
    """

    dc: Floats
    corners_lufs: Floats
    corners_peak: Floats
    turns: Floats
    drives: Floats
    cross: Floats
    spread: Floats
    thumps: Floats
    heard_thumps: Floats

    @property
    def edges_monotone(self) -> int:
        """Of the eight edges along drive."""
        return sum(rises(edge) for edge in self.drives)

    @property
    def cross_talk(self) -> float:
        """Mean size of cross beside its diagonal: 0, each knob does its own; 1, all do the same."""
        return beside_diagonal(self.cross)


class IntegerDecoder:
    """The engine as a device: its knobs are the position's dimensions, 0 for -1 and 1 for 1."""

    kind, licence, name = "space", "NOASSERTION", "engine"

    def __init__(self, player: IntegerPlayer) -> None:
        self.player = player
        self.knobs = tuple(str(i) for i in range(player.model.position_count))

    def render(self, dry: Audio, settings: Settings) -> Audio:
        """dry (batch, frames), settings (batch, position_size) in [0, 1] -> wet (batch, frames)."""
        both = zip(dry, 2 * np.asarray(settings, np.float64) - 1, strict=True)
        return np.stack([self.player.at_rest(audio, place) for audio, place in both])


def corners(rest: Floats) -> Floats:
    """(16, position_size): the played dimensions at their ends, the rest as it is."""
    found = np.tile(rest, (1 << len(PLAYED), 1))
    found[:, : len(PLAYED)] = list(itertools.product((-1, 1), repeat=len(PLAYED)))
    return found


def examined(space: Space, player: IntegerPlayer) -> Box:
    """All of it; a minute or so for a large space."""
    rest = rest_position(space)
    trim = (player.model.trim_q12 or LEVEL_UNITY) / LEVEL_UNITY
    rng = np.random.default_rng(PLACES_SEED)
    random = rng.uniform(-1, 1, (RANDOM_PLACES, len(rest)))
    phrase = riff(PHRASE_SECONDS)
    at_corners = [trim * player.at_rest(phrase, place) for place in corners(rest)]
    starts = _starts(space, rest)
    thumps = np.array([thump(player, rest, d) for d in range(len(PLAYED))])
    return Box(
        dc=np.array([silence_of(player, place) for place in (*random, *corners(rest))]),
        corners_lufs=np.array([lufs(sound) for sound in at_corners]),
        corners_peak=np.array([float(np.abs(sound).max()) for sound in at_corners]),
        turns=np.array([turned(player, start, d, phrase) for start in starts for d in range(len(PLAYED))]),
        drives=np.array([drive_along(player, corner) for corner in corners(rest) if corner[0] < 0]),
        cross=crossed(player, starts),
        spread=spread_over_box(player, rest),
        thumps=trim * thumps[:, 0],
        heard_thumps=trim * thumps[:, 1],
    )


def _starts(space: Space, rest: Floats) -> Floats:
    """The middle, and positions spread over the known ones: (n, position_size)."""
    labels = list(space.positions)
    picked = np.linspace(0, len(labels) - 1, min(TURNS_FROM - 1, len(labels))).round().astype(int)
    return np.array([rest, *(space.positions[labels[i]] for i in picked)])


def silence_of(player: IntegerPlayer, place: Floats) -> float:
    """What silence gives there, of full scale."""
    return float(np.abs(player.at_rest(np.zeros(SILENT_FRAMES, np.float32), place)).max())


def along(start: Floats, dimension: int, places: int) -> Floats:
    """(places, position_size): one dimension from -1 to 1."""
    way = np.tile(start, (places, 1))
    way[:, dimension] = np.linspace(-1, 1, places)
    return way


def turned(player: IntegerPlayer, start: Floats, dimension: int, phrase: Audio) -> list[float]:
    """LUFS at each place of one knob's turn."""
    return [lufs(player.at_rest(phrase, place)) for place in along(start, dimension, TURN_PLACES)]


def drive_along(player: IntegerPlayer, corner: Floats) -> list[float]:
    """The attribute that drive is named for, at places of one edge."""
    settings = (along(corner, 0, EDGE_PLACES) + 1) / 2
    return [one.drive for one in attributes.measure(IntegerDecoder(player), settings.astype(np.float32))]


def rises(drives: Sequence[float] | Floats) -> bool:
    """Whether the attribute (places,), in dB, falls nowhere by more than integers make it."""
    return bool((np.diff(drives) > -RISES_DB).all())


def crossed(player: IntegerPlayer, starts: Floats) -> Floats:
    """(4, 4): Spearman of each dimension's turn with each attribute, mean over the starts."""
    found = np.zeros((len(starts), len(PLAYED), len(PLAYED)))
    for i, start in enumerate(starts):
        for d in range(len(PLAYED)):
            way = along(start, d, TURN_PLACES)
            measured = attributes.measure(IntegerDecoder(player), ((way + 1) / 2).astype(np.float32))
            table = np.array([one.as_list() for one in measured])
            found[i, d] = [spearman(way[:, d], column) for column in table.T]
    return found.mean(0)


def spread_over_box(player: IntegerPlayer, rest: Floats) -> Floats:
    """(4, 4): |Spearman| of each played dimension with each attribute over random places of the played box."""
    places = np.tile(rest, (SPREAD_PLACES, 1))
    places[:, : len(PLAYED)] = np.random.default_rng(PLACES_SEED).uniform(-1, 1, (SPREAD_PLACES, len(PLAYED)))
    measured = attributes.measure(IntegerDecoder(player), ((places + 1) / 2).astype(np.float32))
    table = np.array([one.as_list() for one in measured])
    return np.array([[abs(spearman(places[:, d], column)) for column in table.T] for d in range(len(PLAYED))])


def beside_diagonal(table: Floats) -> float:
    """Mean size of what is not on a square table's diagonal."""
    return float(np.abs(table[~np.eye(len(table), dtype=bool)]).mean())


def thump(player: IntegerPlayer, rest: Floats, dimension: int) -> tuple[float, float]:
    """The largest sample behind the high-pass while a triangle moves one dimension over its range over silence; and
    behind the module's hush (`hil.hush`), from when that has closed.
    """
    blocks = int(THUMP_SECONDS * SAMPLE_RATE) // BLOCK_FRAMES
    phase = THUMP_HZ * BLOCK_FRAMES / SAMPLE_RATE * np.arange(blocks) % 1.0
    way = np.tile(rest, (blocks, 1))
    way[:, dimension] = 1 - 4 * np.abs(phase - 0.5)
    wet = player.moving(np.zeros(blocks * BLOCK_FRAMES, np.float32), way).astype(np.float64)
    pole = np.exp(-2 * np.pi * BLOCKER_HZ / SAMPLE_RATE)
    still = np.abs(lfilter([1, -1], [1, -pole], wet - wet[0]))
    moved = np.zeros(blocks, bool)
    moved[[frame // BLOCK_FRAMES for frame, _ in moves_of(to_q15(way))[1]]] = True
    gains = hush_gains(np.zeros(len(wet), np.int16), moved, player.model.receptive_field) / UNITY
    return float(still.max()), float((still * gains)[len(still) // 2 :].max())


def dbfs(value: float) -> float:
    """Of full scale; FLOOR_DBFS for nothing."""
    return float(20 * np.log10(max(value, 10 ** (FLOOR_DBFS / 20))))


def as_values(box: Box) -> dict[str, Any]:
    """Plain values for JSON."""
    heard = np.maximum(box.corners_lufs, -70.0)
    turns = np.ptp(np.maximum(box.turns, -70.0), axis=1)
    steps = np.abs(np.diff(np.maximum(box.turns, -70.0), axis=1)).max()
    return {
        "dc_dbfs": dbfs(float(box.dc.max())),
        "dc_corners_dbfs": dbfs(float(box.dc[-len(heard) :].max())),
        "corners_lufs": {"min": float(heard.min()), "max": float(heard.max())},
        "corners_lufs_range": float(np.ptp(heard)),
        "corners_over_full_scale": int((box.corners_peak > 1.0).sum()),
        "turn_lu": {"median": float(np.median(turns)), "max": float(turns.max()), "largest_step": float(steps)},
        "turn_lu_by_knob": {name: float(np.median(turns[d :: len(PLAYED)])) for d, name in enumerate(PLAYED)},
        "edges_monotone": box.edges_monotone,
        "edges_worst_fall_db": float(max(0.0, -np.diff(box.drives, axis=1).min())),
        "cross_talk": box.cross_talk,
        "cross_talk_over_box": beside_diagonal(box.spread),
        "cross": {
            name: {other: float(box.cross[d, a]) for a, other in enumerate(PLAYED)} for d, name in enumerate(PLAYED)
        },
        "thump_dbfs": dbfs(float(box.heard_thumps.max())),
        "thump_before_hush_dbfs": dbfs(float(box.thumps.max())),
        "thump_by_knob_dbfs": {name: dbfs(float(box.thumps[d])) for d, name in enumerate(PLAYED)},
    }
