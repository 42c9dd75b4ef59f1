"""Dry and wet of any two rates, bits and kinds of file: the delay is that of the sound, a fault is where it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray
from scipy import signal

from gritspace.train.audio import signals
from gritspace.train.audio.recording.recording import read_recording

SECONDS, DEVICE_RATE = 6, 192_000
WAV, WAV16, FLAC = ("wav", "FLOAT"), ("wav", "PCM_16"), ("flac", "PCM_24")
Floats = NDArray[np.float64]


def dry() -> Floats:
    sound = signals.synthetic(SECONDS, 11).astype(np.float64)
    return soxr.resample(0.5 * sound / np.abs(sound).max(), 48_000, DEVICE_RATE, quality="VHQ")


def device(sound: Floats) -> Floats:
    return 0.4 * np.tanh(5 * signal.lfilter(*signal.butter(1, 6_000, fs=DEVICE_RATE), sound))


def written(folder: Path, name: str, sound: Floats, rate: int, kind: tuple[str, str]) -> Path:
    """sound: at DEVICE_RATE."""
    path = folder / f"{name}.{kind[0]}"
    soundfile.write(path, soxr.resample(sound, DEVICE_RATE, rate, quality="VHQ"), rate, subtype=kind[1])
    return path


@pytest.mark.parametrize(
    ("dry_rate", "dry_kind", "wet_rate", "wet_kind", "delay", "sign"),
    [
        (96_000, FLAC, 96_000, WAV, 0, 1),
        (88_200, FLAC, 88_200, FLAC, 240, 1),
        (96_000, WAV, 48_000, WAV16, 100, -1),
        (48_000, WAV16, 88_200, WAV, 100, 1),
        (44_100, WAV16, 96_000, FLAC, 240, -1),
        (192_000, WAV16, 192_000, WAV16, 0, 1),
    ],
)
def test_the_delay_is_that_of_the_sound_at_any_two_rates(
    dry_rate: int,
    dry_kind: tuple[str, str],
    wet_rate: int,
    wet_kind: tuple[str, str],
    delay: int,
    sign: int,
    tmp_path: Path,
) -> None:
    """delay: in frames at 48 kHz."""
    late = delay * DEVICE_RATE // 48_000
    wet = sign * np.concatenate([np.zeros(late), device(dry())])[: SECONDS * DEVICE_RATE]
    found = read_recording(
        written(tmp_path, "dry", dry(), dry_rate, dry_kind), written(tmp_path, "wet", wet, wet_rate, wet_kind)
    )
    assert found.delay_frames == delay
    assert found.inverted == (sign < 0)
    assert found.jumps == ()
    assert abs(found.drift_ppm) < 2
    expected = soxr.resample(sign * wet, DEVICE_RATE, 48_000, quality="VHQ")[delay:]
    frames = min(len(found.wet), len(expected)) - 500
    error = np.square(found.wet[500:frames] - expected[500:frames]).sum() / np.square(expected[500:frames]).sum()
    assert error < 1e-5


def test_a_buffer_lost_at_96_khz_is_told_in_frames_of_48(tmp_path: Path) -> None:
    wet, at, lost = device(dry()), 3 * DEVICE_RATE, 512 * DEVICE_RATE // 96_000
    torn = np.concatenate([wet[:at], wet[at + lost :], np.zeros(lost)])
    found = read_recording(written(tmp_path, "dry", dry(), 96_000, FLAC), written(tmp_path, "wet", torn, 96_000, FLAC))
    assert [jump.frames for jump in found.jumps] == [-256]
    assert found.jumps[0].seconds == pytest.approx(3, abs=0.3)


def test_clipping_at_96_khz_is_seen_in_the_file_s_own_samples(tmp_path: Path) -> None:
    paths = written(tmp_path, "dry", dry(), 96_000, FLAC), written(tmp_path, "wet", device(dry()), 96_000, FLAC)
    assert not any("clipped" in one for one in read_recording(*paths).remarks)
    sound, rate = soundfile.read(paths[1])
    level = np.quantile(np.abs(sound), 0.999)
    soundfile.write(paths[1], np.clip(sound / level, -1, 1), rate, subtype="PCM_24")
    assert any("clipped" in one for one in read_recording(*paths).remarks)
