"""Recordings: alignment and verdicts, on phrases through a simulated clipper with known faults put in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, lfilter

from gritspace.train.audio import signals
from gritspace.train.audio.recording import align, clipped_share, read_recording
from gritspace.train.audio.recording_delay import blips, find_delay
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
    assert frames - 16 <= found.delay_frames <= frames + 3
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


def test_two_clocks_are_recognised(dry: Audio) -> None:
    places = np.arange(SECONDS * RATE) * (1 + 3e-5)
    wet = np.interp(places, np.arange(SECONDS * RATE), distorted(dry)).astype(np.float32)
    with pytest.raises(InputError, match="one clock"):
        align(dry, wet, "dry", "wet")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda wet: np.zeros_like(wet), "silent"),
        (lambda wet: np.clip(30 * wet, -1, 1), "clipped"),
        (lambda wet: wet[: 4 * RATE], "too little"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(dry: Audio, make: object, words: str) -> None:
    with pytest.raises(InputError, match=words) as refusal:
        align(dry, make(distorted(dry)), "dry.wav", "wet.wav")  # type: ignore[operator]
    assert "wet.wav" in str(refusal.value)


def test_a_pair_that_hardly_overlaps_is_refused(dry: Audio) -> None:
    wet = np.concatenate([np.zeros(6 * RATE, np.float32), distorted(dry)[: 8 * RATE]])
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
    delay = find_delay(played, late(distorted(played), 777))
    assert delay.how == "blips"
    assert delay.frames == 776  # one frame early on purpose, as Neural Amp Modeler does it


def test_files_of_other_rates_are_resampled_and_stereo_is_refused(tmp_path: Path, dry: Audio) -> None:
    from gritspace.train.audio.audio_file import resample

    wet = distorted(dry)
    soundfile.write(tmp_path / "dry.wav", resample(dry, RATE, 44_100), 44_100, subtype="FLOAT")
    soundfile.write(tmp_path / "wet.wav", wet, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "two.wav", np.stack([wet, wet], 1), RATE)
    found = read_recording(tmp_path / "dry.wav", tmp_path / "wet.wav")
    assert abs(found.delay_frames) <= 12
    with pytest.raises(InputError, match="2 channels"):
        read_recording(tmp_path / "dry.wav", tmp_path / "two.wav")
