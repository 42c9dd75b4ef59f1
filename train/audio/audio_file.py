"""Audio files in and out: any rate and depth that libsndfile reads, as float32 mono at 48 kHz."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from gritspace.train.errors import InputError
from gritspace.train.output_file import written_whole

Audio = NDArray[np.float32]

SAMPLE_RATE = 48_000
SHORTEST_SECONDS = 0.01
SHORTEST_TO_LEARN_SECONDS = 4.0
SHORTEST_TO_ENROLL_SECONDS = 2.0
"""A recording of a device."""
LOWEST_RATE, HIGHEST_RATE = 4_000, 768_000
"""Hz. Below and above nothing is recorded, and a header that says so would make resampling take any time."""
MAX_SAMPLES = 4 * 3_600 * SAMPLE_RATE
"""In memory at once: four hours of one channel."""
MAX_FRAMES_A_BYTE = 4_096
"""Silence in FLAC or MP3 hardly takes any room."""
PIECE_FRAMES = 1 << 18
HEADER_BYTES, TO_THE_END = 4096, b"\xff\xff\xff\xff"
SUFFIXES = (".wav", ".flac", ".aif", ".aiff", ".ogg", ".mp3")


def read_audio(path: Path | str, shortest_seconds: float = SHORTEST_SECONDS) -> Audio:
    """The file's one channel, float32 (frames,) at 48 kHz, full scale 1; other rates are resampled by soxr VHQ.

    Raises InputError if the file is missing, empty, no audio, multichannel, not finite, or too short.
    """
    path = Path(path)
    _refuse_absent(path)
    _refuse_odd_sizes(path)
    audio, rate = read_samples(path, mono=True)
    frames = len(audio)
    if not np.isfinite(audio).all():
        first = int(np.flatnonzero(~np.isfinite(audio[:, 0]))[0])
        raise InputError(f"{path}: frame {first} is not a number or infinite; export it again.")
    if frames < shortest_seconds * rate:
        raise InputError(f"{path}: {frames / rate:.3f} s is too short; at least {shortest_seconds:g} s are needed.")
    return resample(audio[:, 0], rate, SAMPLE_RATE)


class _Forward(soundfile.SoundFile):
    """Read from one end to the other: after each piece soundfile would look for its place, and an end that is not said
    has none."""

    def seekable(self) -> bool:
        return False


def read_samples(path: Path, mono: bool = False) -> tuple[Audio, int]:
    """(frames, channels) and the rate, as the file has them, to its end: a FLAC or a WAV whose writer could not go back
    to say how long it became says nothing, or far too much.

    Raises InputError if it is no audio, or too long, or of several channels where mono is needed.
    """
    pieces, taken = [], 0
    try:
        with _Forward(_with_a_length(path)) as file:
            if mono:
                _refuse_channels(path, file.channels)
            while len(piece := file.read(max(1, PIECE_FRAMES // file.channels), dtype="float32", always_2d=True)):
                pieces.append(piece)
                taken += piece.size
                if taken * SAMPLE_RATE > MAX_SAMPLES * file.samplerate:
                    raise InputError(f"{path}: more than 4 hours are too much at once; cut it into shorter files.")
            rate, channels = int(file.samplerate), int(file.channels)
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise _unreadable(path, error) from error
    return np.concatenate(pieces) if pieces else np.zeros((0, channels), np.float32), rate


def _with_a_length(path: Path) -> Path | io.BytesIO:
    """The file; of a WAV whose data says that it has no bytes, and has some, a copy that says "to the end"."""
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
        at = head.find(b"data\0\0\0\0", 12)
        if head[:4] != b"RIFF" or head[8:12] != b"WAVE" or at < 0 or len(head) <= at + 8:
            return path
        if path.stat().st_size > MAX_SAMPLES * 8:
            return path
        return io.BytesIO(head[:4] + TO_THE_END + head[8 : at + 4] + TO_THE_END + head[at + 8 :] + file.read())


def refuse_unusable(path: Path, mono: bool = True, silent: bool = True) -> None:
    """What can be known of an audio file without decoding all of it. silent: silence will do.

    Raises InputError if it is missing, empty, no audio, of an odd size, of several channels where mono is needed, or
    silent throughout.
    """
    _refuse_absent(path)
    try:
        with _decoders_hushed():
            _refuse_odd_sizes(path)
            told = soundfile.info(path)
            if mono:
                _refuse_channels(path, told.channels)
            if not silent and not _sounds(path):
                raise InputError(f"{path}: this is silence from end to end; record it again, or give another file.")
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise _unreadable(path, error) from error


@contextlib.contextmanager
def _decoders_hushed() -> Iterator[None]:
    """libmpg123 says on standard error what it thinks of a damaged MP3; we say it once, in a sentence."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _unreadable(path: Path, error: Exception) -> InputError:
    why = "" if "regular file" in str(error) else f" ({error})"  # libsndfile's word for an MP3 without a frame
    return InputError(f"{path}: this is no audio file that can be read{why}; use WAV or FLAC.")


def refuse_short(path: Path, seconds: float) -> None:
    """Raises InputError if a recording is too short to learn from."""
    told = soundfile.info(path)
    if 0 < told.frames < seconds * told.samplerate:  # 0: its writer could not go back to say
        raise InputError(
            f"{path}: {told.frames / told.samplerate:.1f} s are too little to learn from; at least {seconds:g} s are "
            "needed, and three minutes are good."
        )


def _sounds(path: Path) -> bool:
    with _Forward(_with_a_length(path)) as file:
        while len(piece := file.read(PIECE_FRAMES, dtype="float32", always_2d=True)):
            if piece.any():
                return True
    return False


def _refuse_absent(path: Path) -> None:
    if not path.is_file():
        what = "this is a folder; give one of its files" if path.is_dir() else "there is no such file; check the path"
        raise InputError(f"{path}: {what}.")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty; record or export it again.")


def _refuse_channels(path: Path, channels: int) -> None:
    if channels != 1:
        raise InputError(f"{path}: it has {channels} channels, and mono is needed; export one channel of it.")


def _refuse_odd_sizes(path: Path) -> None:
    """Raises InputError for what a header says that would take more memory or time than any recording is worth."""
    try:
        told = soundfile.info(path)
    except (soundfile.LibsndfileError, RuntimeError, OSError):
        return  # reading says what is wrong
    if not LOWEST_RATE <= told.samplerate <= HIGHEST_RATE:
        raise InputError(
            f"{path}: a rate of {told.samplerate} Hz cannot be used; from {LOWEST_RATE:,} to {HIGHEST_RATE:,} Hz can."
        )
    # a FLAC whose encoder could not go back says 0 or far too many frames: then what is there decides, in read_samples
    most = told.frames if told.frames <= path.stat().st_size * MAX_FRAMES_A_BYTE else 0
    if most * told.channels * SAMPLE_RATE / told.samplerate > MAX_SAMPLES:
        raise InputError(
            f"{path}: {told.frames / told.samplerate / 3600:.1f} hours of {told.channels} channels are too much at "
            "once; cut it into shorter files."
        )


def write_audio(path: Path | str, audio: NDArray[np.floating], sample_rate: int = SAMPLE_RATE) -> None:
    """audio (frames,) at full scale 1 -> a mono 32-bit float file; the suffix says the format (24 bits for FLAC).

    The same audio gives the same bytes at any time.

    Raises InputError if the file cannot be written or the suffix is unknown.
    """
    path = Path(path)
    kind = {
        ".wav": ("WAV", "FLOAT"),
        ".flac": ("FLAC", "PCM_24"),
        ".aiff": ("AIFF", "FLOAT"),
        ".aif": ("AIFF", "FLOAT"),
    }
    if path.suffix.lower() not in kind:
        raise InputError(f"{path}: audio cannot be written as {path.suffix or 'a nameless kind'}; use .wav or .flac.")
    container, subtype = kind[path.suffix.lower()]
    with written_whole(path) as beside:
        try:
            soundfile.write(beside, np.asarray(audio, np.float32), sample_rate, format=container, subtype=subtype)
            if subtype == "FLOAT":
                _forget_time(beside)
        except soundfile.LibsndfileError as error:
            raise OSError(str(error)) from error


def _forget_time(path: Path) -> None:
    """Libsndfile gives float WAV and AIFF a PEAK chunk that says when it was written: the same audio is the same file.

    The chunk: its name, its size, a version, seconds since 1970, then peaks. Chunks follow each other, of even size.
    """
    with path.open("r+b") as file:
        order: Literal["little", "big"] = "little" if file.read(12)[:4] == b"RIFF" else "big"
        while len(head := file.read(8)) == 8:
            size = int.from_bytes(head[4:], order)
            if head[:4] == b"PEAK":
                file.seek(4, os.SEEK_CUR)
                file.write(bytes(4))
                return
            file.seek(size + size % 2, os.SEEK_CUR)


def resample(audio: Audio, from_rate: float, to_rate: float) -> Audio:
    """(frames,) or (frames, channels) at one rate -> the same at another; alignment kept, ends within one frame."""
    if from_rate == to_rate:
        return np.ascontiguousarray(audio, dtype=np.float32)
    return np.asarray(soxr.resample(audio, from_rate, to_rate, quality="VHQ"), dtype=np.float32)
