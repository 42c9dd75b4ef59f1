"""The analog path's measures, on loops whose latency, gain, noise and distortion are known: they are made here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.module import loop_analysis
from gritspace.train.errors import InputError
from tests.conftest import Cli

SENT = loop_analysis.signal(riff(1.0))


def loop(
    delay: float, gain: float = 0.7, noise: float = 0.0, third: float = 0.0, sent: NDArray[np.float32] = SENT
) -> NDArray[np.float32]:
    """A path: late by so many frames (a windowed sinc, 513 taps), bent by a cubic, with white noise of this rms."""
    whole, part = int(delay), delay - int(delay)
    at = np.arange(-256, 257)
    taps = np.sinc(at - part) * np.kaiser(513, 9)
    late = scipy.signal.oaconvolve(sent.astype(np.float64), taps)[256 : 256 + len(sent)]
    late = np.concatenate([np.zeros(whole), late])
    bent = late + third * late**3
    return (gain * bent + np.random.default_rng(3).normal(0, noise or 1e-9, len(bent))).astype(np.float32)


@given(delay=st.floats(0, 4000), gain=st.floats(-2, 2).filter(lambda g: abs(g) > 0.05))
@settings(max_examples=15, deadline=None)
def test_latency_is_found_to_a_hundredth_of_a_sample_and_gain_to_a_hundredth_of_a_decibel(
    delay: float, gain: float
) -> None:
    report = loop_analysis.analyse(SENT, loop(delay, gain, noise=1e-4 * abs(gain)))
    assert report.latency_frames == pytest.approx(delay, abs=0.01)
    assert report.gain_db == pytest.approx(20 * np.log10(abs(gain)), abs=0.01)
    assert report.inverted == (gain < 0)
    assert report.esr is not None
    assert report.esr < 1e-5


@pytest.mark.parametrize("rms", [1e-2, 1e-3, 1e-4])
def test_the_noise_floor_is_the_noise_and_bounds_thd_n(rms: float) -> None:
    report = loop_analysis.analyse(SENT, loop(333.3, 1.0, noise=rms))
    assert report.noise_floor_dbfs == pytest.approx(20 * np.log10(rms), abs=0.3)
    in_band = rms * np.sqrt(20000 / 24000)
    assert report.thd_n == pytest.approx(in_band / (0.5 / np.sqrt(2)), rel=0.05)


@pytest.mark.parametrize("third", [0.4, 0.04, 0.004])
def test_a_cubic_has_the_distortion_that_trigonometry_gives_it(third: float) -> None:
    """x + c x³ with x = a sin: the third harmonic is c a³ / 4, the fundamental a + 3 c a³ / 4."""
    a = 0.5
    expected = (third * a**3 / 4) / (a + 3 * third * a**3 / 4)
    assert loop_analysis.analyse(SENT, loop(100.0, 1.0, third=third)).thd_n == pytest.approx(expected, rel=0.01)


def test_the_error_against_a_model_is_what_the_path_adds_to_it() -> None:
    model = np.tanh(3 * SENT).astype(np.float32)
    clean = loop_analysis.analyse(SENT, loop(512.37, 0.5, sent=model), model)
    noisy = loop_analysis.analyse(SENT, loop(512.37, 0.5, noise=0.01, sent=model), model)
    assert clean.esr is not None
    assert noisy.esr is not None
    assert clean.esr < 1e-5
    music = model[-len(riff(1.0)) - 12000 : -12000].astype(np.float64)
    in_band = 20000 / 24000
    assert noisy.esr == pytest.approx(in_band * (0.01 / 0.5) ** 2 / np.mean(music**2), rel=0.1)
    wrong = loop_analysis.analyse(SENT, loop(512.37, 0.5, sent=model))
    assert wrong.esr is not None
    assert wrong.esr > 0.005


@pytest.mark.parametrize("received", [np.zeros_like(SENT), np.random.default_rng(1).normal(0, 0.1, len(SENT))])
def test_what_is_not_there_is_not_measured(received: NDArray[np.float32]) -> None:
    with pytest.raises(InputError, match="is the cable in"):
        loop_analysis.analyse(SENT, received.astype(np.float32))


def test_a_recording_that_stops_too_early_is_refused() -> None:
    with pytest.raises(InputError, match="record all of the signal"):
        loop_analysis.analyse(SENT, loop(10.0)[: 48000 + 14000])


def test_delaying_and_advancing_give_back_what_was() -> None:
    samples = loop_analysis._band_limited(np.random.default_rng(2).normal(size=4800))
    there = loop_analysis.delayed(np.pad(samples, 200), 17.43)
    assert np.allclose(loop_analysis.delayed(there, -17.43)[200:-200], samples, atol=2e-5)


def test_the_command_writes_the_signal_and_measures_a_recording(gritspace: Cli, tmp_path: Path) -> None:
    assert gritspace("loop", "signal", "-o", tmp_path / "loop.wav").returncode == 0
    sent, rate = soundfile.read(tmp_path / "loop.wav", dtype="float32")
    assert rate == 48000
    soundfile.write(tmp_path / "back.wav", loop(200.5, -0.5, noise=1e-4, sent=sent), 48000, subtype="FLOAT")
    result = gritspace("loop", "measure", tmp_path / "loop.wav", tmp_path / "back.wav", "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["latency_frames"] == pytest.approx(200.5, abs=0.01)
    assert report["inverted"]
    soundfile.write(tmp_path / "silent.wav", np.zeros(96000), 48000)
    refused = gritspace("loop", "measure", tmp_path / "loop.wav", tmp_path / "silent.wav")
    assert refused.returncode == 2
    assert "silence from end to end" in refused.stderr
