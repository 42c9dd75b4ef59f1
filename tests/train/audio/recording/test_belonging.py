"""Short clips of held notes through strong circuits: taken as aligned as they are, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import write_audio
from gritspace.train.audio.held_out import held_out, interval
from gritspace.train.audio.recording.belonging import belonging, way_up
from gritspace.train.audio.recording.clips import read_clips
from gritspace.train.audio.recording.recording import align
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.errors import InputError

Audio = NDArray[np.float32]
RATE, FRAMES = 48_000, 235_200


def bass(seed: int) -> Audio:
    """4.9 s of a few plucked low notes, as a player's clip has them: nearly periodic, little treble."""
    rng = np.random.default_rng([seed, 3])
    out = np.zeros(FRAMES)
    for start in np.cumsum(rng.uniform(0.35, 1.1, 12)):
        at = int((start - 0.3) * RATE)
        seconds = np.arange(max(0, FRAMES - at)) / RATE
        hz = 55 * 2 ** (rng.integers(0, 20) / 12)
        for harmonic in range(1, 9):
            decay = np.exp(-seconds * (1.5 + 1.2 * harmonic))
            out[at:] += 0.5 / harmonic**1.5 * decay * np.sin(2 * np.pi * harmonic * hz * seconds + rng.uniform(0, 6))
    return (0.4 * out / np.abs(out).max() + 1e-5 * rng.normal(size=FRAMES)).astype(np.float32)


def through(name: str, dry: Audio, knobs: float) -> Audio:
    circuit = next(one for one in CIRCUITS if one.name == name)
    settings = np.full((1, len(circuit.knobs)), knobs, np.float32)
    wet = circuit.render(dry[None], settings)[0]
    return (0.4 * wet / np.abs(wet).max()).astype(np.float32)


@pytest.mark.parametrize("name", ["rat", "transistor_fuzz"])
def test_a_short_clip_of_held_notes_belongs_where_it_was_played_and_backwards_it_does_not(name: str) -> None:
    dry = bass(1)
    wet = through(name, dry, 0.7)
    right, backwards, other = (belonging(dry, x, []) for x in (wet, wet[::-1].copy(), through(name, bass(2), 0.7)))
    assert right.sure, right
    assert right.lag == 0
    assert not backwards.sure, backwards
    assert not other.sure, other


@pytest.mark.parametrize("name", ["rat", "tube_screamer"])
def test_a_short_aligned_clip_has_no_delay_and_no_remark(name: str) -> None:
    dry = bass(3)
    found = align(dry, through(name, dry, 0.8), "dry", "wet")
    assert found.delay_frames == 0
    assert not found.inverted
    assert not found.remarks
    with pytest.raises(InputError, match="not seem to be what was played"):
        align(dry, through(name, dry, 0.8)[::-1].copy(), "dry", "wet")


def test_polarity_is_turned_only_where_it_is_sure() -> None:
    dry = bass(4)
    wet = through("tube_screamer", dry, 0.5)
    assert way_up(dry, wet, 0) != way_up(dry, -wet, 0)
    rectified = np.abs(wet) - np.abs(wet).mean()
    assert way_up(dry, rectified, 0) == way_up(dry, -rectified, 0) == 1


def test_a_short_clip_is_held_out_in_several_parts_so_that_an_interval_can_be_told() -> None:
    dry = bass(5)
    clips = held_out(dry, dry)
    assert len(clips) >= 2
    assert 0.05 < sum(clip.frames for clip in clips) / FRAMES < 0.4
    four = np.concatenate([bass(seed) for seed in range(6, 10)])
    assert len(held_out(four, four, [FRAMES, 2 * FRAMES, 3 * FRAMES])) >= 3
    low, high = interval([1.0 + index for index in range(len(clips))], [10.0] * len(clips))
    assert low > 0
    assert np.isfinite(high)


def test_several_clips_are_aligned_apart_joined_and_turned_the_same_way(tmp_path: Path) -> None:
    dries, wets = [], []
    for number, late in enumerate((0, 480, 0)):
        dry = np.concatenate([bass(number), bass(number + 10)])
        wet = np.concatenate([np.zeros(late, np.float32), np.tanh(3 * dry)])
        for name, audio, into in (("dry", dry, dries), ("wet", wet, wets)):
            into.append(tmp_path / f"{name}{number}.wav")
            write_audio(into[-1], audio)
    found = read_clips(dries, wets)
    assert found.seconds == pytest.approx(6 * FRAMES / RATE, abs=0.1)
    assert len(found.joints) == 2
    straight = np.tanh(3 * found.dry)
    assert np.square(straight - found.wet).sum() < 1e-3 * np.square(found.wet).sum()
    with pytest.raises(InputError, match="in pairs"):
        read_clips(dries, wets[:2])
