"""An impulse response behind a snapshot: the module's C against numpy to the bit, and what a cabinet's file becomes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import fftconvolve

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.hil import expected, live_path, takes
from gritspace.host_tools.sound.impulse import convolved, rounded, with_impulse
from gritspace.host_tools.sound.loudness import lufs
from gritspace.quantize.model import reference
from gritspace.quantize.model.grit import GritError, from_bytes, to_bytes
from gritspace.quantize.model.model import Impulse, IntegerModel, KnobFit
from gritspace.train.audio.audio_file import write_audio
from gritspace.train.errors import InputError
from tests.firmware.host.rig import Rig
from tests.quantize.conftest import make_model, noise, q15

BLOCKS = 60


def cabinet(frames: int, seed: int = 1) -> np.ndarray:
    """A decaying noise, the earliest first."""
    return np.random.default_rng(seed).standard_normal(frames) * np.exp(-np.arange(frames) / 60)


@pytest.fixture(scope="module")
def snapshot() -> IntegerModel:
    return replace(make_model("relu_snapshot"), knobs=KnobFit(measured=True))


@pytest.mark.parametrize(
    "impulse",
    [
        rounded(cabinet(1024)),
        rounded(0.3 * cabinet(37)),
        Impulse(np.array([0] * 7 + [1], np.int16), 1),
        Impulse(np.array([0] * 6 + [32767] * 2, np.int16), 1),
        Impulse(np.array([-32768, 32767] + [0] * 502, np.int16), 15),
    ],
    ids=["1024", "37", "one", "loud", "edge"],
)
def test_every_sample_is_numpys(rig: Rig, snapshot: IntegerModel, impulse: Impulse) -> None:
    model = replace(snapshot, impulse=impulse)
    rig.blob = to_bytes(model)
    rig.boot()
    audio = q15(2 * noise(48 * BLOCKS))
    turns = np.zeros((BLOCKS, 4), np.int16)
    turns[20:40] = 9000, -20000, 30000, 5000
    knobs = np.tile(np.array(takes.LIVE_REST, np.uint16), (BLOCKS, 1))
    with rig.client() as client:
        samples = client.stream(audio, turns).samples
        whole = client.stream(audio, turns, knobs=knobs).samples
        delay = client.health().delay
    assert np.array_equal(samples, expected.play(model, audio, turns))
    assert np.array_equal(whole, live_path.live(model, audio, turns, knobs, delay))
    assert not np.array_equal(samples, expected.play(snapshot, audio, turns))


def test_the_integers_are_scipys_convolution(snapshot: IntegerModel) -> None:
    response = cabinet(700) / 8
    played = reference.run(snapshot, q15(noise(9600)))
    wanted = fftconvolve(np.concatenate([np.zeros(1000), played]), response)[1000 : 1000 + len(played)]
    found = convolved(rounded(response), played, 0)
    assert np.abs(wanted).max() < 32000
    assert np.sum((found - wanted) ** 2) < 1e-5 * np.sum(wanted**2)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("frames", [1, 2, 511, 1024])
def test_no_sum_can_leave_int32(frames: int, scale: float) -> None:
    impulse = rounded(scale * cabinet(frames, frames))
    assert np.abs(impulse.taps.astype(int)).sum() * 32768 + (1 << (impulse.shift - 1)) < 2**31
    assert len(impulse.taps) == frames + -frames % 8


def test_a_cabinets_file_leaves_the_loudness_as_it_is(snapshot: IntegerModel, tmp_path: Path) -> None:
    response = np.concatenate([np.zeros(90), cabinet(3000)]).astype(np.float32)
    write_audio(tmp_path / "cab.wav", response / np.abs(response).max())
    model = from_bytes(to_bytes(with_impulse(snapshot, tmp_path / "cab.wav")))
    assert model.impulse is not None
    assert len(model.impulse.taps) == 1024
    assert np.abs(model.impulse.taps[-20:]).max() > 300, "the delay in front of it is cut off"
    phrase = q15(riff(4.8))
    plain = reference.run(model, phrase)
    assert abs(lufs(convolved(model.impulse, plain, 0) / 32768) - lufs(plain / 32768)) < 0.3


def test_what_is_no_response_is_refused_by_name(snapshot: IntegerModel, tmp_path: Path) -> None:
    write_audio(tmp_path / "silent.wav", np.zeros(500, np.float32))
    with pytest.raises(InputError, match="silent"):
        with_impulse(snapshot, tmp_path / "silent.wav")
    for wrong in (Impulse(np.full(8, 32767, np.int16), 9), Impulse(np.zeros(8, np.int16), 16)):
        with pytest.raises(GritError, match="impulse"):
            from_bytes(to_bytes(replace(snapshot, impulse=wrong)))


def test_a_module_leaves_out_a_response_that_could_overflow(rig: Rig, snapshot: IntegerModel) -> None:
    rig.blob = to_bytes(replace(snapshot, impulse=Impulse(np.full(8, 32767, np.int16), 9)))
    rig.boot()
    audio = q15(noise(960))
    with rig.client() as client:
        assert np.array_equal(client.stream(audio, np.zeros(4, np.int16)).samples, reference.run(snapshot, audio))
