"""Recordings: alignment and verdicts, on phrases through a simulated clipper with known faults put in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, lfilter

from gritspace.train.audio import signals
from gritspace.train.audio.audio_file import resample
from gritspace.train.audio.recording import pieces
from gritspace.train.audio.recording.blips import blips
from gritspace.train.audio.recording.course import Stretch
from gritspace.train.audio.recording.recording import align, read_recording
from gritspace.train.audio.recording.sound_file import clipped_share
from gritspace.train.errors import InputError

Audio = NDArray[np.float32]
RATE = 48_000
SECONDS = 14


def distorted(dry: Audio, gain: float = 8.0) -> Audio:
    """A high-pass, a clipper and a cabinet's low-pass: none of them later than 3 frames."""
    high, low = butter(1, 100, "high", fs=RATE), butter(1, 6000, fs=RATE)
    return (0.4 * lfilter(*low, np.tanh(gain * lfilter(*high, dry)))).astype(np.float32)


@pytest.fixture(scope="module")
def dry() -> Audio:
    return signals.synthetic(SECONDS, 3)


def late(audio: Audio, frames: int) -> Audio:
    return np.concatenate([np.zeros(frames, np.float32), audio]) if frames >= 0 else audio[-frames:]


@pytest.mark.parametrize("frames", [-30_000, -200, 0, 40, 1_234, 100_000])
@pytest.mark.parametrize("gain", [2.0, 100.0])
def test_a_delay_is_found_and_taken_out(dry: Audio, frames: int, gain: float) -> None:
    wet = distorted(dry, gain)
    found = align(dry, late(wet, frames), "dry", "wet")
    assert abs(found.delay_frames - frames) <= 2
    assert len(found.dry) == len(found.wet)
    early = found.delay_frames - frames  # by so many frames wet comes early still: heard by nobody, and never too late
    played = distorted(dry, gain)[max(0, -found.delay_frames) + early :][:1000] if frames < 0 else distorted(dry, gain)
    first = 20
    assert np.array_equal(found.dry, dry[max(0, -found.delay_frames) :][: len(found.dry)])
    if frames > 0:
        assert np.array_equal(found.wet[first:1000], played[first + early : 1000 + early])
    else:
        assert np.array_equal(found.wet[first:1000], played[first:1000])


def test_an_upside_down_recording_is_turned_over_and_said(dry: Audio) -> None:
    upright, inverted = align(dry, distorted(dry), "dry", "wet"), align(dry, -distorted(dry), "dry", "wet")
    assert inverted.inverted
    assert not upright.inverted
    assert np.array_equal(inverted.wet, upright.wet)
    assert any("upside down" in remark for remark in inverted.remarks)


def test_unequal_lengths_are_cut_and_said(dry: Audio) -> None:
    found = align(dry, distorted(dry)[: 12 * RATE], "dry.wav", "wet.wav")
    assert len(found.dry) == len(found.wet) == 12 * RATE
    assert any("dry.wav is 2.0 s longer" in remark for remark in found.remarks)


def test_another_performance_is_refused_unless_forced(dry: Audio) -> None:
    other = distorted(signals.synthetic(SECONDS, 4))
    with pytest.raises(InputError, match="does not seem to be what was played"):
        align(dry, other, "dry", "wet")
    assert any("all the same" in remark for remark in align(dry, other, "dry", "wet", force=True).remarks)


@pytest.mark.parametrize("ppm", [20.0, -40.0])
def test_two_clocks_are_told_and_brought_into_step(dry: Audio, ppm: float) -> None:
    wet = distorted(dry)
    found = align(dry, soxr.resample(wet, RATE, RATE * (1 + ppm * 1e-6), quality="VHQ"), "dry", "wet")
    assert found.drift_ppm == pytest.approx(ppm, rel=0.2)
    assert any("ppm" in remark for remark in found.remarks)
    frames = min(len(found.wet), len(wet)) - 2000
    error = np.square(found.wet[2000:frames] - wet[2000 + found.delay_frames :][: frames - 2000]).sum()
    assert error < 0.02 * np.square(wet[2000:frames]).sum()


def test_a_tape_that_wows_is_refused(dry: Audio) -> None:
    """No steady drift and no jumps: 12 frames to and fro, once in seven seconds."""
    time = np.arange(len(dry))
    wet = np.interp(time + 12 * np.sin(2 * np.pi * 0.15 * time / RATE), time, distorted(dry)).astype(np.float32)
    with pytest.raises(InputError, match="wanders"):
        align(dry, wet, "dry", "wet")


def test_five_ppm_over_forty_seconds_are_found() -> None:
    dry = signals.synthetic(40, 8)
    wet = soxr.resample(distorted(dry), RATE, RATE * (1 + 5e-6), quality="VHQ")
    assert align(dry, wet, "dry", "wet").drift_ppm == pytest.approx(5, rel=0.2)


@pytest.mark.parametrize("lost", [64, 4800, -512])
def test_a_lost_or_repeated_buffer_is_found_placed_and_cut_out(dry: Audio, lost: int) -> None:
    wet, at = distorted(dry), 8 * RATE
    broken = np.concatenate([wet[:at], wet[at + lost :]])
    found = align(dry, broken, "dry", "wet")
    (jump,) = found.jumps
    assert jump.frames == -lost
    assert abs(jump.seconds - 8) < 0.3
    assert found.joints
    assert any("buffer" in remark for remark in found.remarks)
    after = found.joints[0]
    error = np.square(found.wet[after + 500 :] - distorted(found.dry)[after + 500 :]).sum()
    assert error < 0.01 * np.square(found.wet[after:]).sum()


def test_an_aligned_pair_has_no_delay_and_no_remark_through_any_low_pass(dry: Audio) -> None:
    for cutoff_hz, poles in ((300, 1), (1000, 2), (5000, 4)):
        wet = lfilter(*butter(poles, cutoff_hz, fs=RATE), distorted(dry)).astype(np.float32)
        found = align(dry, wet, "dry", "wet")
        assert (found.delay_frames, found.remarks) == (0, ()), cutoff_hz


def test_a_long_rest_is_said_and_left_out(dry: Audio) -> None:
    played = np.concatenate([dry[: 7 * RATE], np.zeros(12 * RATE, np.float32), dry[7 * RATE :]])
    found = align(played, late(distorted(played), 100), "dry", "wet")
    assert abs(found.delay_frames - 100) <= 2
    assert any("nothing is played" in remark for remark in found.remarks)
    assert found.seconds < 17


def test_a_wet_that_goes_silent_under_a_loud_dry_is_said_and_left_out(dry: Audio) -> None:
    wet = distorted(dry)
    wet[5 * RATE : 7 * RATE] = 0
    found = align(dry, wet, "dry", "wet")
    assert any("silent for" in remark for remark in found.remarks)
    assert found.seconds < SECONDS - 1.5


def test_a_dead_cable_is_told_whatever_the_device_makes_of_its_input(dry: Audio) -> None:
    """Of a wave folder no rough device knows much: here nothing at all is expected of it."""
    noise = (1e-4 * np.random.default_rng(1).standard_normal(len(dry))).astype(np.float32)
    wet = 0.3 * np.sin(25 * dry) + noise
    whole = [Stretch(0, len(dry), 0)]
    assert pieces.worth_learning(dry, wet, np.zeros_like(wet), whole, "wet")[1] == []
    wet[5 * RATE : 7 * RATE] = noise[5 * RATE : 7 * RATE]
    kept, said = pieces.worth_learning(dry, wet, np.zeros_like(wet), whole, "wet")
    assert any("silent for" in remark for remark in said)
    assert all(part.stop < 6 * RATE or part.start > 6 * RATE for part in kept)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda wet: np.zeros_like(wet), "silent"),
        (lambda wet: np.clip(30 * wet, -1, 1), "clipped"),
        (lambda wet: wet[: 3 * RATE], "too little"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(dry: Audio, make: object, words: str) -> None:
    with pytest.raises(InputError, match=words) as refusal:
        align(dry, make(distorted(dry)), "dry.wav", "wet.wav")  # type: ignore[operator]
    assert "wet.wav" in str(refusal.value)


def test_a_pair_that_hardly_overlaps_is_refused(dry: Audio) -> None:
    wet = np.concatenate([np.zeros(11 * RATE, np.float32), distorted(dry)[: 3 * RATE]])
    with pytest.raises(InputError, match="belong together"):
        align(dry, wet, "dry", "wet")


def test_clipping_is_runs_at_full_scale_and_nothing_else() -> None:
    sine = np.sin(np.arange(48_000) / 20).astype(np.float32)
    assert clipped_share(0.5 * sine) == 0
    assert clipped_share(sine) < 1e-3
    assert clipped_share(0.5 * np.clip(2 * sine, -1, 1)) == 0, "a fuzz's flat tops below full scale are no clipping"
    assert clipped_share(np.clip(2 * sine, -1, 1)) == pytest.approx(2 / 3, abs=0.01)


def test_blips_tell_the_delay_to_the_frame(dry: Audio) -> None:
    played = np.concatenate([np.zeros(2 * RATE, np.float32), dry])
    for second in (0.5, 1.2):
        played[int(second * RATE)] = 0.9
    assert blips(played) == [24_000, 57_600]
    assert (
        align(played, late(distorted(played), 777), "dry", "wet").delay_frames == 776
    )  # a frame early, as NAM does it


def test_blips_that_do_not_sound_alike_are_told(dry: Audio) -> None:
    played = np.concatenate([np.zeros(2 * RATE, np.float32), dry, np.zeros(2 * RATE, np.float32)])
    for frame in (24_000, 72_000, len(played) - 72_000, len(played) - 24_000):
        played[frame : frame + 4] = 0.9
    wet = distorted(played)
    assert not align(played, wet, "dry", "wet").remarks
    wet[-RATE:] *= 0.5
    assert any("blip" in remark for remark in align(played, wet, "dry", "wet").remarks)


def test_files_of_other_rates_are_resampled(tmp_path: Path, dry: Audio) -> None:
    soundfile.write(tmp_path / "dry.wav", resample(dry, RATE, 44_100), 44_100, subtype="FLOAT")
    soundfile.write(tmp_path / "wet.wav", distorted(dry), RATE, subtype="FLOAT")
    assert abs(read_recording(tmp_path / "dry.wav", tmp_path / "wet.wav").delay_frames) <= 2


def test_clipping_is_seen_before_resampling(tmp_path: Path, dry: Audio) -> None:
    wet = np.clip(4 * resample(distorted(dry), RATE, 44_100), -1, 1)
    soundfile.write(tmp_path / "dry.wav", resample(dry, RATE, 44_100), 44_100)
    for subtype in ("PCM_16", "PCM_24", "FLOAT"):
        soundfile.write(tmp_path / "wet.wav", wet, 44_100, subtype=subtype)
        with pytest.raises(InputError, match="clipped"):
            read_recording(tmp_path / "dry.wav", tmp_path / "wet.wav")


def test_a_hot_float_file_is_told(tmp_path: Path, dry: Audio) -> None:
    wet = distorted(dry)
    soundfile.write(tmp_path / "dry.wav", dry, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "wet.wav", wet * np.float32(1.7 / np.abs(wet).max()), RATE, subtype="FLOAT")
    found = read_recording(tmp_path / "dry.wav", tmp_path / "wet.wav")
    assert any("above full scale" in remark for remark in found.remarks)


def test_stereo_is_mixed_where_equal_dropped_where_silent_and_else_to_be_chosen(tmp_path: Path, dry: Audio) -> None:
    wet = distorted(dry)
    soundfile.write(tmp_path / "dry.wav", np.stack([dry, dry], 1), RATE, subtype="FLOAT")
    paths = tmp_path / "dry.wav", tmp_path / "wet.wav"
    soundfile.write(paths[1], np.stack([np.zeros_like(wet), wet], 1), RATE, subtype="FLOAT")
    found = read_recording(*paths)
    assert any("left channel is silent" in remark for remark in found.remarks)
    assert np.allclose(found.wet, wet)
    soundfile.write(paths[1], np.stack([0.2 * np.roll(wet, 400), wet], 1), RATE, subtype="FLOAT")
    with pytest.raises(InputError, match="--channel"):
        read_recording(*paths)
    assert np.allclose(read_recording(*paths, channel="right").wet, wet)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda wet: wet * (1 + 0.6 * np.sin(2 * np.pi * 4 * np.arange(len(wet)) / RATE)), "beats at 4.0 Hz"),
        (lambda wet: wet + 0.5 * late(wet, 12_000)[: len(wet)], "comes back after 250 ms"),
        (lambda wet: wet + 0.25 * late(wet, 5_760)[: len(wet)], "comes back after 120 ms"),
        (
            lambda wet: np.concatenate([wet[: len(wet) // 2], 0.4 * wet[len(wet) // 2 :]]),
            "changes at about 12 s",
        ),
    ],
)
def test_what_changes_meanwhile_is_told(make: object, words: str) -> None:
    dry = signals.synthetic(24, 5)
    found = align(dry, make(distorted(dry)).astype(np.float32), "dry", "wet")  # type: ignore[operator]
    assert any(words in remark for remark in found.remarks), found.remarks
    assert found.delay_frames == 0
