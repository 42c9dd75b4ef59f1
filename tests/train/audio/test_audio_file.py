from pathlib import Path

import numpy as np
import pytest
import soundfile

from gritspace.train.audio import audio_file
from gritspace.train.audio.audio_file import read_audio, refuse_unusable, write_audio
from gritspace.train.audio.recording.sound_file import read_side
from gritspace.train.errors import InputError
from gritspace.train.output_file import written_whole


def test_what_is_written_is_read_back_bit_for_bit(tmp_path: Path) -> None:
    audio = np.random.default_rng(0).uniform(-1, 1, 4800).astype(np.float32)
    write_audio(tmp_path / "a.wav", audio)
    assert np.array_equal(read_audio(tmp_path / "a.wav"), audio)
    assert soundfile.info(tmp_path / "a.wav").samplerate == 48_000


@pytest.mark.parametrize("rate", [22_050, 44_100, 96_000])
def test_another_rate_is_resampled_with_length_and_alignment_kept(tmp_path: Path, rate: int) -> None:
    time = np.arange(rate) / rate
    soundfile.write(tmp_path / "a.wav", 0.5 * np.sin(2 * np.pi * 1000 * time), rate, subtype="FLOAT")
    audio = read_audio(tmp_path / "a.wav")
    assert abs(len(audio) - 48_000) <= 1
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(len(audio)) / 48_000)
    assert np.abs(audio - expected)[2_000:-2_000].max() < 1e-4


def write_stereo(path: Path) -> None:
    soundfile.write(path, np.zeros((4800, 2)), 48_000)


def write_nan(path: Path) -> None:
    audio = np.zeros(4800, np.float32)
    audio[17] = np.nan
    soundfile.write(path, audio, 48_000, subtype="FLOAT")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.touch(), "empty"),
        (lambda path: path.write_text("not audio at all" * 100), "no audio file"),
        (write_stereo, "2 channels"),
        (write_nan, "frame 17"),
        (lambda path: soundfile.write(path, np.zeros(3), 48_000), "too short"),
        (lambda path: path.mkdir(), "this is a folder"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence_that_names_it(tmp_path, make, reason) -> None:
    path = tmp_path / "take.wav"
    make(path)
    with pytest.raises(InputError, match=reason) as caught:
        read_audio(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wav_cut_short_in_its_header_is_refused(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", np.zeros(4800))
    (tmp_path / "b.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:20])
    with pytest.raises(InputError, match="no audio file"):
        read_audio(tmp_path / "b.wav")


def test_a_flac_that_does_not_say_how_long_it_is_is_read_to_its_end(tmp_path: Path) -> None:
    """What an encoder leaves that writes into a pipe: it cannot go back to the header."""
    path = tmp_path / "piped.flac"
    audio = np.random.default_rng(1).uniform(-0.5, 0.5, 300_000).astype(np.float32)
    write_audio(path, audio)
    content = bytearray(path.read_bytes())
    assert content[:4] == b"fLaC"
    content[21] &= 0xF0  # the total, 36 bits of STREAMINFO
    content[22:26] = bytes(4)
    path.write_bytes(content)
    assert soundfile.info(path).frames != len(audio)
    np.testing.assert_allclose(read_audio(path), audio, atol=2**-23)
    np.testing.assert_allclose(read_side(path).audio, audio, atol=2**-23)


@pytest.mark.parametrize("said", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_that_does_not_say_how_long_it_is_is_read_to_its_end(tmp_path: Path, said: int) -> None:
    """What a recorder leaves whose battery died, or that wrote into a pipe: the sizes in its header are not true."""
    path = tmp_path / "torn.wav"
    audio = np.random.default_rng(1).uniform(-0.5, 0.5, 300_000).astype(np.float32)
    write_audio(path, audio)
    whole = read_audio(path)
    content = bytearray(path.read_bytes())
    at = content.index(b"data")
    content[4:8] = content[at + 4 : at + 8] = said.to_bytes(4, "little")
    path.write_bytes(content)
    np.testing.assert_array_equal(read_audio(path), whole)
    np.testing.assert_array_equal(read_side(path).audio, whole)
    refuse_unusable(path, silent=False)


def test_a_wav_of_nothing_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 48_000)
    with pytest.raises(InputError, match="too short"):
        read_audio(tmp_path / "none.wav")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "a.wav"
    write_audio(path, np.zeros(4800))
    before = path.read_bytes()

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(audio_file.soundfile, "write", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_audio(path, np.ones(4800))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_in_one_sentence(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("/dev/full is missing; it is there on Linux")

    def write() -> None:
        with written_whole(tmp_path / "x.wav"), open("/dev/full", "wb") as full:
            full.write(b"x" * 100_000)

    with pytest.raises(InputError, match="No space left"):
        write()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_audio(tmp_path / "none" / "a.wav", np.zeros(4800))
