"""Measures against SciPy, closed forms and constructed spaces."""

import numpy as np
import pytest
import torch
from scipy.stats import binomtest

from gritspace.train.matching.clips import harmonic_source, levelled
from gritspace.train.matching.mel import MelConfig, griffin_lim, log_mel, log_spectral_distance
from gritspace.train.research.latent_measures import (
    best_monotony,
    information_gap,
    monotony,
    mutual_information,
    separated_attributes,
)
from gritspace.train.research.mfcc import mfcc
from gritspace.train.research.probes import nearest_neighbours, resampled_interval, small_network, wilson


@pytest.mark.parametrize(("right", "count"), [(0, 10), (7, 10), (93, 120), (50, 50)])
def test_the_wilson_interval_is_scipys(right, count):
    expected = binomtest(right, count).proportion_ci(method="wilson")
    assert wilson(right, count) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_resampling_groups_widens_the_interval_when_their_members_agree():
    values = np.repeat(np.random.default_rng(0).random(20) < 0.5, 50).astype(float)
    narrow = np.ptp(resampled_interval(values, np.arange(1000)))
    wide = np.ptp(resampled_interval(values, np.repeat(np.arange(20), 50)))
    assert wide > 4 * narrow


def test_mutual_information_of_normal_columns_is_near_the_formula_and_of_independent_ones_near_nothing():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 20_000))
    for rho in (0.0, 0.5, 0.8):
        found = mutual_information(x, rho * x + np.sqrt(1 - rho**2) * y, bins=16)
        assert found == pytest.approx(-0.5 * np.log(1 - rho**2), abs=0.05)


def test_a_space_whose_axes_are_the_factors_scores_full_and_a_turned_one_does_not():
    factors = np.random.default_rng(0).random((4000, 2))
    turned = factors @ np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    straight = np.exp(factors)
    assert information_gap(straight, factors).min() > 0.95
    assert information_gap(turned, factors).max() < 0.1
    assert separated_attributes(straight, factors).min() > 0.9
    assert separated_attributes(turned, factors).max() < 0.1
    assert monotony(straight, factors) == pytest.approx([1, 1])
    assert monotony(-straight, factors) == pytest.approx([-1, -1])
    assert best_monotony(straight[:, ::-1], factors) == pytest.approx([1, 1])


def test_spectral_distance_is_zero_for_a_level_and_the_difference_in_db_for_half_a_spectrum():
    rng = np.random.default_rng(0)
    audio = torch.tensor(rng.normal(size=(1, 48_000)), dtype=torch.float32)
    assert float(log_spectral_distance(audio, 0.1 * audio)) == pytest.approx(0, abs=1e-3)
    spectrum = torch.fft.rfft(audio)
    spectrum[:, 12_000:] *= 10 ** (-20 / 20)
    quieter = torch.fft.irfft(spectrum, 48_000)
    # brought to one level, the lower half is 3 dB up and the upper 17 dB down
    expected = np.sqrt((2.97**2 + 17.03**2) / 2)
    assert float(log_spectral_distance(audio, quieter)) == pytest.approx(expected, rel=0.05)


def test_a_sine_shows_its_level_and_place_in_the_picture():
    config = MelConfig(mels=64, hop_frames=512)
    time = torch.arange(24_000) / 48_000
    picture = log_mel(0.01 * torch.sin(2 * torch.pi * 1_000 * time)[None], config)
    assert picture.shape == (1, 64, 24_000 // 512)
    middle = picture[0, :, 10:-10]
    assert float(middle.max()) < 0.05  # -40 dBFS is 0; a band's mean over bins is at most its peak
    assert float(middle.min()) == pytest.approx(-3, abs=0.2)  # the floor, -100 dB
    assert (middle.argmax(0) == middle[:, 0].argmax()).all()


def test_guessed_phases_give_audio_with_nearly_the_picture_asked_for():
    torch.manual_seed(0)
    config = MelConfig(mels=96, hop_frames=512)
    time = torch.arange(32_768) / 48_000
    audio = sum(0.1 * torch.sin(2 * torch.pi * hz * time) for hz in (220, 440, 880)) * torch.exp(-3 * time)
    picture = log_mel(audio[None], config)
    heard = griffin_lim(picture, config)
    assert heard.shape == (1, 32_768)
    loud = picture > -1.5
    error = ((log_mel(heard, config) - picture)[loud] * 20).abs().mean()
    assert float(error) < 4  # dB
    noise = 0.1 * torch.randn(1, 32_768)
    assert float(((log_mel(noise, config) - picture)[loud] * 20).abs().mean()) > 2.5 * float(error)


def test_cepstral_coefficients_of_a_cosine_over_the_bands_are_one_coefficient():
    bands = torch.arange(40)
    picture = torch.cos(torch.pi * (bands + 0.5) * 3 / 40).view(1, 40, 1).repeat(1, 1, 5)
    found = mfcc(picture, 8)[0, :, 0]
    assert found[3] == pytest.approx(np.sqrt(20), rel=1e-6)
    assert np.abs(np.delete(found, 3)).max() < 1e-6


@pytest.mark.parametrize("probe", [nearest_neighbours, small_network])
def test_probes_find_separated_clouds_and_nothing_in_noise(probe):
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    clouds = rng.normal(size=(300, 5)) + 4 * np.eye(3, 5)[labels]
    assert (probe(clouds[:200], labels[:200], clouds[200:]) == labels[200:]).mean() > 0.95
    noise = rng.normal(size=(300, 5))
    assert (probe(noise[:200], labels[:200], noise[200:]) == labels[200:]).mean() < 0.5


@pytest.mark.parametrize("share", [1.0, 0.6, 0.2])
def test_a_source_has_the_harmonic_share_it_says(share):
    rng = np.random.default_rng(3)
    audio, told = harmonic_source(16_384, (share,))(rng)
    assert told == share
    assert np.abs(audio).max() <= 10 ** (-3 / 20) + 1e-6
    power = np.abs(np.fft.rfft(audio.astype(np.float64) * np.hanning(len(audio)))) ** 2
    found = np.sort(power)[::-1][:40].sum() / power.sum()  # tones stand in few bins, noise in all
    assert found > 0.5 * share
    if share == 1.0:
        assert np.sort(power)[::-1][:300].sum() / power.sum() > 0.99


def test_levelled_clips_are_equally_loud_and_silence_stays():
    rows = levelled(np.stack([np.ones(100), 0.001 * np.ones(100), np.zeros(100)]).astype(np.float32))
    assert np.sqrt((rows**2).mean(1)) == pytest.approx([0.1, 0.1, 0.0], abs=1e-6)
