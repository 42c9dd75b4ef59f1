from pathlib import Path

import numpy as np
import pytest

from gritspace.train.audio import signals
from gritspace.train.audio.audio_file import write_audio
from gritspace.train.errors import InputError


@pytest.mark.parametrize("hz", [82.4, 147.0, 440.0, 987.8])
def test_a_plucked_string_sounds_at_its_pitch(hz: float) -> None:
    string = signals.pluck(hz, 1.0, 0.6, np.random.default_rng(0))
    padded = np.abs(np.fft.rfft(string * np.hanning(len(string)), 8 * len(string)))
    lowest, highest = (int(ratio * hz * len(padded) * 2 / 48_000) for ratio in (0.8, 1.2))
    found = (lowest + padded[lowest:highest].argmax()) * 48_000 / (2 * len(padded))
    assert abs(1200 * np.log2(found / hz)) < 10  # cents


def test_a_seed_gives_the_same_audio_and_another_seed_another() -> None:
    assert np.array_equal(signals.synthetic(4.0, 1), signals.synthetic(4.0, 1))
    assert not np.array_equal(signals.synthetic(4.0, 1), signals.synthetic(4.0, 2))


def test_synthetic_audio_has_the_length_asked_for_no_clipping_and_soft_and_loud_parts() -> None:
    audio = signals.synthetic(40.0, 3)
    assert audio.shape == (40 * 48_000,)
    assert audio.dtype == np.float32
    assert np.isfinite(audio).all()
    assert np.abs(audio).max() <= 10 ** (-1 / 20) + 1e-6
    peaks = np.abs(audio.reshape(-1, 48_000)).max(1)
    assert 20 * np.log10(np.quantile(peaks, 0.9) / np.quantile(peaks, 0.1)) > 6


def test_a_sweep_rises_from_one_frequency_to_the_other() -> None:
    audio = signals.sweep(2.0, 100.0, 4000.0)
    crossings = np.flatnonzero(np.diff(np.signbit(audio)))
    hz = 24_000 / np.diff(crossings)
    assert hz[0] == pytest.approx(100, rel=0.05)
    assert hz[-1] == pytest.approx(4000, rel=0.15)


def folder_of_notes(path: Path, count: int = 12) -> Path:
    for i in range(count):
        write_audio(path / f"note{i}.wav", signals.pluck(110.0 * (1 + i / 7), 0.5, 0.5, np.random.default_rng(i)))
    return path


def test_a_folders_splits_share_no_file_and_miss_none(tmp_path: Path) -> None:
    folder_of_notes(tmp_path)
    (tmp_path / "readme.txt").write_text("not audio")
    sides = {split: signals.read_folder(tmp_path, split) for split in ("train", "validation", "all")}
    assert len(sides["train"]) + len(sides["validation"]) == len(sides["all"]) == 12
    assert 0 < len(sides["validation"]) < 6


def test_which_side_a_file_is_on_depends_on_its_name_alone() -> None:
    names = [f"take_{i}.wav" for i in range(2000)]
    share = sum(map(signals.is_validation, names)) / 2000
    assert 0.12 < share < 0.18
    assert signals.is_validation("take_7.wav") == signals.is_validation("take_7.wav")


def test_notes_become_phrases_with_voices_over_one_another(tmp_path: Path) -> None:
    notes = signals.read_folder(folder_of_notes(tmp_path, 4), "all")
    audio = signals.phrases_from(notes, 9.0, 5)
    assert audio.shape == (9 * 48_000,)
    assert np.array_equal(audio, signals.phrases_from(notes, 9.0, 5))
    assert 0.05 < np.abs(audio).max() <= 1


def test_an_empty_and_a_missing_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no audio file in this folder"):
        signals.read_folder(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        signals.read_folder(tmp_path / "none")
    (tmp_path / "broken.wav").write_text("nothing")
    with pytest.raises(InputError, match=r"broken\.wav"):
        signals.read_folder(tmp_path, "all")


def test_shuffled_audio_has_the_same_pieces_in_another_order() -> None:
    audio = np.repeat(np.arange(1, 9, dtype=np.float32), 48_000)
    mixed = signals.shuffled(np.concatenate([audio, [0.5]]).astype(np.float32), 1)
    middles = mixed[24_000:-1:48_000]
    assert sorted(middles) == list(range(1, 9))
    assert list(middles) != list(range(1, 9))
    assert mixed[-1] == 0.5
    assert np.abs(mixed[48_000:-1:48_000]).max() == 0  # faded where pieces meet
