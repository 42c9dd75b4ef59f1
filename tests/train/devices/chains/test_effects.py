"""The catalogue against closed forms, SciPy, and its own claims about spectra."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gritspace.train.devices.chains.effect_catalogue import EFFECTS
from gritspace.train.research.tables.effects import (
    FRAMES,
    HIGH_HZ,
    default_chain,
    inharmonic_db,
    sine,
    without_oversampling,
)
from gritspace.train.space.attributes import even_over_odd_db, harmonic_powers

NOTHING = np.zeros((1, 0), np.float32)


def at(name, x, **values):
    """An effect's function at 48 kHz, its parameters at their defaults but for `values`; x (frames,)."""
    effect = EFFECTS[name]
    columns = {p.name: np.array([[values.get(p.name, p.default)]]) for p in effect.parameters}
    return effect.process(np.asarray(x, np.float64)[None], columns, 48_000.0)[0]


@pytest.mark.parametrize("name", EFFECTS)
def test_silence_stays_silence_and_lengths_are_kept(name):
    wet = default_chain(EFFECTS[name]).render(np.zeros((2, 777), np.float32), np.zeros((2, 0), np.float32))
    assert wet.shape == (2, 777)
    assert not wet.any()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_effect_is_finite_and_bounded_anywhere_in_its_ranges(data):
    effect = EFFECTS[data.draw(st.sampled_from(sorted(EFFECTS)))]
    values = {p.name: np.array([[p.at(np.array(data.draw(st.floats(0, 1))))]]).reshape(1, 1) for p in effect.parameters}
    x = np.random.default_rng(0).uniform(-1, 1, (1, 600))
    wet = effect.process(x, values, 48_000.0 * effect.oversampling)
    assert wet.shape == x.shape
    assert np.isfinite(wet).all()
    assert np.abs(wet).max() < 1000  # 48 dB of gain and a peak of 24 dB are the most


def test_hard_clipping_of_a_sine_has_the_fourier_series_of_a_clipped_sine():
    drive = 2.0
    wet = at("hard_clip", np.sin(2 * np.pi * np.arange(4096) / 4096), drive_db=20 * np.log10(drive))
    angle = np.arcsin(1 / drive)
    first = 2 / np.pi * (drive * (angle - np.sin(2 * angle) / 2) + 2 * np.cos(angle))
    assert 2 * np.abs(np.fft.rfft(wet)[1]) / 4096 == pytest.approx(first, rel=1e-4)


@pytest.mark.parametrize("order", [2, 3, 5, 8])
def test_the_harmonic_effect_adds_the_harmonic_asked_for_and_no_other(order):
    wet = at("harmonic", np.cos(2 * np.pi * np.arange(1024) / 1024), order=order, amount=0.5)
    spectrum = np.abs(np.fft.rfft(wet)) / 512
    assert spectrum[1] == pytest.approx(1)
    assert spectrum[order] == pytest.approx(0.5)
    assert np.delete(spectrum, [0, 1, order]).max() < 1e-9


@pytest.mark.parametrize(
    "name", ["soft_clip", "hard_clip", "cubic_clip", "exponential_clip", "triangle_fold", "crossover"]
)
def test_what_is_said_to_make_odd_harmonics_makes_no_even_ones(name):
    assert even_over_odd_db(at(name, sine(220.0)[0, FRAMES:]), 220.0) < -90


@pytest.mark.parametrize("name", ["asymmetric_clip", "tube", "rectify", "fuzz"])
def test_what_is_lopsided_makes_even_harmonics(name):
    assert even_over_odd_db(at(name, sine(220.0)[0, FRAMES:]), 220.0) > -40


def test_full_rectification_is_an_octave_up():
    powers = harmonic_powers(at("rectify", sine(220.0)[0, FRAMES:], amount=1.0), 220.0)
    assert powers[0] < 1e-12 * powers[1]


def test_an_octave_below_halves_the_frequency():
    wet = at("octave_down", sine(440.0)[0], amount=1.0)[FRAMES:]
    spectrum = np.abs(np.fft.rfft(wet * np.hanning(FRAMES)))
    assert np.argmax(spectrum[:250]) * 2 == pytest.approx(220, abs=4)  # bins of 2 Hz
    assert spectrum[105:116].max() > 10 * spectrum[215:226].max()


@pytest.mark.parametrize("name", ["hard_clip", "triangle_fold", "tube", "rectify"])
def test_oversampling_takes_what_aliases_30_db_down(name):
    effect = EFFECTS[name]
    wet = default_chain(effect).render(sine(HIGH_HZ).astype(np.float32), NOTHING)[0, FRAMES:].astype(np.float64)
    naive = without_oversampling(effect, sine(HIGH_HZ))[0, FRAMES:]
    assert inharmonic_db(wet, HIGH_HZ) < inharmonic_db(naive, HIGH_HZ) - 30
    assert inharmonic_db(wet, HIGH_HZ) < -60


def test_a_crusher_leaves_so_many_levels_and_a_reducer_holds_so_long():
    x = np.random.default_rng(1).uniform(-1, 1, 48_000)
    assert len(np.unique(at("bit_crush", x, bits=4))) == 17
    held = at("rate_reduce", x, rate_hz=6_000.0)
    assert np.array_equal(held.reshape(-1, 8), np.repeat(x[::8, None], 8, axis=1))


def test_filters_have_their_corner_where_they_say():
    impulse = np.zeros(48_000)
    impulse[0] = 1
    for name, passed in (("low_pass", 100), ("high_pass", 10_000)):
        gain = np.abs(np.fft.rfft(at(name, impulse, cutoff_hz=1_000.0)))
        assert 20 * np.log10(gain[1_000]) == pytest.approx(-3.01, abs=0.01)
        assert gain[passed] == pytest.approx(1, abs=0.01)
    gain = np.abs(np.fft.rfft(at("peak", impulse, centre_hz=700.0, gain_db=12.0, q=1.0)))
    assert 20 * np.log10(gain[700]) == pytest.approx(12, abs=0.01)


def test_feedback_repeats_after_its_delay():
    impulse = np.zeros(4_800)
    impulse[0] = 1e-4  # small, where tanh is straight
    wet = at("feedback", impulse, drive_db=0.0, feedback=0.5, delay_ms=10.0)
    assert wet[[0, 480, 960, 1440]] == pytest.approx([1e-4, 5e-5, 2.5e-5, 1.25e-5], rel=1e-4)
    assert np.count_nonzero(np.abs(wet) > 1e-12) == 10
